"""Studies: kept whole, the same twice, and right where a hand can count."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import UsageError
from assistant.seams import Vectors
from eval.cases import CaseSet
from eval.figures import Figure
from eval.metrics.intervals import Estimate
from eval.report import plots
from eval.runs import Row, Run, RunHeader
from eval.single_scores import best_signal, held_out
from eval.studies import scaling
from eval.studies.passages import RecombinedEmbedder, paragraphs, recombined
from eval.studies.scaling import Curve, curve_study
from eval.studies.scope import Clinc, read_clinc, scope_study, write_articles
from eval.studies.study import Growth, Study, read_study, write_study
from eval.systems import Source

STUDY = Study(
    "mine",
    (Figure("ours", "scope", "set: recall", Estimate(0.5, None, None, 3)),),
    ("say this",),
    (Growth("ours", "query p50", "ms", (10, 100), (1.0, 2.0), 0.3),),
    (("code", "abc"),),
)


def test_worked_examples_are_right() -> None:
    assert doctest.testmod(scaling).failed == 0
    assert doctest.testmod(plots).failed == 0


def test_a_study_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_study(tmp_path / "studies" / "mine.json", STUDY)
    assert read_study(tmp_path / "studies" / "mine.json") == STUDY


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"name": "x", "figures": [{}], "notes": []}'])
def test_a_file_that_is_no_study_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UsageError, match=r"expected a (study|figure)"):
        read_study(tmp_path / "x.json")


# Scope: four in-scope validation utterances of which none may be refused at 5 %, two to test, two out of scope.

CLINC = Clinc(
    train=(("pay my bill", "pay_bill"), ("what time is it", "time")),
    validation=(("bill", "pay_bill"), ("pay", "pay_bill"), ("time", "time"), ("clock", "time")),
    test=(("please pay", "pay_bill"), ("the hour", "time")),
    out_of_scope=(("who are you", "oos"), ("sing", "oos")),
)


def scope_run(cases: CaseSet, confidence: dict[str, float]) -> Run:
    def row(key: str, value: float) -> Row:
        answer = {"id": key, "verdict": "partial", "confidence": value}
        return Row(key, ("pay_bill", "time"), 1.0, answer, top_score=1.0 - value)

    rows = {case.id: row(case.id, confidence.get(case.id, 0.6)) for case in cases.cases}
    return Run(RunHeader("waypost", cases.digest, 10, asked=True), rows)


def test_scope_figures_are_those_counted_by_hand() -> None:
    run = scope_run(CLINC.cases, {"test-0": 0.9, "test-1": 0.5, "oos-0": 0.2, "oos-1": 0.7})
    found = {(f.system, f.name): f.estimate.value for f in scope_study(run, CLINC.cases).figures}
    assert found["waypost", "CLINC150: out-of-scope recall"] == 0.5
    assert found["waypost", "CLINC150: in-scope refused"] == 0.5
    assert found["waypost", "CLINC150: right article first"] == 0.5
    assert found["waypost", "CLINC150: in-scope accuracy"] == 0.5
    assert found["waypost", "CLINC150: AUROC"] == 0.75
    assert found["BERT, published", "CLINC150: out-of-scope recall"] == 0.523


def test_each_intent_is_one_article_of_its_training_utterances(tmp_path: Path) -> None:
    write_articles(tmp_path / "a.jsonl", (*CLINC.train, ("settle the bill", "pay_bill")))
    records = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert records[0] == {"id": "pay_bill", "title": "pay bill", "text": "pay my bill\n\nsettle the bill"}
    assert [record["id"] for record in records] == ["pay_bill", "time"]


def test_another_file_than_clinc_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"train": 3}')
    with pytest.raises(UsageError, match=r"data_full\.json"):
        read_clinc(tmp_path / "d.json")


# Scaling

ARTICLES = [
    Source(f"a{n}", f"Title {n}", "\n".join(f"Paragraph {n}.{m} says {'something ' * 8}about {m}." for m in range(6)))
    for n in range(6)
]


class Lengths:
    """Vectors from text length: enough to see what is mixed from what."""

    model_id = "lengths"

    def embed(self, texts: list[str]) -> Vectors:
        rows = np.array([[len(text), text.count("."), 1.0] for text in texts], np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def count(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def test_recombined_articles_are_made_of_real_paragraphs_and_the_same_twice() -> None:
    made = list(recombined(ARTICLES, 30, seed=4))
    known = set(paragraphs(ARTICLES))
    assert len(made) == 3
    assert all(line in known for source in made for line in source.text.split("\n\n"))
    assert made == list(recombined(ARTICLES, 30, seed=4)) != list(recombined(ARTICLES, 30, seed=5))


def test_a_recombined_vector_lies_near_the_mean_of_its_paragraphs_and_texts_differ() -> None:
    known = paragraphs(ARTICLES)
    embedder = RecombinedEmbedder(Lengths(), known)  # type: ignore[arg-type]
    one, two = f"Title\n{known[0]}\n{known[7]}", f"Title\n{known[0]}\n{known[8]}"
    vectors = embedder.embed([one, two, one])
    middle = Lengths().embed([known[0], known[7]]).mean(axis=0)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert float(vectors[0] @ middle / np.linalg.norm(middle)) > 0.98
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.array_equal(vectors[0], vectors[1])


def test_too_few_paragraphs_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 20 paragraphs"):
        paragraphs(ARTICLES[:2])


def test_a_curve_is_drawn_from_its_steps_and_says_where_it_ended(tmp_path: Path) -> None:
    for size in (1000, 10_000):
        (tmp_path / f"{size}-build.json").write_text(json.dumps({"passages": size, "rate": 50, "disk_mb": size / 10}))
        (tmp_path / f"{size}-ask.json").write_text(json.dumps({"search_p50_ms": size**0.5}))
    (tmp_path / "10000-rebuild.json").write_text(json.dumps({"failed": "rebuild did not end within 5 s"}))
    found = curve_study(Curve(tmp_path, tmp_path, tmp_path, tmp_path, 5))
    lines = {line.measure: line for line in found.growth}
    assert lines["query p50"].exponent == pytest.approx(0.5)
    assert lines["disk"].exponent == pytest.approx(1.0)
    assert lines["disk"].values == (100.0, 1000.0)
    assert "rebuild" not in lines
    assert found.notes[-1] == "Scaling, waypost: rebuild did not end within 5 s."


# The confidence beside single scores

ROWS = [
    Row(f"q{n}", (), 1.0, {"signals": {"good": n / 10, "flat": 1.0}}, top_score=(n * 7) % 10 / 10) for n in range(10)
]


def test_the_best_single_score_is_chosen_by_its_auroc() -> None:
    found = best_signal(ROWS, [n >= 5 for n in range(10)])
    assert found is not None
    assert (found.name, found.values[3], found.tried) == ('the signal "good"', 0.3, 3)
    assert best_signal(ROWS, [True] * 10) is None


def test_a_signal_that_an_answer_lacks_is_not_tried() -> None:
    found = best_signal([*ROWS, Row("q", (), 1.0, {"signals": {"flat": 1.0}}, top_score=0.5)], [True] * 5 + [False] * 6)
    assert found is not None
    assert found.tried == 2


def test_held_out_confidences_need_their_signals_and_enough_of_each_level() -> None:
    dice = np.random.default_rng(0)
    levels = [n % 3 for n in range(90)]
    signals = [{"leader": level + dice.normal(), "agreement": dice.normal(), "title": 0.1} for level in levels]
    ids = [f"q{n}" for n in range(90)]
    found = held_out(ids, signals, levels)
    assert found is not None
    assert len(found) == 90
    assert held_out(ids, [{"other": 1.0}] * 90, levels) is None
    assert held_out(ids[:40], signals[:40], levels[:40]) is None
