"""The decision on a draft: signals, the calibrated probability, and the verdict."""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from assistant.answering import decide as decide_module
from assistant.answering import signals as signals_module
from assistant.answering.decide import Confidence, Logistic, Thresholds, confidence_from, decide, load_decider
from assistant.answering.remembering import Remembering
from assistant.answering.signals import Meaning, Signals, signals
from assistant.domain import Candidate, Hit, Part, Passage, Question, Retrieval, Support
from assistant.errors import SettingsError
from assistant.seams import Vectors

STRONG = Signals(leader=0.8, agreement=0.0, how=1.0, title=0.8)
CONFIDENCE = Confidence((Logistic(-2.0, (("leader", 5.0),)),), Thresholds(0.4, 0.8))
SUPPORTED = (Support(Part("Click Print.", ()), 1.0),)


class Letters:
    """Counts letters: a real, tiny, deterministic embedding that remembers what it was asked."""

    model_id = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = np.array([[text.lower().count(c) + 0.01 for c in "abcdefghij"] for text in texts], np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def hit(key: str, dense: float, votes: float = 0.0) -> Hit:
    passage = Passage(1, key, 1, "doc", "public", "body", key, "", ("bad cab",), "", "text", 0, 4, ())
    return Hit(key, dense, (Candidate(passage, dense, 0.0, votes, dense),))


def found(*articles: Hit, tickets: tuple[Hit, ...] = ()) -> Retrieval:
    return Retrieval(Question("How do I print?", title="bad cab"), (), articles, tickets)


def verdict(*, signals: Signals | None = STRONG, supports: Sequence[Support] = SUPPORTED, coverage: float = 1.0) -> str:
    decision = decide(signals, supports, coverage, confidence=CONFIDENCE, thresholds=CONFIDENCE.thresholds)
    return f"{decision.verdict} {decision.reason or ''}".strip()


def test_the_worked_examples_hold() -> None:
    assert doctest.testmod(decide_module).failed == 0
    assert doctest.testmod(signals_module).failed == 0


def test_strong_evidence_that_covers_the_question_is_an_answer() -> None:
    assert verdict() == "answered"


def test_strong_evidence_that_covers_little_is_partial() -> None:
    assert verdict(coverage=0.1) == "partial"


def test_middling_evidence_is_partial_however_much_it_covers() -> None:
    assert verdict(signals=replace(STRONG, leader=0.5)) == "partial"


def test_weak_evidence_is_a_gap_with_its_confidence() -> None:
    weak = replace(STRONG, leader=0.1)
    assert verdict(signals=weak) == "gap weak_evidence"
    decision = decide(weak, SUPPORTED, 1.0, confidence=CONFIDENCE, thresholds=CONFIDENCE.thresholds)
    assert 0.0 < decision.confidence < 0.4


def test_nothing_found_is_a_gap_without_confidence() -> None:
    assert verdict(signals=None) == "gap nothing_found"


def test_a_draft_without_supported_parts_is_a_gap() -> None:
    assert verdict(supports=()) == "gap unsupported"


def test_a_drafter_that_declines_makes_a_gap() -> None:
    decision = decide(STRONG, (), 0.0, confidence=CONFIDENCE, thresholds=CONFIDENCE.thresholds, declined=True)
    assert decision.reason == "declined"


def test_the_richest_model_whose_signals_are_known_speaks() -> None:
    rich = Logistic(3.0, (("votes", 1.0),))
    confidence = Confidence((rich, Logistic(-3.0, (("leader", 1.0),))), CONFIDENCE.thresholds)
    assert confidence.probability(STRONG) < 0.5 < confidence.probability(replace(STRONG, votes=0.0))


def test_signals_read_the_leading_article_and_the_nearest_heading() -> None:
    read = signals(found(hit("a", 0.5), hit("b", 0.7)), Meaning(Letters()))
    assert read is not None
    assert (read.leader, read.how, read.votes) == (0.5, 1.0, None)
    assert read.agreement == pytest.approx(-0.2)
    assert read.title == pytest.approx(1.0, abs=1e-3)


def ticket(key: str, similarity: float, *links: str) -> Hit:
    return replace(hit(key, similarity), links=links)


def test_tickets_that_link_the_leading_article_vote_for_it() -> None:
    near = (ticket("t1", 0.9, "a"), ticket("t2", 0.8, "a", "b"), ticket("t3", 0.7))
    backed = signals(found(hit("a", 0.5, votes=0.2), tickets=near), None)
    other = signals(found(hit("c", 0.5), tickets=near), None)
    assert backed is not None
    assert other is not None
    assert backed.votes is not None
    assert other.votes is not None
    assert backed.votes > other.votes


def test_tickets_whose_agents_link_nothing_say_nothing_against_an_article() -> None:
    read = signals(found(hit("a", 0.5), tickets=(ticket("t1", 0.9), ticket("t2", 0.8))), None)
    assert read is not None
    assert read.votes is None


def test_an_article_that_goes_takes_its_votes_with_it() -> None:
    gone = found(hit("b", 0.5), tickets=(ticket("t1", 0.9), ticket("t2", 0.8, "c")))
    there = found(hit("a", 0.5, votes=0.2), hit("b", 0.5), tickets=(ticket("t1", 0.9, "a"), ticket("t2", 0.8, "c")))
    decider = load_decider(None, None, Letters())
    assert decider.sureness(there) > decider.sureness(gone)


def test_no_article_gives_no_signals() -> None:
    assert signals(found(), None) is None


def test_a_heading_is_embedded_once() -> None:
    letters = Letters()
    meaning = Meaning(Remembering(letters))
    first = meaning.nearest("bad", ["cab", "dig"])
    assert meaning.nearest("bad", ["cab", "dig"]) == pytest.approx(first)
    assert letters.asked.count("cab") == 1


def test_the_shipped_coefficients_prefer_better_evidence() -> None:
    decider = load_decider(None, None, Letters())
    strong = decider(found(hit("a", 0.8)), SUPPORTED, 1.0)
    weak = decider(found(hit("a", 0.1)), SUPPORTED, 1.0)
    assert strong.confidence > weak.confidence


def test_thresholds_of_the_desk_replace_the_shipped_ones() -> None:
    decider = load_decider(1.0, 0.0, Letters())
    assert decider(found(hit("a", -0.9)), SUPPORTED, 1.0).verdict == "partial"


def test_an_answer_threshold_below_the_partial_one_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least partial_threshold"):
        load_decider(0.2, 0.5, Letters())


def test_damaged_coefficients_are_refused_with_a_remedy() -> None:
    with pytest.raises(SettingsError, match="fit_confidence"):
        confidence_from({"models": []})
