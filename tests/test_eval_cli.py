"""The commands from case file to report, over a small product that stands in for the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from assistant.domain import Question
from assistant.errors import UsageError
from eval.cases import Case, CaseSet, load_cases, write_cases
from eval.cli import build_app
from eval.labelling import labelling_page
from eval.make_cases import TicketRecord
from eval.measure import leaking
from eval.systems import Assistant, CountingEmbedder, Source, Workbench

TOPICS = ("export", "import", "password", "calendar", "folder", "signature", "attachment", "filter")
START = datetime(2024, 1, 1, tzinfo=UTC)


class WordMatcher:
    """Ranks sources by the words they share with the question; sure when it finds the topic."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources

    def _ranked(self, question: Question) -> list[Source]:
        words = set(question.full_text.casefold().split())
        return sorted(self._sources, key=lambda source: -len(words & set(source.text.split())))

    def search(self, question: Question, k: int) -> Mapping[str, object]:
        words = set(question.full_text.casefold().split())
        return {
            "id": question.id,
            "hits": [
                {"document_id": s.id, "title": s.title, "quote": s.text, "score": len(words & set(s.text.split())) / 4}
                for s in self._ranked(question)[:k]
            ],
        }

    def ask(self, question: Question) -> Mapping[str, object]:
        best = self._ranked(question)[0]
        sure = best.id in question.full_text
        source = {"n": 1, "document_id": best.id, "quote": best.text}
        return {
            "id": question.id, "verdict": "answered" if sure else "gap", "confidence": 0.9 if sure else 0.2,
            "parts": [{"text": best.text, "citations": [1]}] if sure else [], "sources": [source] if sure else [],
            "gap": None if sure else {"reason": "weak_evidence", "nearest": [best.id]}, "timings_ms": {"retrieve": 2.0},
            "drafted_from": [found.id for found in self._ranked(question)[:8]],
        }  # fmt: skip


class SmallProduct:
    """A workbench over eight articles; remembers what each copy was opened without."""

    def __init__(self) -> None:
        self.opened: list[frozenset[str]] = []

    def sources(self) -> tuple[Source, ...]:
        return tuple(Source(topic, topic.title(), f"how to use the {topic} tool step by step") for topic in TOPICS)

    def tickets(self) -> tuple[TicketRecord, ...]:
        return tuple(
            TicketRecord(f"t{n}", "", f"my {topic} fails since day {n}", START + timedelta(days=n), (topic,))
            for n, topic in enumerate(TOPICS * 3)
        )

    @contextmanager
    def assistant(self, *, without: frozenset[str] = frozenset(), prepared: bool = False) -> Iterator[Assistant]:
        self.opened.append(without)
        yield WordMatcher(tuple(source for source in self.sources() if source.id not in without))

    def stamp(self) -> Mapping[str, str]:
        return {"model": "words", "generation": "g1"}


class Around:
    """The small product's commands: every directory holds the same eight articles."""

    def __init__(self, workbench: SmallProduct) -> None:
        self._workbench = workbench

    @contextmanager
    def open(self, data: Path | None) -> Iterator[Workbench]:
        yield self._workbench

    def ingest(
        self, data: Path, sources: Sequence[Path], embedder: CountingEmbedder | None = None
    ) -> list[dict[str, object]]:
        raise NotImplementedError

    @contextmanager
    def serve(self, data: Path) -> Iterator[Assistant]:
        yield WordMatcher(self._workbench.sources())

    def embedder(self) -> CountingEmbedder:
        raise NotImplementedError


@pytest.fixture
def product() -> SmallProduct:
    return SmallProduct()


@pytest.fixture
def app(product: SmallProduct) -> typer.Typer:
    return build_app(Around(product))


def invoke(app: typer.Typer, *arguments: object) -> str:
    found = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    write_cases(
        path,
        [
            Case(
                f"c{n}", f"the {topic} does not work, number {n}", relevant=(topic,), created=START + timedelta(days=60)
            )
            for n, topic in enumerate(TOPICS * 3)
        ],
    )
    return path


