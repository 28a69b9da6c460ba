"""Compares a generation with the store, through the query path that answers use. Only what passes is swapped in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.domain import KINDS, Kind, Role
from assistant.index.keywords import Keywords
from assistant.index.vectors import SHELVES, ChromaVectors, Shelf, shelf_of
from assistant.seams import Ids, Vectors
from assistant.store.generations import Generations

_NONE: Ids = np.zeros(0, np.int64)
_ROLES: tuple[Role, ...] = ("body", "problem", "resolution")
_PIECE = 500
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
    known = _known(generations, model_id)
    reached, altered = [_NONE], [_NONE]
    if known.probe is not None:
        for shelf in SHELVES:
            found = vectors.reach(
                shelf,
                known.shelf(shelf),
                known.probe,
                lambda ids: generations.vectors(list(ids), model_id),
                thorough=thorough,
            )
            reached.append(found[0])
            altered.append(found[1])
    keywords.check_terms()
    unlisted = _unlisted(generations, keywords, live)
    recall = _recall(generations, vectors, known, model_id, applied_seq)
    # Read again, last: whatever came or went while the rest was read is in it.
    changed = _sorted(generations.changed(applied_seq))
    expected = np.setdiff1d(live, changed, assume_unique=True)
    met = np.unique(np.concatenate(reached))
    beyond = _numbers(np.setdiff1d(expected, np.intersect1d(met, known.ids())))
    few = len(beyond) <= _MOST_APART * len(expected)
    return Verification(
        live_chunks=len(expected),
        recall=recall,
        unreachable=() if few else beyond,
        apart=beyond if few else (),
        altered=_numbers(np.intersect1d(np.concatenate(altered), expected)),
        unlisted=_numbers(np.setdiff1d(unlisted, changed)),
        foreign=_numbers(np.setdiff1d(np.union1d(met, keywords.ids()), np.union1d(live, changed))),
    )


def _sorted(chunk_ids: set[int]) -> Ids:
    return np.array(sorted(chunk_ids), np.int64)


def _numbers(ids: Ids) -> tuple[int, ...]:
    return tuple(ids.tolist())


def _unlisted(generations: Generations, keywords: Keywords, chunk_ids: Ids) -> Ids:
    """Those of `chunk_ids` that keyword search does not hold with the store's own words."""
    lacking: list[int] = []
    for at in range(0, len(chunk_ids), _PIECE):
        piece = chunk_ids[at : at + _PIECE].tolist()
        same = keywords.same(generations.chunks(piece))
        lacking += [chunk_id for chunk_id in piece if chunk_id not in same]
    return np.array(lacking, np.int64)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store holds, by shelf. Vectors are read in pieces and not kept."""

    probe: Vectors | None
    shelves: Mapping[str, Shelf]

    def shelf(self, name: str) -> Shelf:
        """What this shelf is to hold."""
        return self.shelves.get(name) or Shelf(_NONE, np.zeros(0, np.float32))

    def ids(self) -> Ids:
        """All of them."""
        return np.unique(np.concatenate([_NONE, *(shelf.ids for shelf in self.shelves.values())]))

    def of_role(self, role: Role) -> Ids:
        """Its chunks."""
        return np.unique(np.concatenate([_NONE, *(self.shelf(shelf_of(kind, role)).ids for kind in KINDS)]))

    def kinds_of(self, role: Role) -> tuple[Kind, ...]:
        """The kinds that have any."""
        return tuple(kind for kind in KINDS if len(self.shelf(shelf_of(kind, role)).ids))


def _known(generations: Generations, model_id: str) -> _Known:
    probe: Vectors | None = None
    parts: dict[str, list[Shelf]] = defaultdict(list)
    for part in generations.stored(model_id):
        probe = part.vectors[0] if probe is None else probe
        near, ids = part.vectors @ probe, np.array(part.ids, np.int64)
        names = np.array([shelf_of(kind, role) for kind, role in zip(part.kinds, part.roles, strict=True)])
        for name in dict.fromkeys(names.tolist()):
            parts[name].append(Shelf(ids[names == name], near[names == name]))
    return _Known(probe, {name: _joined(found) for name, found in parts.items()})


def _joined(parts: Sequence[Shelf]) -> Shelf:
    """In order of id, since the store is read in it."""
    return Shelf(np.concatenate([part.ids for part in parts]), np.concatenate([part.cosines for part in parts]))


def _recall(generations: Generations, vectors: ChromaVectors, known: _Known, model_id: str, applied_seq: int) -> float:
    """Mean over sampled chunks of each role; passages that changed after `applied_seq` are left out on both sides."""
    before = _sorted(generations.changed(applied_seq))
    asked: dict[Role, Vectors] = {}
    for role in _ROLES:
        sample = _spread(np.setdiff1d(known.of_role(role), before, assume_unique=True).tolist())
        _, own = generations.vectors(sample, model_id)
        if len(own):  # they may all be gone since
            asked[role] = own
    nearest = _nearest(generations, model_id, asked, before)
    # The index stands still, the store does not: read after it, so that whatever came during the reading is in it.
    changed = generations.changed(applied_seq)
    k = _NEAREST + min(len(changed), _MOST_CHANGED)
    shares: list[float] = []
    for role, best in nearest.items():
        kinds = known.kinds_of(role)
        for vector, ids, scores in zip(asked[role], best.ids.tolist(), best.scores.tolist(), strict=True):
            true = [score for chunk_id, score in zip(ids, scores, strict=True) if chunk_id not in changed]
            near = vectors.query(vector, kinds=kinds, role=role, k=k)
            if true:
                shares.append(_share_found(true, [score for chunk_id, score in near if chunk_id not in changed]))
    return float(np.mean(shares)) if shares else 1.0


@dataclass(frozen=True, slots=True)
class _Best:
    """For each vector asked its nearest chunks, best first: ids and cosines, both of shape `(q, 10)` at most."""

    ids: Ids
    scores: Vectors

    def with_more(self, ids: Ids, scores: Vectors) -> _Best:
        """The best of these and of further chunks `ids`, scored `(q, len(ids))`."""
        all_scores = np.concatenate([self.scores, scores], axis=1)
        all_ids = np.concatenate([self.ids, np.broadcast_to(ids, scores.shape)], axis=1)
        order = np.argsort(-all_scores, axis=1, kind="stable")[:, :_NEAREST]
        return _Best(np.take_along_axis(all_ids, order, axis=1), np.take_along_axis(all_scores, order, axis=1))


def _nearest(generations: Generations, model_id: str, asked: Mapping[Role, Vectors], but: Ids) -> dict[Role, _Best]:
    """By role what is nearest to each vector asked, leaving `but` out; exact, in one reading of the store."""
    best = {
        role: _Best(np.zeros((len(vectors), 0), np.int64), np.zeros((len(vectors), 0), np.float32))
        for role, vectors in asked.items()
    }
    for part in generations.stored(model_id):
        ids = np.array(part.ids, np.int64)
        for role, vectors in asked.items():
            rows = np.flatnonzero((np.array(part.roles) == role) & ~np.isin(ids, but))
            best[role] = best[role].with_more(ids[rows], vectors @ part.vectors[rows].T)
    return best


def _spread(ids: Sequence[int]) -> list[int]:
    """At most `_SAMPLE` of them, evenly spread."""
    return [ids[int(place)] for place in np.linspace(0, len(ids) - 1, min(_SAMPLE, len(ids)))]


def _share_found(true: Sequence[float], found: Sequence[float]) -> float:
    """Share of the `true` best scores that were reached; equal scores count, since twins may swap places.

    >>> _share_found([0.9, 0.8, 0.7, 0.6], [0.9, 0.7, 0.6, 0.5])
    0.75
    """
    return sum(score >= true[-1] - _TWIN for score in found[: len(true)]) / len(true)
