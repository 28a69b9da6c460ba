"""Groups contacts into themes without being told how many there are; what fits nowhere stays alone.

Third step of clustering (`neighbours` -> `communities` -> `grouping`). The graph is read at a range of scales
(links per text); at the scale whose groups are best separated (mean silhouette) it is read again several
times, each on a random half of the vectors' dimensions, and two contacts belong together when most agree. Texts that no
majority holds together are outliers by the same rule, without a threshold on distance. Nothing is set by
hand to fit one collection: `eval/themes_report.py` shows the same code on sets of 5 to 150 groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage

from assistant.gaps.themes.communities import Labels, Masses, communities, partition, refined
from assistant.gaps.themes.neighbours import (
    Floats,
    Neighbours,
    centred,
    condensed,
    link_graph,
    nearest,
    normalised,
)

NONE = -1
RUNS = 24
"""Groupings that vote: with a third of them, pairs kept from month to month fall by up to 0.06."""
MIN_SIZE = 3
MAX_POINTS = 5000
_SCALES = (3, 5, 8, 12, 18, 27, 40, 60, 90)
_CANDIDATES = 3  # times the degree: how far a subspace may look for its own neighbours
_SCAN_ROUNDS = 3
_WIDE = 18
_MERGE = 3
_FEW_ALIKE = 0.55
_FLATNESS = 0.1
_MAJORITY = 0.5
_ALIKE = 0.15
_TINY = 1e-6
_MEMORY = 0.45  # a pair kept last night stays unless fewer than 1 in 11 groupings keep it


@dataclass(frozen=True, slots=True)
class Clustering:
    """Themes of `n` contacts: `labels` in -1 (none), 0 .. t-1, largest theme first.

    `centroids` has shape `(t, d)`, float32 unit rows: means of the members' vectors. `agreement` is, per
    contact, the mean share of groupings that put it with another member of its theme, in [0, 1]; 0 for none.
    `scale` is the number of links per text that separated the texts best (0: too few texts to say).
    """

    labels: Labels
    centroids: Floats
    agreement: Floats
    scale: int


def cluster(
    vectors: Floats,
    texts: Sequence[str],
    *,
    previous: Labels | None = None,
    pinned: Labels | None = None,
    scale: int | None = None,
    min_size: int = MIN_SIZE,
    runs: int = RUNS,
) -> Clustering:
    """Themes of `vectors`, shape `(n, d)` float32 with unit rows, one per text; deterministic.

    Texts that are equal but for case and spaces count as one point, so that a form letter sent two hundred
    times is one place and not a crowd that is only its own neighbour. A theme has at least `min_size`
    contacts.

    `previous` holds last night's theme of each contact (-1: none or new): it counts as 45 % of the vote on
    a pair that both were there for, so a theme changes only for a reason. `pinned` holds the theme that a
    person put a contact in (-1: free): equal numbers stay together, different ones stay apart. `scale` of an
    earlier clustering of much the same contacts saves measuring it again, which is two thirds of the time.
    """
    if len(texts) == 0:
        return Clustering(np.zeros(0, dtype=np.int64), vectors[:0], np.zeros(0, dtype=np.float32), 0)
    nobody = np.full(len(texts), NONE, dtype=np.int64)
    kinds = np.stack([nobody if previous is None else previous, nobody if pinned is None else pinned], axis=1)
    first, back = _distinct(texts, kinds)
    kind_of = np.unique(kinds[first], axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    mass = np.bincount(back, minlength=len(first)).astype(np.float64)
    atoms = condensed(vectors[first], mass, kind_of, MAX_POINTS)
    votes, scale = _votes(atoms.vectors, runs, scale)
    place = atoms.back[back]
    shown = np.zeros(len(atoms.vectors), dtype=np.int64)
    shown[place] = np.arange(len(place))
    labels, agreement = _consensus(votes, atoms.mass, kinds[shown, 0], kinds[shown, 1])
    fits = _cohesive(vectors, labels[place]) | (kinds[:, 1] >= 0)
    return _assemble(vectors, labels[place], np.where(fits, np.maximum(agreement[place], _TINY), 0), min_size, scale)


def _distinct(texts: Sequence[str], kinds: Labels) -> tuple[Labels, Labels]:
    """Index of each distinct text's first occurrence, and for each text the place of its distinct form."""
    places: dict[tuple[str, int, int], int] = {}
    keys = (
        (" ".join(text.casefold().split()), int(was), int(pin)) for text, (was, pin) in zip(texts, kinds, strict=True)
    )
    back = np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)
    first = np.unique(back, return_index=True)[1].astype(np.int64)
    return first, back