def test_make_cases_writes_both_parts_and_counts_what_it_left_out(app: typer.Typer, tmp_path: Path) -> None:
    found = json.loads(invoke(app, "make-cases", "--out", tmp_path / "made.jsonl", "--ignore", "filter", "--json"))
    assert (found["cases"], found["train"], found["test"]) == (21, 15, 6)
    assert found["left_out"] == {"only links that do not count": 3}
    assert len(load_cases(tmp_path / "made.jsonl").only("test").cases) == 6


def test_a_run_leaves_a_report_that_the_gate_reads(app: typer.Typer, cases: Path, tmp_path: Path) -> None:
    judged = tmp_path / "judged.jsonl"
    write_cases(judged, [Case("j1", "use the export", answerable="full"), Case("j2", "x", answerable="none")])
    folder, systems = tmp_path / "experiment", "waypost,keyword"
    words = invoke(app, "run", "--cases", cases, "--out", folder, "--systems", systems, "--judged", judged)
    assert "## Does it find the right document?" in words
    report = json.loads((folder / "report.json").read_text())
    figures = {(figure["system"], figure["name"]): figure for figure in report["figures"]}
    assert figures["waypost", "hit@1"]["value"] == 1.0
    assert figures["waypost", "judged, any help: AUROC"]["value"] == 1.0
    assert figures["waypost", "knock-out, articles: gap recall"]["value"] == 1.0
    assert figures["waypost", "planted fix: logged gaps that close"]["value"] == 1.0
    assert {"code", "documents", "model", "generation", "cases", "seed"} <= set(report["stamp"])
    floors = tmp_path / "floors.toml"
    floors.write_text('[waypost]\n"hit@1" = 0.9\n')
    assert "holds" in invoke(app, "gate", folder / "report.json", "--floors", floors)


def test_a_figure_below_its_floor_ends_the_gate_with_one(app: typer.Typer, cases: Path, tmp_path: Path) -> None:
    invoke(app, "run", "--cases", cases, "--out", tmp_path / "e", "--systems", "waypost", "--no-knockout")
    (tmp_path / "floors.toml").write_text('[waypost]\n"hit@1" = 1.5\n"gone" = 0\n')
    found = CliRunner().invoke(
        app, ["gate", str(tmp_path / "e/report.json"), "--floors", str(tmp_path / "floors.toml")]
    )
    assert found.exit_code == 1
    assert "fails" in found.stdout
    assert "not measured" in found.stdout


def test_a_finished_experiment_asks_nothing_again(
    app: typer.Typer, product: SmallProduct, cases: Path, tmp_path: Path
) -> None:
    arguments = ("run", "--cases", cases, "--out", tmp_path / "e", "--systems", "waypost,keyword", "--json")
    first = json.loads(invoke(app, *arguments))
    opened = len(product.opened)
    second = json.loads(invoke(app, *arguments))
    assert len(product.opened) == opened == 3
    assert second["figures"] == first["figures"]


def test_the_knocked_out_copies_lack_the_articles_and_the_tickets_that_link_them(
    app: typer.Typer, product: SmallProduct, cases: Path, tmp_path: Path
) -> None:
    invoke(app, "run", "--cases", cases, "--out", tmp_path / "e", "--systems", "waypost")
    whole, articles, tickets = product.opened
    assert whole == frozenset()
    assert len(articles) == 4
    assert len(tickets) == 4 + 3 * 4


def test_tickets_that_are_not_older_than_the_questions_are_hidden() -> None:
    tickets = SmallProduct().tickets()
    dated = CaseSet((Case("t3", "?", relevant=("a",), created=START + timedelta(days=20)),))
    assert leaking(dated, tickets, past_only=True) == {"t3", "t20", "t21", "t22", "t23"}
    assert leaking(dated, tickets, past_only=False) == {"t3"}
    assert leaking(CaseSet((Case("t3", "?", relevant=("a",)),)), tickets, past_only=True) == {"t3"}


