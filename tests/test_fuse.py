"""Fusing scores and counting votes, against numbers worked by hand."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering import fuse
from assistant.answering.fuse import (
    Ballots,
    FusionWeights,
    Neighbour,
    best_first,
    count_votes,
    fused_scores,
    scaled,
    title_match,
    trust,
)
from assistant.answering.language import content_stems


def test_the_worked_examples_hold() -> None:
    assert doctest.testmod(fuse).failed == 0


def test_two_tickets_that_agree_outvote_a_nearer_one() -> None:
    near = [Neighbour("t1", 0.9, ("a",)), Neighbour("t2", 0.88, ("b",)), Neighbour("t3", 0.88, ("b",))]
    votes = count_votes(near, {"a": 3, "b": 3}, FusionWeights())
    assert votes["b"] > votes["a"]


def test_a_link_pasted_everywhere_weighs_less_than_a_rare_one() -> None:
    near = [Neighbour("t1", 0.9, ("everywhere", "rare"))]
    votes = count_votes(near, {"everywhere": 400, "rare": 2}, FusionWeights())
    assert votes["rare"] > 3 * votes["everywhere"]


def test_only_the_nearest_tickets_with_a_link_vote() -> None:
    near = [Neighbour("t1", 0.9, ()), Neighbour("t2", 0.8, ("a",)), Neighbour("t3", 0.7, ("b",))]
    assert set(count_votes(near, {}, FusionWeights(neighbours=1))) == {"a"}


def test_without_tickets_and_keywords_the_order_is_by_cosine() -> None:
    scores = fused_scores({"a": 0.2, "b": 0.6}, {}, {}, Ballots({}, {}), FusionWeights())
    assert best_first(scores) == ["b", "a"]
    assert scores["b"] == pytest.approx(0.6)


def test_equal_scores_come_in_the_order_of_their_keys() -> None:
    assert best_first({"b": 0.5, "a": 0.5}) == ["a", "b"]


@given(st.dictionaries(st.text(min_size=1), st.floats(-100, 100), max_size=8))
def test_scaled_scores_stay_between_zero_and_one(scores: dict[str, float]) -> None:
    assert all(0.0 <= score <= 1.0 for score in scaled(scores).values())


def test_a_desk_with_few_tickets_believes_twins_only() -> None:
    assert trust(0.5, 0.5, 20) < 0.1
    assert trust(0.5, 0.5, 2_000) > 0.9
    assert trust(0.8, 0.5, 1) == 1.0


def test_an_article_that_is_nearer_than_every_ticket_needs_no_votes() -> None:
    assert trust(0.6, 0.85, 2_000) == 0.0


def test_the_same_words_in_the_title_outweigh_a_nearer_passage() -> None:
    asked = content_stems("How do I change my email?")
    right, wrong = "Change your email address", "You cannot sign in"
    titles = {key: title_match(asked, content_stems(key)) for key in (right, wrong)}
    dense = {right: 0.47, wrong: 0.55}
    assert best_first(fused_scores(dense, {}, titles, Ballots({}, {}), FusionWeights()))[0] == right
    assert title_match(asked, content_stems("Everything that you can do with an email in the app")) == 0.0
