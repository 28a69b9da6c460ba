"""The leading articles of a search in the order that a desk's resolved tickets taught: after fusing, where adopted.

A conditional logit (McFadden, 1974): each article has a few features, their weighted sum orders the articles. Learning
(`tuning.reranking`) and answering hand their evidence to the same `features`, so that there is one arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.answering.fuse import Ballots
from assistant.domain import Candidate, Hit

Floats = npt.NDArray[np.float64]

LEADING = 20
"""So many articles of a search are put in order anew; the rest stay behind them as they were."""
FEATURES = ("fused", "second", "keyword", "problems", "replies")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the leading articles, best first; each array has shape `(..., n)`, the trusts `(..., 1)`.

    `fused` is the fused score, `second` the cosine of the second nearest passage, `keyword` the BM25 score, `problems`
    and `replies` the votes. A second passage that is not among the nearest that a search fetches, or that there is not,
    counts as the last of those: what was not fetched is not known when answering, and must not be when learning.
    Keyword scores and votes may have any unit: each is divided by the largest of its question. The cosine of the
    nearest passage is what the fused score leaves when the others are taken off, so it is no feature of its own.
    """

    fused: Floats
    second: Floats
    keyword: Floats
    problems: Floats
    replies: Floats
    problem_trust: Floats
    reply_trust: Floats


def features(evidence: Evidence) -> Floats:
    """Return the features in the order of `FEATURES`, shape `(..., n, 5)`.

    >>> one = Evidence(*np.array([[0.9, 0.5], [0.4, 0.5], [6, 3], [0, 0], [2, 4]]), np.ones(1), np.array([0.5]))
    >>> features(one).tolist()
    [[0.9, 0.4, 1.0, 0.0, 0.25], [0.5, 0.5, 0.5, 0.0, 0.5]]
    """
    columns = (
        evidence.fused,
        evidence.second,
        _by_largest(evidence.keyword),
        _by_largest(evidence.problems) * evidence.problem_trust,
        _by_largest(evidence.replies) * evidence.reply_trust,
    )
    return np.stack(columns, axis=-1).astype(np.float64)


def _by_largest(scores: Floats) -> Floats:
    return np.asarray(scores / np.maximum(scores.max(axis=-1, keepdims=True, initial=0.0), 1e-12), np.float64)


@dataclass(frozen=True, slots=True)
class Reranker:
    """One weight for each of `FEATURES`, per unit of the feature."""

    weights: tuple[float, ...]

    def order(self, evidence: Evidence) -> npt.NDArray[np.intp]:
        """Return the places of the articles, best first, shape `(..., n)`; a tie keeps the order in which they came."""
        return np.argsort(-(features(evidence) @ np.asarray(self.weights)), axis=-1, kind="stable")

    def record(self) -> dict[str, float]:
        """The weights by name, as they are stored."""
        return dict(zip(FEATURES, self.weights, strict=True))


def reranker_from(record: Mapping[str, float] | None) -> Reranker | None:
    """Return the reranker that a record holds; None without one, or where its features are not those of this release.

    Weights were fitted together: with a feature missing, the others would say something else.

    >>> reranker_from({"fused": 1.0, "of another release": 2.0}) is None
    True
    """
    if record is None or set(record) != set(FEATURES):
        return None
    return Reranker(tuple(float(record[name]) for name in FEATURES))


def reranked(hits: Sequence[Hit], ballots: Ballots, reranker: Reranker, *, floor: float) -> tuple[Hit, ...]:
    """Return the hits with the leading ones in the reranker's order; `floor` is the cosine of the last passage fetched.

    Scores belong to places: whoever comes first takes the best score, so that scores still fall from hit to hit and
    keep their scale. Cosines, keyword scores and votes, which the confidence is read from, stay each article's own.
    """
    leading = hits[:LEADING]
    if not leading:
        return ()
    order = reranker.order(_evidence(leading, ballots, floor))
    moved = (_at(leading[at], place.score) for at, place in zip(order, leading, strict=True))
    return (*moved, *hits[LEADING:])


def _at(hit: Hit, score: float) -> Hit:
    if score == hit.score:
        return hit
    by = score - hit.score
    moved = tuple(Candidate(c.passage, c.dense, c.keyword, c.votes, c.fused + by) for c in hit.candidates)
    return Hit(hit.document_key, score, moved, hit.links)


def _evidence(hits: Sequence[Hit], ballots: Ballots, floor: float) -> Evidence:
    keys = [hit.document_key for hit in hits]
    return Evidence(
        fused=np.array([hit.score for hit in hits]),
        second=np.array([sorted([floor, floor, *(c.dense for c in hit.candidates)])[-2] for hit in hits]),
        keyword=np.array([max(c.keyword for c in hit.candidates) for hit in hits]),
        problems=np.array([ballots.problems.get(key, 0.0) for key in keys]),
        replies=np.array([ballots.replies.get(key, 0.0) for key in keys]),
        problem_trust=np.array([ballots.problem_trust]),
        reply_trust=np.array([ballots.reply_trust]),
    )