def _votes(points: Floats, runs: int, scale: int | None) -> tuple[Labels, int]:
    """Labels of shape `(p, runs)` at the scale that separates the points best, and that scale."""
    scales = [s for s in _SCALES if s <= len(points) / 8]
    if not scales:
        return _few(points)[:, None], 0
    space = centred(points)
    widest = max(scale or scales[-1], 1)
    candidates = nearest(space, min(_CANDIDATES * widest, len(points) - 1))
    if not scale:
        scale = best_scale(scales, _separation(space, candidates, scales))
    columns, resolution = [], 1.0
    for seed in range(runs):
        graph = _graph(space, candidates, scale, seed=seed)
        labels, resolution = communities(graph, seed=seed, start=resolution)
        columns.append(labels)
    return np.stack(columns, axis=1), scale


def _separation(space: Floats, candidates: Neighbours, scales: Sequence[int]) -> list[float]:
    """Mean silhouette of one grouping at each of `scales`; wide scales are first read with near points merged."""
    quality, resolution = [], 1.0
    ones, alike = np.ones(len(space)), np.zeros(len(space), dtype=np.int64)
    merged = condensed(space, ones, alike, len(space) // _MERGE).back
    for scale in reversed(scales):
        graph = _graph(space, candidates, scale, seed=scale)
        back = merged if scale >= _WIDE else np.arange(len(space))
        member = sparse.csr_matrix((ones, (np.arange(len(back)), back)))
        coarse = (member.T @ graph @ member).tocsr()
        labels, resolution = communities(coarse, seed=scale, start=resolution, rounds=_SCAN_ROUNDS)
        fine = refined(graph, labels[back], resolution, seed=scale)
        quality.append(float(silhouette(space, fine).mean()))
    return quality[::-1]


def _few(points: Floats) -> Labels:
    """Groups of less than 24 points, too few to say what is usual: mean cosine of at least 0.55 between groups."""
    if len(points) < 2:
        return np.zeros(len(points), dtype=np.int64)
    tree = linkage(points.astype(np.float64), method="average", metric="cosine")
    return np.asarray(fcluster(np.clip(tree, 0, None), 1 - _FEW_ALIKE, criterion="distance") - 1, dtype=np.int64)


def best_scale(scales: Sequence[int], quality: Sequence[float]) -> int:
    """The geometric mean of the scales, each weighted by `exp((quality - best) / (0.1 |best|))`.

    The curve is flat around its top and no smoother than its seeds: the top alone jumps from 40 to 90 when a month is
    added, and with it every theme. Worked example: scales 10 and 40 of quality 0.20 and 0.18 weigh 1 and
    exp(-1) = 0.37, so the scale is exp((ln 10 + 0.37 ln 40) / 1.37) = 14.5, read as 15.
    """
    best = max(quality)
    weights = np.exp((np.asarray(quality) - best) / (_FLATNESS * max(abs(best), _TINY)))
    return max(round(float(np.exp(np.average(np.log(scales), weights=weights)))), 1)


def _graph(space: Floats, candidates: Neighbours, scale: int, *, seed: int) -> sparse.csr_matrix:
    """The graph with `scale` links per point, seen in a random half of the dimensions."""
    half = np.sort(np.random.default_rng(seed).permutation(space.shape[1])[: (space.shape[1] + 1) // 2])
    near = Neighbours(candidates.index[:, : _CANDIDATES * scale], candidates.similarity[:, : _CANDIDATES * scale])
    return link_graph(space[:, half], near, scale)


def silhouette(vectors: Floats, labels: Labels) -> Floats:
    """How much nearer each row is to its own group than to the next one, in [-1, 1]; 0 for a group of one.

    Exact for cosine distance, through the groups' sums instead of all pairs. Worked example: mean distance
    0.3 to the others of its group and 0.5 to the nearest other group gives (0.5 - 0.3) / 0.5 = 0.4.
    """
    sizes = np.bincount(labels)
    if len(sizes) < 2:
        return np.zeros(len(labels), dtype=np.float32)
    sums = np.zeros((len(sizes), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, vectors)
    distance = 1 - vectors @ (sums / sizes[:, None]).T
    rows = np.arange(len(labels))
    alike = np.einsum("nd,nd->n", vectors, sums[labels]) - np.einsum("nd,nd->n", vectors, vectors)
    own = 1 - alike / np.maximum(sizes[labels] - 1, 1)
    distance[rows, labels] = np.inf
    other = distance.min(axis=1)
    score = (other - own) / np.maximum(np.maximum(own, other), 1e-9)
    return np.where(sizes[labels] > 1, score, 0).astype(np.float32)


def _consensus(votes: Labels, weights: Masses, previous: Labels, pinned: Labels) -> tuple[Labels, Floats]:
    """Groups in which a pair is together by more than half of the vote, as far as one grouping can have it.

    Points with the same votes everywhere are one atom, which keeps the table of pairs small and exact;
    points pinned to one theme are one atom whatever their votes.
    """
    atoms, back = np.unique(np.column_stack([votes, previous, pinned]), axis=0, return_inverse=True)
    back = back.ravel()
    mass = np.bincount(back, weights=weights).astype(np.float64)
    together = _with_memory(_co_association(atoms[:, :-2]), atoms[:, -2])
    strength = sparse.diags(mass)
    linked = (strength @ together @ strength).tocsr()
    merged, linked, merged_mass = _pin(linked, mass, atoms[:, -1])
    labels = partition(linked, merged_mass, _MAJORITY, seed=0)[merged]
    member = sparse.csr_matrix((mass, (np.arange(len(labels)), labels)))
    inside = np.asarray((together @ member)[np.arange(len(labels)), labels]).ravel() - 1
    others = np.maximum(np.bincount(labels, weights=mass)[labels] - 1, 1)
    return labels[back], np.clip(inside / others, 0, 1)[back].astype(np.float32)


def _with_memory(together: sparse.csr_matrix, previous: Labels) -> sparse.csr_matrix:
    """Shares of votes in which last night's answer has a say for pairs of which both had a theme."""
    if not (previous >= 0).any():
        return together
    known = sparse.diags((previous >= 0).astype(np.float64))
    rows = np.flatnonzero(previous >= 0)
    before = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, previous[rows])), shape=(len(previous), int(previous.max()) + 1)
    )
    return (together - _MEMORY * (known @ together @ known) + _MEMORY * (before @ before.T)).tocsr()


def _pin(linked: sparse.csr_matrix, mass: Masses, pinned: Labels) -> tuple[Labels, sparse.csr_matrix, Masses]:
    """Each pinned theme's atoms contracted to one node, and different pinned themes pushed apart."""
    if not (pinned >= 0).any():
        return np.arange(len(mass), dtype=np.int64), linked, mass
    own = np.where(pinned >= 0, pinned, int(pinned.max()) + 1 + np.arange(len(pinned)))
    node = np.unique(own, return_inverse=True)[1].ravel().astype(np.int64)
    nodes = int(node.max()) + 1
    member = sparse.csr_matrix((np.ones(len(node)), (np.arange(len(node)), node)), shape=(len(node), nodes))
    held = (np.bincount(node, weights=pinned >= 0, minlength=nodes) > 0).astype(np.float64)
    apart = sparse.csr_matrix(held[:, None]) @ sparse.csr_matrix(held[None, :])
    apart = apart - sparse.diags(apart.diagonal())
    contracted = member.T @ linked @ member - float(mass.sum()) ** 2 * apart
    return node, contracted.tocsr(), np.bincount(node, weights=mass, minlength=nodes).astype(np.float64)


def _co_association(votes: Labels) -> sparse.csr_matrix:
    rows = np.arange(len(votes))
    parts = [sparse.csr_matrix((np.ones(len(votes)), (rows, column))) for column in votes.T]
    indicator = sparse.hstack(parts).tocsr()
    return (indicator @ indicator.T / votes.shape[1]).tocsr()


def _cohesive(vectors: Floats, labels: Labels) -> npt.NDArray[np.bool_]:
    """Whether a text's mean cosine (of centred vectors) to the others of its group is at least 0.15.

    Leftovers are near to each other for want of anything nearer; a heap of them is not a theme.
    """
    space = centred(vectors)
    sizes = np.bincount(labels)
    sums = np.zeros((len(sizes), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, space)
    alike = np.einsum("nd,nd->n", space, sums[labels]) - np.einsum("nd,nd->n", space, space)
    return np.asarray(alike / np.maximum(sizes[labels] - 1, 1) >= _ALIKE)


def _assemble(vectors: Floats, labels: Labels, agreement: Floats, min_size: int, scale: int) -> Clustering:
    """The clustering without the texts of agreement 0 and then without groups below `min_size`."""
    inside = agreement > 0
    sizes = np.bincount(labels, weights=inside)
    kept = [int(g) for g in np.argsort(-sizes, kind="stable") if sizes[g] >= min_size]
    renamed = np.full(len(sizes), NONE, dtype=np.int64)
    renamed[kept] = np.arange(len(kept))
    final = np.where(inside, renamed[labels], NONE)
    sums = np.zeros((len(kept), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, final[final >= 0], vectors[final >= 0])
    return Clustering(final, normalised(sums), np.where(final >= 0, agreement, 0).astype(np.float32), scale)
