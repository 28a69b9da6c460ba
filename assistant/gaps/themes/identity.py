"""Keeps themes the same from day to day: a place for a new contact at once, old names for tonight's groups.

Follows `grouping`: by day `assign` puts each new contact into a theme that exists; at night `cluster` runs
with yesterday's themes as memory, and `match` says which of its groups is which theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from assistant.gaps.themes.communities import Labels
from assistant.gaps.themes.grouping import NONE, Clustering
from assistant.gaps.themes.neighbours import Floats

_EDGE = 0.1
_SAME_MEMBERS = 0.3
_SAME_PLACE = 0.9


@dataclass(frozen=True, slots=True)
class Place:
    """Where a theme lies: `centre` is a unit vector `(d,)`; `reach` the lowest cosine to it of a usual member."""

    theme_id: str
    centre: tuple[float, ...]
    reach: float


@dataclass(frozen=True, slots=True)
class Match:
    """What became of the themes: `theme_ids[g]` is group g's old theme or None for a new one.

    `overlap[g]` is the Jaccard share of contacts in both, among those known to both runs, in [0, 1].
    `ended` are themes without a group; `heirs` says for each of them which group holds most of its
    contacts (None when most belong to none now), so that its history is not lost.
    """

    theme_ids: tuple[str | None, ...]
    overlap: tuple[float, ...]
    ended: tuple[str, ...]
    heirs: tuple[int | None, ...]


def place(theme_id: str, vectors: Floats) -> Place:
    """The place of a theme from its members' vectors, shape `(m, d)`; a tenth of them lies beyond its reach."""
    mean = vectors.mean(axis=0)
    centre = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return Place(theme_id, tuple(centre.tolist()), float(np.quantile(vectors @ centre, _EDGE)))


def assign(vector: Floats, places: Sequence[Place]) -> str | None:
    """The theme whose centre is nearest to `vector`, shape `(d,)`, among those within reach; None for no theme."""
    if not places:
        return None
    return assign_all(vector[None, :], places)[0]


def assign_all(vectors: Floats, places: Sequence[Place]) -> tuple[str | None, ...]:
    """`assign` for each row of `vectors`, shape `(n, d)`."""
    if not places:
        return (None,) * len(vectors)
    centres = np.asarray([p.centre for p in places], dtype=np.float32)
    cosine = vectors @ centres.T
    within = np.where(cosine >= np.asarray([p.reach for p in places], dtype=np.float32), cosine, -np.inf)
    best = within.argmax(axis=1)
    found = np.isfinite(within[np.arange(len(vectors)), best])
    return tuple(places[int(b)].theme_id if ok else None for b, ok in zip(best, found, strict=True))


def match(clustering: Clustering, previous: Sequence[str | None], places: Sequence[Place]) -> Match:
    """Which old theme each group of `clustering` is; `previous` holds each contact's theme before, or None.

    One to one, the pairs chosen for the largest sum of overlaps (Hungarian method); a group takes over a
    theme when at least 30 % of their known contacts are shared, or, where none of the theme's contacts are
    in this run, when the centres' cosine is at least 0.9.
    """
    ids = [p.theme_id for p in places]
    old = np.asarray([ids.index(t) if t in ids else NONE for t in previous], dtype=np.int64)
    shared, overlap = _overlaps(clustering.labels, old, len(clustering.centroids), len(ids))
    near = _closeness(clustering, places)
    unseen = shared.sum(axis=0) == 0
    score = np.where(
        unseen[None, :], np.where(near >= _SAME_PLACE, 0.1 * near, 0), np.where(overlap >= _SAME_MEMBERS, overlap, 0)
    )
    groups, themes = linear_sum_assignment(-score) if score.size else ((), ())
    pairs = {int(g): int(t) for g, t in zip(groups, themes, strict=True) if score[g, t] > 0}
    ended = [t for t in range(len(ids)) if t not in pairs.values()]
    return Match(
        theme_ids=tuple(ids[pairs[g]] if g in pairs else None for g in range(len(clustering.centroids))),
        overlap=tuple(float(overlap[g, pairs[g]]) if g in pairs else 0.0 for g in range(len(clustering.centroids))),
        ended=tuple(ids[t] for t in ended),
        heirs=tuple(_heir(shared[:, t], int((old == t).sum())) for t in ended),
    )


def kept_pairs(before: Labels, after: Labels) -> float:
    """Share of the pairs together in `before` that are together in `after`, labels of the same contacts, -1: none.

    Worked example: {a, b, c} becomes {a, b} and {c}: one of three pairs is kept, 0.33.
    """
    inside = before >= 0
    pairs = _pairs(np.unique(before[inside], return_counts=True)[1])
    both = inside & (after >= 0)
    kept = _pairs(np.unique(np.stack([before[both], after[both]]), axis=1, return_counts=True)[1])
    return kept / pairs if pairs else 1.0


def _pairs(sizes: Labels) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def _overlaps(labels: Labels, old: Labels, groups: int, themes: int) -> tuple[Floats, Floats]:
    shared = np.zeros((groups, themes), dtype=np.float32)
    both = (labels >= 0) & (old >= 0)
    np.add.at(shared, (labels[both], old[both]), 1)
    known = np.bincount(labels[both], minlength=groups)[:, None]
    size = np.bincount(old[old >= 0], minlength=themes)[None, :]
    return shared, np.asarray(shared / np.maximum(known + size - shared, 1), dtype=np.float32)


def _closeness(clustering: Clustering, places: Sequence[Place]) -> Floats:
    if not places:
        return np.zeros((len(clustering.centroids), 0), dtype=np.float32)
    return np.asarray(clustering.centroids @ np.asarray([p.centre for p in places], dtype=np.float32).T)


def _heir(shared: Floats, size: int) -> int | None:
    if len(shared) == 0 or shared.max() <= 0 or shared.sum() < size / 2:
        return None
    return int(shared.argmax())
