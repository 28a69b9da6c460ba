"""Known gaps: the same choice everywhere, nothing counted on the wrong side, and the fix that closes them."""

from __future__ import annotations

import doctest
import random

import pytest

from assistant.domain import VerdictLabel
from assistant.errors import UsageError
from eval import judged, knockout
from eval.answers import Answer, answer_from_record, ranked_from_record
from eval.cases import Case
from eval.knockout import Knockout, detection, knock_out, with_tickets
from eval.metrics.citations import CitedPart
from eval.planted_fix import planted_fix

CASES = [Case(f"c{n}", "?", relevant=(f"a{n % 20}", *((f"a{(n + 1) % 20}",) if n % 5 == 0 else ()))) for n in range(60)]


@pytest.mark.parametrize("module", [knockout, judged])
def test_worked_examples_are_right(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_half_of_the_cases_lose_all_their_articles_and_no_case_is_on_two_sides() -> None:
    found = knock_out(CASES, seed=3)
    assert 30 <= len(found.gone) <= 36
    assert (
        len(found.gone | found.kept | found.partly)
        == len(CASES)
        == len(found.gone) + len(found.kept) + len(found.partly)
    )


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_the_cases() -> None:
    shuffled = random.Random(1).sample(CASES, len(CASES))
    assert knock_out(CASES, seed=3) == knock_out(shuffled, seed=3)
    assert knock_out(CASES, seed=3).articles != knock_out(CASES, seed=4).articles


def test_the_choice_is_the_same_on_every_machine() -> None:
    assert sorted(knock_out(CASES[:6], seed=0).articles) == ["a1", "a2", "a4", "a6"]


def test_a_case_without_relevant_documents_is_on_no_side() -> None:
    found = knock_out([*CASES, Case("none", "?", answerable="none")], seed=3)
    assert "none" not in found.gone | found.kept | found.partly


def test_tickets_that_link_a_removed_article_go_with_it_and_others_stay() -> None:
    found = with_tickets(knock_out(CASES, seed=3), {"t1": sorted(knock_out(CASES, seed=3).articles)[:1], "t2": []})
    assert found.tickets == {"t1"}
    assert found.removed == found.articles | {"t1"}


def test_precision_is_undefined_when_no_gap_was_logged() -> None:
    found = detection([False, False], [True, False])
    assert (found.precision, found.recall) == (None, 0.0)


def answer(verdict: VerdictLabel, *documents: str) -> Answer:
    return Answer("x", verdict, 0.5, tuple(CitedPart("p", ("q",), (document,)) for document in documents))


def test_putting_articles_back_closes_gaps_and_shows_what_changed_and_what_got_worse() -> None:
    removed = Knockout(
        0, frozenset("a"), frozenset(), frozenset({"g1", "g2"}), frozenset({"k1", "k2", "k3"}), frozenset()
    )
    relevant = {"g1": "a", "g2": "a", "k1": "b", "k2": "b", "k3": "b", "lost": "b"}
    cases = [Case(key, "?", relevant=(article,)) for key, article in relevant.items()]
    before = {
        "g1": answer("gap"), "g2": answer("gap"), "k1": answer("answered", "b"), "k2": answer("answered", "b"),
        "k3": answer("answered", "c"),
    }  # fmt: skip
    after = {
        "g1": answer("answered", "a"), "g2": answer("gap"), "k1": answer("answered", "b"), "k2": answer("partial", "a"),
        "k3": answer("answered", "b"),
    }  # fmt: skip
    found = planted_fix(removed, cases, before, after)
    assert (found.closed, found.still_open, found.share_closed) == (("g1",), ("g2",), 0.5)
    assert (found.changed, found.worse, found.missing) == (("k2", "k3"), ("k2",), ("lost",))


RECORD = {
    "id": "q", "verdict": "partial", "confidence": 0.4, "parts": [{"text": "Do it.", "citations": [2]}],
    "sources": [{"n": 2, "document_id": "d", "quote": "Do it."}], "gap": None, "timings_ms": {"retrieve": 3},
}  # fmt: skip


def test_an_answer_is_read_from_the_shape_that_ask_writes() -> None:
    found = answer_from_record(RECORD)
    assert found.parts == (CitedPart("Do it.", ("Do it.",), ("d",)),)
    assert (found.documents, found.timings_ms, found.is_gap) == (("d",), (("retrieve", 3.0),), False)
    assert ranked_from_record({"id": "q", "hits": [{"document_id": "a"}, {"document_id": "b"}]}) == ("a", "b")


def test_a_citation_without_a_source_and_an_answer_without_a_verdict_are_refused() -> None:
    with pytest.raises(UsageError, match="among the sources"):
        answer_from_record({**RECORD, "sources": []})
    with pytest.raises(UsageError, match="verdict and confidence"):
        answer_from_record({"id": "q"})
