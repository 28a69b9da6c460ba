"""The report: one file, no network, both colour schemes, nothing undefined shown as a number."""

from __future__ import annotations

import doctest
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from assistant.errors import UsageError
from eval.cases import Case, CaseSet
from eval.compare import compare
from eval.figures import Figure, confidence_figures, ranking_figures
from eval.metrics import abstention
from eval.metrics.classification import confusion
from eval.metrics.intervals import Estimate
from eval.report import plots, wording
from eval.report.markdown import as_markdown
from eval.report.model import THRESHOLDS, Calibration, CaseSummary, Report, figures_from_json, report_record
from eval.report.page import as_html
from eval.runs import Row, Run, RunHeader
from eval.studies.study import Growth

CASES = CaseSet(tuple(Case(f"c{n}", f"<question> & {n}", relevant=(f"d{n % 5}",)) for n in range(40)))


def run(name: str, shift: int) -> Run:
    rows = {
        case.id: Row(case.id, (f"d{(n + shift * (n % 3)) % 6}", f"d{n % 5}"), 1.0) for n, case in enumerate(CASES.cases)
    }
    return Run(RunHeader(name, CASES.digest, 10), rows)


@pytest.fixture(scope="module")
def report() -> Report:
    dice = np.random.default_rng(0)
    right = (dice.random(40) < 0.5).tolist()
    sure = np.clip(dice.normal(0.5, 0.2, 40) + 0.2 * np.array(right), 0, 1).tolist()
    runs = [run("waypost", 0), run('other "system"', 1)]
    return Report(
        title="Measured <today>",
        stamp=(("code", "abc123"),),
        cases=CaseSummary(40, CASES.digest, (("duplicate id", 2),), 6, "2024"),
        figures=(
            *(figure for one in runs for figure in ranking_figures(one, CASES.cases)),
            *confidence_figures("waypost", sure, right, "judged, any help"),
            Figure("waypost", "citations", "cited document is relevant", Estimate(None, None, None, 0, 40)),
            Figure("waypost", "latency", "search: p95", Estimate(12.0, 11.0, 13.0, 40), "ms", "lower"),
        ),
        comparisons=(compare(runs[1], runs[0], CASES),),
        calibrations=(
            Calibration(
                "judged",
                abstention.reliability(sure, right),
                tuple(abstention.risk_coverage(sure, right).tolist()),
                ((3.0, tuple(abstention.cost_by_threshold(sure, right, 3.0, THRESHOLDS).tolist())),),
            ),
        ),
        confusions=(("cause", confusion(["a", "b"], ["a", "a"])),),
    )


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return as_html(report)


class Reader(HTMLParser):
    """Follows which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_worked_examples_of_the_wording_are_right() -> None:
    assert doctest.testmod(wording).failed == 0


def test_the_page_is_well_formed_and_no_id_occurs_twice(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert (reader.open, reader.wrong) == ([], [])
    assert len(reader.ids) == len(set(reader.ids))


def test_the_page_fetches_nothing(page: str) -> None:
    assert not re.search(r"<(script|link|img|iframe|object)\b|@import|src=|url\((?!#)", page)
    fetched = re.findall(r'(?:href|action)="(?!#)[^"]*"', page)
    assert fetched == []


def test_the_page_follows_the_readers_colour_scheme_in_text_and_drawings(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert not any(placeholder in page for placeholder in (plots.INK, plots.MUTED, plots.GRID, *plots.SERIES))
    assert "var(--series-1)" in page


def test_what_customers_wrote_is_escaped(page: str) -> None:
    assert "<question>" not in page
    assert "<today>" not in page
    assert "&lt;question&gt; &amp;" in page


def test_an_undefined_figure_is_said_in_words_and_listed(report: Report, page: str) -> None:
    for text in (page, as_markdown(report)):
        assert "not defined" in text
        assert not re.search(r"\bnan\b|\bNone\b", text)
    assert report_record(report)["undefined"] == 1


def test_json_gives_the_figures_back_and_null_for_undefined(report: Report) -> None:
    text = json.dumps(report_record(report), allow_nan=False)
    assert figures_from_json(json.loads(text)) == report.figures
    assert '"value": null' in text


@pytest.mark.parametrize("content", [[], {}, {"schema": 2, "figures": []}, {"schema": 1, "figures": [{"system": "x"}]}])
def test_json_that_is_no_report_is_refused(content: object) -> None:
    with pytest.raises(UsageError, match="expected"):
        figures_from_json(content)


def test_the_same_report_is_drawn_the_same_twice(report: Report, page: str) -> None:
    assert as_html(report) == page


def test_a_report_without_any_figure_still_says_what_it_is() -> None:
    empty = Report("Nothing yet", (), CaseSummary(0, "0"), ())
    assert "Nothing yet" in as_html(empty)
    assert "Nothing." in as_markdown(empty)


def test_a_growth_curve_is_drawn_from_sizes_and_values() -> None:
    line = Growth("ours", "query p50", "ms", (1000, 10_000), (2.0, 9.0), 0.65)
    svg = plots.growth([line, replace(line, system="theirs")], "growth", "milliseconds")
    assert svg.startswith("<svg")
    assert "var(--series-1)" in svg
