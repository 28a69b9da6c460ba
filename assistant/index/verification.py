"""Compares a generation with the store, through the query path that answers use. Only what passes is swapped in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.domain import KINDS, Role
from assistant.index.keywords import Keywords
from assistant.index.vectors import SHELVES, ChromaVectors, ExactVectors, shelf_of
from assistant.seams import Vectors
from assistant.store.corpus import pieces
from assistant.store.generations import Generations

_ROLES: tuple[Role, ...] = ("body", "problem", "resolution")
_SAMPLE = 64
_NEAREST = 10
_MOST_CHANGED = 200
_TWIN = 1e-4
_LEAST_RECALL = 0.95
_MOST_APART = 0.001
"""Share of the passages that may be out of reach; more is damage."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a generation holds against what the store says; all but the first two are chunk ids or sentences.

    `recall` is the share of exact top-10 neighbours that sampled queries find, in [0, 1]. `unreachable` no vector
    query returns, `altered` it returns with another vector, `unlisted` keyword search lacks or holds differently,
    `foreign` the store does not know. `apart` are those out of reach when they are few: a graph of neighbours (HNSW)
    leaves some of a hundred thousand without a way to them, above all among near-twins, so they are searched exactly.
    """

    live_chunks: int
    recall: float
    unreachable: tuple[int, ...] = ()
    altered: tuple[int, ...] = ()
    unlisted: tuple[int, ...] = ()
    foreign: tuple[int, ...] = ()
    apart: tuple[int, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether the generation, with what is searched apart, holds exactly what the store holds."""
        wrong = self.unreachable or self.altered or self.unlisted or self.foreign or self.problems
        return not wrong and self.recall >= _LEAST_RECALL

    def __str__(self) -> str:
        if self.problems:
            return " ".join(self.problems)
        return (
            f"The index is to hold {self.live_chunks} passages exactly: {len(self.unreachable)} cannot be reached, "
            f"{len(self.altered)} have another vector, {len(self.unlisted)} are missing from keyword search, "
            f"{len(self.foreign)} are unknown to the store; sampled recall is {self.recall:.3f} "
            f"(expected at least {_LEAST_RECALL})."
        )


def compared(
    generations: Generations,
    keywords: Keywords,
    vectors: ChromaVectors,
    *,
    model_id: str,
    applied_seq: int,
    thorough: bool,
) -> Verification:
    """The comparison for an index that was brought to `applied_seq`; what changed later counts neither way.

    One query as deep as the index must return every passage; `thorough` also looks for each among its own ten
    nearest, which is how answering would meet it and takes 0.4 ms a passage.

    Raises:
        IndexUnavailable: one half does not answer at all.
    """
    live = generations.live_chunk_ids()
    ids, kinds, roles, matrix = generations.matrix(model_id)
    shelves = np.asarray([shelf_of(kind, role) for kind, role in zip(kinds, roles, strict=True)])
    reached: set[int] = set()
    altered: set[int] = set()
    for shelf in SHELVES if ids else ():
        rows = np.flatnonzero(shelves == shelf)
        own = matrix if len(rows) == len(ids) else matrix[rows]  # a copy of all would double what is held
        found = vectors.reach(shelf, [ids[row] for row in rows], own, matrix[0], thorough=thorough)
        reached |= found[0]
        altered |= found[1]
    keywords.check_terms()
    listed = _listed(generations, keywords, live)
    recall = _recall(vectors, (ids, kinds, roles, matrix), generations.changed(applied_seq))
    # Read again, last: whatever came or went while the rest was read is in it.
    changed = generations.changed(applied_seq)
    expected = live - changed
    beyond = tuple(sorted(expected - (reached & set(ids))))
    few = len(beyond) <= _MOST_APART * len(expected)
    return Verification(
        live_chunks=len(expected),
        recall=recall,
        unreachable=() if few else beyond,
        apart=beyond if few else (),
        altered=tuple(sorted(altered & expected)),
        unlisted=tuple(sorted(expected - listed)),
        foreign=tuple(sorted((reached | keywords.ids()) - live - changed)),
    )


def _listed(generations: Generations, keywords: Keywords, chunk_ids: set[int]) -> set[int]:
    """Those of `chunk_ids` that keyword search holds with the store's own words."""
    found: set[int] = set()
    for piece in pieces(sorted(chunk_ids)):
        found |= keywords.same(generations.chunks(list(piece)))
    return found


def _recall(
    vectors: ChromaVectors, stored: tuple[list[int], list[str], list[str], Vectors], changed: set[int]
) -> float:
    """Mean over sampled rows of each role; passages in `changed` are left out on both sides."""
    kept = [row for row, chunk_id in enumerate(stored[0]) if chunk_id not in changed]
    kinds, roles = [stored[1][row] for row in kept], [stored[2][row] for row in kept]
    matrix = stored[3] if len(kept) == len(stored[0]) else stored[3][kept]
    exact = ExactVectors([stored[0][row] for row in kept], kinds, roles, matrix)
    shares: list[float] = []
    for role in _ROLES:
        rows = np.flatnonzero(np.asarray(roles) == role)
        present = tuple(kind for kind in KINDS if kind in {kinds[row] for row in rows})
        for row in _spread(rows):
            true = [score for _, score in exact.query(matrix[row], kinds=present, role=role, k=_NEAREST)]
            asked = _NEAREST + min(len(changed), _MOST_CHANGED)
            near = vectors.query(matrix[row], kinds=present, role=role, k=asked)
            shares.append(_share_found(true, [score for chunk_id, score in near if chunk_id not in changed]))
    return float(np.mean(shares)) if shares else 1.0


def _spread(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """At most `_SAMPLE` rows, evenly spread."""
    return [int(r) for r in rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(int)]]


def _share_found(true: Sequence[float], found: Sequence[float]) -> float:
    """Share of the `true` best scores that were reached; equal scores count, since twins may swap places.

    >>> _share_found([0.9, 0.8, 0.7, 0.6], [0.9, 0.7, 0.6, 0.5])
    0.75
    """
    return sum(score >= true[-1] - _TWIN for score in found[: len(true)]) / len(true)
