"""Scores of several searches to one order of documents: pure arithmetic between retrieval and drafting.

A document's fused score is its best passage's cosine, plus a share of its keyword score, plus a share of its title's
match, plus shares of the votes of resolved tickets: those whose problem is like the question, and those whose reply is.
Keyword scores and votes have no common unit with a cosine, so each is first divided by the largest of the same
question. Fused scores order one question's documents and mean nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from math import exp
from typing import Any


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each search counts; the defaults were read off Thunderbird's 2024 questions, `tune` learns a desk's own.

    `keyword`, `title`, `votes` (of tickets with a similar problem) and `replies` (of tickets whose agents' words are
    similar) are added to a cosine after scaling to [0, 1]. `temperature` says how fast a ticket's
    vote fades with distance: a ticket 0.08 further away counts `1/e`. The `neighbours` nearest tickets with a link
    vote. `damping` in [0, 1] divides by `(link count + prior) ** damping`, so that a link pasted everywhere does
    not win everywhere.
    """

    keyword: float = 0.1
    title: float = 0.3
    votes: float = 0.4
    replies: float = 0.23
    temperature: float = 0.08
    neighbours: int = 50
    damping: float = 0.5
    prior: float = 5.0


def weights_from(record: Mapping[str, float]) -> FusionWeights:
    """Return the weights that a record holds by name; unknown names are left out, missing ones keep their default.

    >>> weights_from({"votes": 0.5, "neighbours": 30}).votes
    0.5
    """
    names = {one.name for one in fields(FusionWeights)}
    found: dict[str, Any] = {name: value for name, value in record.items() if name in names}
    return FusionWeights(**found)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A similar resolved ticket, its cosine to the question and the live articles that its agents linked."""

    ticket_key: str
    similarity: float
    articles: tuple[str, ...]


def scaled(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores divided by the largest, in [0, 1]; negative ones become 0.

    >>> scaled({"a": 4.0, "b": 1.0, "c": -1.0})
    {'a': 1.0, 'b': 0.25, 'c': 0.0}
    """
    largest = max(scores.values(), default=0.0)
    if largest <= 0:
        return dict.fromkeys(scores, 0.0)
    return {key: max(score, 0.0) / largest for key, score in scores.items()}


def ballot(similarity: float, temperature: float) -> float:
    """Return what a ticket at this cosine adds to each article it links, in (0, 1]; 1 for an identical question.

    >>> round(ballot(0.92, 0.08), 3)
    0.368
    """
    return exp((similarity - 1.0) / temperature)


def count_votes(
    neighbours: Sequence[Neighbour], link_counts: Mapping[str, int], weights: FusionWeights
) -> dict[str, float]:
    """Return each article's votes: the ballots of the nearest tickets that link it, damped by how often all do.

    Without damping, a ticket at cosine 1 that links two articles gives 1 to each; at damping 1 and prior 0, an
    article linked by four tickets in all keeps a quarter of it.

    >>> near = [Neighbour("t1", 1.0, ("a", "b"))]
    >>> count_votes(near, {"a": 4, "b": 1}, FusionWeights(damping=1.0, prior=0.0))
    {'a': 0.25, 'b': 1.0}
    """
    votes: dict[str, float] = defaultdict(float)
    linking = sorted((n for n in neighbours if n.articles), key=lambda n: -n.similarity)
    for neighbour in linking[: weights.neighbours]:
        for article in neighbour.articles:
            votes[article] += ballot(neighbour.similarity, weights.temperature)
    return {
        article: mass / max(link_counts.get(article, 1) + weights.prior, 1.0) ** weights.damping
        for article, mass in votes.items()
    }