def test_a_draft_is_timed_beside_bare_finding(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    write_cases(path, [Case(f"c{n}", f"the export fails {n}", relevant=("export",)) for n in range(30)])
    found = json.loads(invoke(app, "latency", "--cases", path, "--json"))
    assert found["questions"] == 10
    assert found["ratio_of_p50"]["low"] <= found["ratio_of_p50"]["value"] <= found["ratio_of_p50"]["high"]


def test_too_few_cases_to_time_a_draft_are_refused(app: typer.Typer, tmp_path: Path) -> None:
    cases = tmp_path / "few.jsonl"
    write_cases(cases, [Case(f"c{n}", f"the export fails {n}", relevant=("export",)) for n in range(20)])
    with pytest.raises(UsageError, match="only warm up"):
        CliRunner().invoke(app, ["latency", "--cases", str(cases)], catch_exceptions=False)


def test_compare_names_the_questions_that_got_worse_first(app: typer.Typer, cases: Path, tmp_path: Path) -> None:
    folder = tmp_path / "e"
    invoke(app, "run", "--cases", cases, "--out", folder, "--systems", "waypost,keyword")
    runs = folder / "runs"
    words = invoke(
        app, "compare", runs / "waypost.jsonl", runs / "waypost-knockout.jsonl", "--cases", folder / "cases.jsonl"
    )
    assert "Worst first" in words
    assert "1 -> not found" in words
    found = json.loads(
        invoke(app, "compare", runs / "keyword.jsonl", runs / "waypost.jsonl", "--cases", cases, "--json")
    )
    assert found["second"] == "waypost"


def test_causes_and_themes_join_the_report(app: typer.Typer, cases: Path, tmp_path: Path) -> None:
    causes, triaged = tmp_path / "causes.jsonl", tmp_path / "triaged.jsonl"
    write_cases(
        causes,
        [Case(f"k{n}", "?" * (n + 1), cause="design" if n % 2 else "defect", theme=f"g{n % 3}") for n in range(12)],
    )
    lines = [
        {"id": f"k{n}", "cause": {"label": "design", "probability": 1}, "theme_id": f"x{n % 3}"} for n in range(11)
    ]
    triaged.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = json.loads(
        invoke(
            app, "run", "--cases", cases, "--out", tmp_path / "e", "--systems", "waypost", "--no-knockout",
            "--causes", causes, "--triaged", triaged, "--themes", causes, "--themed", triaged, "--json",
        )
    )  # fmt: skip
    figures = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert figures["cause: macro-F1"] == pytest.approx((2 * 5 / (11 + 5)) / 2)
    assert figures["ARI"] == 1.0
    assert "1 questions with a known cause were not triaged." in report["notes"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--systems", "google"), "expected systems among"),
        (("--split", "dev"), "train or test"),
        (("--split", "test"), "of the split 'test', found none"),
        (("--causes", "x.jsonl"), "--causes and --triaged together"),
    ],
)
def test_wrong_use_is_refused_in_words(
    app: typer.Typer, cases: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    base = ["run", "--cases", str(cases), "--out", str(tmp_path / "e"), "--systems", "keyword"]
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(app, [*base, *arguments], catch_exceptions=False)


def test_without_the_product_only_the_commands_that_read_files_are_there(cases: Path, tmp_path: Path) -> None:
    found = CliRunner().invoke(build_app(), ["run", "--cases", str(cases), "--out", str(tmp_path)])
    assert found.exit_code == 2
    assert "No such command 'run'" in found.output


def test_a_folder_of_other_cases_is_not_overwritten(app: typer.Typer, cases: Path, tmp_path: Path) -> None:
    invoke(app, "run", "--cases", cases, "--out", tmp_path / "e", "--systems", "waypost", "--no-knockout")
    write_cases(cases, load_cases(cases).cases[:5])
    with pytest.raises(UsageError, match="name another folder"):
        invoke(app, "run", "--cases", cases, "--out", tmp_path / "e", "--systems", "waypost", "--no-knockout")


def test_the_labelling_page_cannot_be_broken_by_what_a_customer_wrote() -> None:
    case = Case("c", "</script><script>alert(1)</script>", answerable="full")
    page = labelling_page([(case, {"hits": [{"document_id": "d", "title": "T", "quote": "<b>"}]})])
    assert "<script>alert" not in page
    assert page.count("</script>") == 1
    assert "\\u003c/script>" in page
