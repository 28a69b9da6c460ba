"""What the confidence is fitted on, and what fitting makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from assistant.answering.decide import confidence_from
from assistant.domain import Question
from eval.cases import Case, CaseSet
from eval.fit_confidence import Labelled, cross_validated, fit, read_labelled, record
from eval.make_cases import TicketRecord
from eval.metrics.abstention import auroc
from eval.systems import Assistant, Source
from eval.weak_signals import drawn_signals, judged_signals, write_signals

ARTICLES = tuple(f"a{n}" for n in range(10))
CASES = tuple(Case(f"t{n}", f"what of a{n % 10}", relevant=(f"a{n % 10}",)) for n in range(20))


class Shelf:
    """Ten articles; the leader's score is high for a question whose article is there."""

    def __init__(self) -> None:
        self.opened: list[frozenset[str]] = []

    def sources(self) -> tuple[Source, ...]:
        return tuple(Source(name, name, name) for name in ARTICLES)

    def tickets(self) -> tuple[TicketRecord, ...]:
        return tuple(TicketRecord(c.id, "", c.text, datetime(2024, 1, 1, tzinfo=UTC), c.relevant) for c in CASES)

    @contextmanager
    def assistant(self, *, without: frozenset[str] = frozenset(), prepared: bool = False) -> Iterator[Assistant]:
        self.opened.append(without)
        yield Reader(frozenset(ARTICLES) - without)

    def stamp(self) -> Mapping[str, str]:
        return {}


class Reader:
    def __init__(self, there: frozenset[str]) -> None:
        self._there = there

    def search(self, question: Question, k: int) -> Mapping[str, object]:
        return {"id": question.id, "hits": []}

    def ask(self, question: Question) -> Mapping[str, object]:
        return {"signals": {"leader": 0.9 if question.text.split()[-1] in self._there else 0.1}}


def quiet(done: int, total: int | None, what: str) -> None:
    """Show no progress."""


def test_drawn_tickets_say_whether_their_articles_were_there() -> None:
    asked = list(drawn_signals(Shelf(), CASES, 2, quiet))
    assert {one.kept for one in asked} == {True, False}
    assert all((one.signals["leader"] > 0.5) == one.kept for one in asked)


def test_each_draw_takes_other_articles_away() -> None:
    shelf = Shelf()
    list(drawn_signals(shelf, CASES, 2, quiet))
    assert shelf.opened[0] != shelf.opened[1]


def test_a_judged_question_is_asked_without_its_own_ticket() -> None:
    shelf = Shelf()
    judged = CaseSet((Case("t3", "what of a3", answerable="full"),))
    asked = list(judged_signals(shelf, judged, quiet))
    assert shelf.opened == [frozenset({"t3"})]
    assert [(one.id, one.kept) for one in asked] == [("t3", None)]


def test_signals_are_read_back_with_their_labels(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"id": "t3", "text": "what of a3", "label": "full"}) + "\n", encoding="utf-8")
    judged = CaseSet((Case("t3", "what of a3", answerable="full"),))
    write_signals(tmp_path / "judged.jsonl", judged_signals(Shelf(), judged, quiet))
    drawn = write_signals(tmp_path / "drawn.jsonl", drawn_signals(Shelf(), CASES, 1, quiet))
    read = read_labelled(labels, tmp_path)
    assert (read.ids, read.levels.tolist(), len(read.drawn)) == (("t3",), [2], drawn)


@pytest.fixture
def labelled() -> Labelled:
    """120 judged questions whose leader tells a little, 400 drawn tickets whose agreement tells a lot."""
    random = np.random.default_rng(7)
    levels = random.integers(0, 3, 120)
    judged = tuple(
        {"leader": float(random.normal(level > 0, 1.0)), "agreement": float(random.normal())} for level in levels
    )
    kept = random.random(400) < 0.5
    drawn = tuple(
        ({"leader": float(random.normal()), "agreement": float(random.normal(2.0 * flag, 1.0))}, bool(flag))
        for flag in kept
    )
    return Labelled(tuple(map(str, range(120))), judged, levels, drawn)


def test_what_drawn_tickets_teach_joins_what_judged_questions_teach(labelled: Labelled) -> None:
    names = ("leader", "agreement")
    signals, helped = labelled.matrix(names), labelled.helped
    alone = fit(signals, helped, Labelled((), (), labelled.levels[:0]).weak(names))
    together = fit(signals, helped, labelled.weak(names))
    assert alone.weights[0] > 0 < together.weights[0]
    assert together.weights[1] > abs(alone.weights[1])


def test_probabilities_are_calibrated_on_the_judged_questions_alone(labelled: Labelled) -> None:
    held_out = cross_validated(labelled, ("leader", "agreement"), repeats=2)
    assert held_out.mean() == pytest.approx(labelled.helped.mean(), abs=0.05)
    assert (auroc(held_out.mean(0), labelled.helped) or 0.0) > 0.6


def test_a_drawn_ticket_without_a_signal_is_left_out_of_the_model_that_needs_it(labelled: Labelled) -> None:
    poorer = Labelled(labelled.ids, labelled.signals, labelled.levels, (*labelled.drawn, ({"leader": 0.3}, True)))
    assert len(poorer.weak(("leader", "agreement")).kept) == 400
    assert len(poorer.weak(("leader",)).kept) == 401


def test_what_is_fitted_can_be_shipped(labelled: Labelled) -> None:
    confidence = confidence_from(record(labelled, "made up"))
    assert [name for name, _ in confidence.models[0].weights] == ["agreement", "leader"]
    assert 0.0 < confidence.thresholds.partial < confidence.thresholds.answer < 1.0