def trust(voter: float, article: float, links: int) -> float:
    """Return how much votes count, in [0, 1].

    `voter` and `article` are the cosines of the nearest ticket that votes and of the nearest passage of an article;
    `links` is how many links to articles the desk's resolved tickets hold.

    Votes are scaled by the largest of the same question, so that tickets which have nothing to do with it would
    count as much as its twins: nothing below a cosine of 0.3, all from 0.5 on. Where an article is much nearer than
    any ticket it needs no votes: nothing from 0.2 behind, all from equal on. And few tickets leave most articles
    without a vote, so that a vote says which ticket was there and not which article helps: of `links / (links + 200)`,
    unless the ticket is a twin, at 0.75. Chosen on two desks: with 76 links MRR rose from 0.789 to 0.867, with 1,226
    from 0.685 to 0.692.

    >>> [round(trust(voter, 0.5, 200), 3) for voter in (0.2, 0.4, 0.5, 0.8)]
    [0.0, 0.125, 0.5, 1.0]
    """
    believed = max(links / (links + 200), _rising(voter, 0.55))
    return believed * _rising(voter, 0.3) * _rising(voter, article - 0.2)


def _rising(similarity: float, start: float) -> float:
    """0 up to `start`, 1 from 0.2 above it on."""
    return min(max((similarity - start) / 0.2, 0.0), 1.0)


def title_match(asked: Collection[str], title: Collection[str]) -> float:
    """Return how nearly a question's headline and a title are the same words, in [0, 1]: nothing below a Dice of 0.4.

    "How do I change my email?" holds two of the three stems of "Change your email address": Dice is 2 * 2 / (2 + 3),
    and half of the way above 0.4 is two thirds.

    >>> round(title_match({"chang", "email"}, {"chang", "email", "address"}), 2)
    0.67
    """
    if not asked or not title:
        return 0.0
    first, second = set(asked), set(title)
    dice = 2 * len(first & second) / (len(first) + len(second))
    return max(dice - 0.4, 0.0) / 0.6


@dataclass(frozen=True, slots=True)
class Ballots:
    """Each article's votes by tickets with a similar problem, and by tickets with a similar reply.

    `problem_trust` and `reply_trust` in [0, 1] say how far each kind is believed.
    """

    problems: Mapping[str, float]
    replies: Mapping[str, float]
    problem_trust: float = 1.0
    reply_trust: float = 1.0

    def articles(self) -> list[str]:
        """Every article that got a vote, in the order of their keys."""
        return sorted({*self.problems, *self.replies})


def fused_scores(
    dense: Mapping[str, float],
    keyword: Mapping[str, float],
    titles: Mapping[str, float],
    ballots: Ballots,
    weights: FusionWeights,
) -> dict[str, float]:
    """Return the fused score of every key that has a cosine in `dense`; `titles` says how each one's title matches.

    A key that keyword search, the titles or the votes do not know gets 0 from them.

    >>> weights = FusionWeights(keyword=0.1, title=0.3, votes=0.3, replies=0.1)
    >>> fused_scores({"a": 0.5, "b": 0.4}, {"b": 7.0}, {"a": 0.5}, Ballots({"b": 0.2}, {"a": 0.9}), weights)
    {'a': 0.75, 'b': 0.8}
    """
    by_keyword, by_votes, by_replies = scaled(keyword), scaled(ballots.problems), scaled(ballots.replies)
    return {
        key: cosine
        + weights.keyword * by_keyword.get(key, 0.0)
        + weights.title * titles.get(key, 0.0)
        + weights.votes * ballots.problem_trust * by_votes.get(key, 0.0)
        + weights.replies * ballots.reply_trust * by_replies.get(key, 0.0)
        for key, cosine in dense.items()
    }


def aging(updated: Mapping[str, datetime | None]) -> dict[str, float]:
    """Return what age takes from each fused score: 0.02 for each year behind the freshest one found, 0.04 at most.

    So little decides between articles that fit about equally well. Undated ones lose nothing.

    >>> aging({"new": datetime(2024, 1, 1), "old": datetime(2023, 1, 1), "older": datetime(2010, 1, 1), "any": None})
    {'new': 0.0, 'old': 0.02, 'older': 0.04, 'any': 0.0}
    """
    freshest = max((when for when in updated.values() if when), default=None)
    return {
        key: 0.02 * min((freshest - when).days / 365, 2.0) if freshest and when else 0.0
        for key, when in updated.items()
    }


def best_first(scores: Mapping[str, float]) -> list[str]:
    """Return the keys, highest score first; equal scores in the order of their keys, so that runs repeat.

    >>> best_first({"b": 1.0, "a": 1.0, "c": 2.0})
    ['c', 'a', 'b']
    """
    return sorted(scores, key=lambda key: (-scores[key], key))
