"""The neighbour graph that themes are read from: who is near whom, corrected for texts that are near everybody.

First step of clustering (`neighbours` -> `communities` -> `grouping`). Vectors are centred first, because
all texts of one desk share a large common part ("my account", "the program") that says nothing about themes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_BLOCK = 1024
_CENTRE_PRIOR = 50  # texts' worth of "no common part": a handful of texts must not be centred on themselves


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of `n` rows its `m` nearest other rows by cosine, nearest first.

    `index` has shape `(n, m)`; `similarity` likewise, float32 cosines of the centred vectors in [-1, 1].
    """

    index: Ints
    similarity: Floats


def centred(vectors: Floats) -> Floats:
    """`vectors` without their common part, rows of unit length again (a row equal to the mean stays near zero).

    The mean is shrunk by `n / (n + 50)`, so that ten texts about one thing are not pulled apart.
    """
    count = len(vectors)
    rest = vectors - vectors.mean(axis=0) * (count / (count + _CENTRE_PRIOR))
    return normalised(rest)


def normalised(vectors: Floats) -> Floats:
    """Rows scaled to unit length; rows of zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def nearest(vectors: Floats, count: int) -> Neighbours:
    """The `count` nearest other rows of each row, in blocks of rows: memory is `1024 x n` floats at a time."""
    found, similar = [], []
    for start in range(0, len(vectors), _BLOCK):
        scores = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(scores))
        scores[rows, start + rows] = -np.inf
        top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(scores, top, axis=1)
        order = np.lexsort((top, -values), axis=1)
        found.append(np.take_along_axis(top, order, axis=1))
        similar.append(np.take_along_axis(values, order, axis=1))
    return Neighbours(np.concatenate(found).astype(np.int64), np.concatenate(similar).astype(np.float32))


def link_graph(vectors: Floats, candidates: Neighbours, degree: int) -> sparse.csr_matrix:
    """A symmetric graph in which each row is linked to `degree` of its candidates.

    Candidates are ordered by twice the cosine less the mean closeness of both ends to their own nearest
    `degree` (cross-domain similarity local scaling), so that a text near everybody does not glue themes
    together. A link weighs its cosine, half when only one end chose it. `vectors` may be a subspace of
    those that `candidates` came from.
    """
    count = len(vectors)
    similarity = _edge_cosines(vectors, candidates.index)
    closeness = -np.partition(-similarity, degree - 1, axis=1)[:, :degree].mean(axis=1)
    scaled = 2 * similarity - closeness[:, None] - closeness[candidates.index]
    chosen = np.argpartition(-scaled, degree - 1, axis=1)[:, :degree]
    ends = np.take_along_axis(candidates.index, chosen, axis=1).ravel()
    weights = np.maximum(np.take_along_axis(similarity, chosen, axis=1), 1e-3).ravel().astype(np.float64)
    directed = sparse.csr_matrix((weights, (np.repeat(np.arange(count), degree), ends)), shape=(count, count))
    return ((directed + directed.T) / 2).tocsr()


def _edge_cosines(vectors: Floats, index: Ints) -> Floats:
    unit = normalised(vectors)
    blocks = [
        np.einsum("nd,nmd->nm", unit[start : start + _BLOCK], unit[index[start : start + _BLOCK]])
        for start in range(0, len(unit), _BLOCK)
    ]
    return np.concatenate(blocks)


@dataclass(frozen=True, slots=True)
class Atoms:
    """Points that stand for one or more near-identical rows.

    `vectors` has shape `(p, d)`, float32 unit rows; `mass` the number of texts behind each point;
    `back` maps each original row to its point.
    """

    vectors: Floats
    mass: npt.NDArray[np.float64]
    back: Ints


def condensed(vectors: Floats, mass: npt.NDArray[np.float64], kinds: Ints, limit: int) -> Atoms:
    """At most about `limit` points: the most similar pairs are merged first, in rounds, until few enough are left.

    Only rows with equal entries of `kinds`, shape `(n,)`, are merged, so more than `limit` points may be left.

    Keeps clustering's cost bounded: what is nearest to each other at 25,000 texts would share a theme at
    any scale that people look at. Rows are returned as they are when they are few enough.
    """
    atoms = Atoms(vectors, mass, np.arange(len(vectors)))
    while len(atoms.vectors) > limit:
        pairs = _closest_pairs(atoms.vectors, kinds, surplus=len(atoms.vectors) - limit)
        if len(pairs) == 0:
            return atoms
        target = np.arange(len(atoms.vectors))
        target[pairs[:, 1]] = pairs[:, 0]
        place = np.unique(target, return_inverse=True)[1]
        kinds = kinds[np.unique(place, return_index=True)[1]]
        merged = np.zeros((place.max() + 1, vectors.shape[1]), dtype=np.float32)
        np.add.at(merged, place, atoms.vectors * atoms.mass[:, None].astype(np.float32))
        atoms = Atoms(normalised(merged), np.bincount(place, weights=atoms.mass).astype(np.float64), place[atoms.back])
    return atoms


def _closest_pairs(vectors: Floats, kinds: Ints, surplus: int) -> Ints:
    """Up to `surplus` disjoint pairs of rows of one kind, shape `(pairs, 2)`, the most similar first."""
    near = nearest(vectors, 6)
    order = np.argsort(-near.similarity.ravel(), kind="stable")
    firsts, seconds = (order // 6).tolist(), near.index.ravel()[order].tolist()
    kind = kinds.tolist()
    taken = [False] * len(vectors)
    pairs: list[tuple[int, int]] = []
    for first, second in zip(firsts, seconds, strict=True):
        if kind[first] == kind[second] and not taken[first] and not taken[second]:
            taken[first] = taken[second] = True
            pairs.append((first, second))
            if len(pairs) == surplus:
                break
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
