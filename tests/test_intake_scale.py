"""How ingest is seen from outside: articles that are all different, rates that a hand can count, the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import waypost

from eval.studies.intake_scale import Sample, natural, rates
from eval.systems import Source

SAMPLE = Path(__file__).parent.parent / "ui" / "sample" / "articles"


def test_rates_are_counted_from_the_first_document_on() -> None:
    stored = ((0, 0), (5, 0), (6, 25), (7, 50), (9, 75), (13, 100))
    found = rates([Sample(seconds, documents, 0, 0) for seconds, documents in stored], 100)
    assert found == pytest.approx((25, 25, 12.5, 6.25))


def test_made_articles_are_all_different_and_as_long_as_real_ones() -> None:
    paragraph = "Sentence {} of article {} says what to press, and why it helps to press it twice."
    real = [
        Source(f"a{n}", f"Title {n}", "\n".join(paragraph.format(at, n) for at in range(4 + 12 * (n % 2))))
        for n in range(10)
    ]
    made = list(natural(real, 200))
    assert len({source.text for source in made}) == len({source.title for source in made}) == 200
    lengths = sorted(len(source.text) for source in made)
    assert lengths[10] < 500 < 1200 < lengths[-10]
    assert [source.text for source in natural(real, 5)] == [source.text for source in made[:5]]


@pytest.mark.slow
def test_the_command_measures_a_real_ingest_and_keeps_its_figures(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    assert waypost("ingest", SAMPLE, data=data).code == 0
    measure = ("eval", "ingest", "--documents", "12", "--model", "seeded", "--out", out, "--json")
    first = waypost(*measure, data=data)
    assert first.code == 0, first.err
    (found,) = json.loads(first.out)
    assert found["documents"] == 12
    assert min(found["rates"]) > 0
    assert found["peak_mb"] > 30
    assert found["index_disk_mb"] > 0
    assert min(found["version_s"], found["rerun_s"]) > 0
    assert json.loads(waypost(*measure, data=data).out) == [found]
