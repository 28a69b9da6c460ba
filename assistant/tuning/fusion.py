"""Fusion weights and vote parameters from resolved tickets: the same arithmetic as `answering.fuse`, on whole tables.

Every ticket asks, all others vote. The tables hold one row for each question and one column for each document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assistant.answering.fuse import FusionWeights, trust
from assistant.seams import Vectors
from assistant.tuning.lessons import Flags

Table = npt.NDArray[np.float32]

CUTOFF = 10
_ROUNDS = 2
_LEAST_GAIN = 0.002  # of MRR: a smaller gain on what is learned from is not worth leaving the default
_CHOICES: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("votes", (0.1, 0.2, 0.4, 0.55, 0.8, 1.1)),
    ("replies", (0.0, 0.1, 0.23, 0.35, 0.55)),
    ("keyword", (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)),
    ("title", (0.0, 0.1, 0.2, 0.3, 0.5)),
    ("temperature", (0.04, 0.06, 0.08, 0.12)),
    ("damping", (0.25, 0.5, 0.75, 1.0)),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """What fusing needs about some questions.

    `dense` is each document's best cosine, `keyword` its best BM25 score scaled to [0, 1] in each row, `titles` how
    its title matches the question's headline, `tickets` the cosine to each voting ticket's problem and `replies` to
    its reply (-1 for the question's own ticket), `links` which voting ticket links which document, `relevant` the
    documents that resolved each question.
    """

    dense: Table
    keyword: Table
    titles: Table
    tickets: Table
    replies: Table
    links: Flags
    relevant: Flags


def best_of_documents(scores: Table, document_of: npt.NDArray[np.int64], documents: int) -> Table:
    """Return the best score of each document's passages, shape `(n, documents)`; -1 for a document without any.

    >>> best_of_documents(np.array([[0.2, 0.9, 0.5]], np.float32), np.array([0, 0, 1]), 3).tolist()
    [[0.8999999761581421, 0.5, -1.0]]
    """
    best = np.full((len(scores), documents), -1.0, np.float32)
    for at, document in enumerate(document_of):
        np.maximum(best[:, document], scores[:, at], out=best[:, document])
    return best


def others(questions: Vectors) -> Table:
    """Return the cosines among questions, each one's own set to -1, so that no ticket votes on itself."""
    cosines = np.asarray(questions @ questions.T, np.float32)
    np.fill_diagonal(cosines, -1.0)
    return cosines


def fused(tables: Tables, weights: FusionWeights) -> Table:
    """Return the fused score of every question and document, as `answering.fuse` would for each alone."""
    votes, vote_trust = ballots_of(tables.tickets, tables, weights)
    replies, reply_trust = ballots_of(tables.replies, tables, weights)
    cast = weights.votes * _by_row(votes) * vote_trust + weights.replies * _by_row(replies) * reply_trust
    return np.asarray(
        tables.dense + weights.keyword * tables.keyword + weights.title * tables.titles + cast, np.float32
    )


def ballots_of(cosines: Table, tables: Tables, weights: FusionWeights) -> tuple[Table, Table]:
    """Return the votes of tickets this near for every question and document, and their trust, shape `(n, 1)`."""
    return _votes(cosines, tables.links, weights), _trust(cosines, tables)


def _votes(cosines: Table, links: Flags, weights: FusionWeights) -> Table:
    k = min(weights.neighbours, cosines.shape[1])
    if not k:
        return np.zeros((len(cosines), links.shape[1]), np.float32)
    nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
    near = np.take_along_axis(cosines, nearest, axis=1)
    cast = np.zeros_like(cosines)
    np.put_along_axis(cast, nearest, np.where(near > -1, np.exp((near - 1) / weights.temperature), 0), axis=1)
    damped = links / np.maximum(links.sum(0) + weights.prior, 1.0) ** weights.damping
    return np.asarray(cast @ damped.astype(np.float32), np.float32)


def _trust(cosines: Table, tables: Tables) -> Table:
    """`answering.fuse.trust` of each row's nearest voter, shape `(n, 1)`; every voter here has a link."""
    links = int(tables.links.sum())
    pairs = zip(cosines.max(axis=1, initial=-1.0), tables.dense.max(axis=1, initial=-1.0), strict=True)
    return np.array([[trust(float(voter), float(article), links)] for voter, article in pairs], np.float32)


def _by_row(table: Table) -> Table:
    return np.asarray(table / np.maximum(table.max(axis=1, keepdims=True), 1e-12), np.float32)


def reciprocal_ranks(scores: Table, relevant: Flags, cutoff: int = CUTOFF) -> npt.NDArray[np.float64]:
    """Return 1 over the rank of each question's first relevant document, 0 below the cutoff; shape `(n,)`.

    A tie counts against: what scores the same is taken to stand before.

    >>> reciprocal_ranks(np.array([[0.1, 0.9, 0.5]], np.float32), np.array([[True, False, True]])).tolist()
    [0.5]
    """
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    rank = 1 + ((scores >= best) & ~relevant).sum(axis=1)
    return np.where((rank <= cutoff) & relevant.any(axis=1), 1.0 / rank, 0.0)


def learn_weights(tables: Tables, start: FusionWeights = FusionWeights()) -> FusionWeights:
    """Return the weights with the best mean reciprocal rank, one parameter after the other, two rounds.

    A parameter moves only when that gains more than 0.002, so that a tie keeps the default.
    """
    best, height = start, _height(tables, start)
    for _ in range(_ROUNDS):
        for name, choices in _CHOICES:
            best, height = _best_choice(tables, best, height, name, choices)
    return best


def _best_choice(
    tables: Tables, best: FusionWeights, height: float, name: str, choices: Sequence[float]
) -> tuple[FusionWeights, float]:
    tried = [replace(best, **{name: choice}) for choice in choices]  # type: ignore[arg-type]
    heights = [_height(tables, weights) for weights in tried]
    top = int(np.argmax(heights))
    return (tried[top], heights[top]) if heights[top] > height + _LEAST_GAIN else (best, height)


def _height(tables: Tables, weights: FusionWeights) -> float:
    return float(reciprocal_ranks(fused(tables, weights), tables.relevant).mean())
