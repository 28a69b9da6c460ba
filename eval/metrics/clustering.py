"""How well themes agree with known groups. A question in no theme (None) counts as a theme of its own.

With fewer than two questions there is nothing to compare and every figure is None.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Themes = Sequence[Hashable | None]


def share_left_out(themes: Themes) -> float | None:
    """Return the share of questions in no theme.

    >>> share_left_out(["a", None, "a", None])
    0.5
    """
    return sum(theme is None for theme in themes) / len(themes) if themes else None


def codes(themes: Themes) -> npt.NDArray[np.int64]:
    """Return a number for each theme, each None a number of its own.

    >>> codes(["x", None, "x", None]).tolist()
    [0, 1, 0, 2]
    """
    known: dict[tuple[bool, Hashable], int] = {}
    keys = [(theme is None, place if theme is None else theme) for place, theme in enumerate(themes)]
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Sizes of the groups, of the themes, and of their non-empty intersections (`cells`), over `n` questions."""

    groups: npt.NDArray[np.int64]
    themes: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    n: int


def overlap(groups: Themes, themes: Themes) -> Overlap:
    """Count how the known groups and the found themes intersect."""
    if len(groups) != len(themes):
        raise ValueError(f"expected one theme for each question, found {len(themes)} for {len(groups)}")
    left, right = codes(groups), codes(themes)
    _, cells = np.unique(np.stack([left, right]), axis=1, return_counts=True)
    return Overlap(np.bincount(left), np.bincount(right), cells, len(left))


def adjusted_rand(groups: Themes, themes: Themes) -> float | None:
    """Return the adjusted Rand index: agreement on pairs beyond chance, 1 for equal partitions, near 0 for chance.

    Pairs together: 2 in the groups, 1 in the themes, 1 in both, of 6 in all. Chance gives 2 x 1 / 6 = 1/3, the best
    possible is (2 + 1) / 2, so ARI is (1 - 1/3) / (3/2 - 1/3) = 4/7.

    >>> round(adjusted_rand(["a", "a", "b", "b"], [1, 1, 2, None]), 4)
    0.5714
    >>> round(adjusted_rand(["a", "a", "b", "b"], [1, 2, 1, 2]), 4)
    -0.5
    """
    if len(groups) < 2:
        return None
    table = overlap(groups, themes)
    both, left, right = (_pairs(sizes) for sizes in (table.cells, table.groups, table.themes))
    chance = left * right / (table.n * (table.n - 1) / 2)
    best = (left + right) / 2
    return (both - chance) / (best - chance) if best != chance else 1.0


def _pairs(sizes: npt.NDArray[np.int64]) -> float:
    return float((sizes * (sizes - 1) // 2).sum())


def _entropy(sizes: npt.NDArray[np.int64], n: int) -> float:
    share = sizes / n
    return float(-(share * np.log(share)).sum())


@dataclass(frozen=True, slots=True)
class Information:
    """Homogeneity (each theme one group), completeness (each group one theme), both in [0, 1], and their means."""

    homogeneity: float
    completeness: float
    v_measure: float
    nmi: float


def information(groups: Themes, themes: Themes) -> Information | None:
    """Return the measures built on mutual information.

    NMI divides the mutual information by the arithmetic mean of both entropies; V-measure is the harmonic mean of
    homogeneity and completeness. The two are equal by algebra and computed apart. Two themes that split one group of
    two and keep the other whole: each theme is pure (homogeneity 1), completeness is ln 2 / (1.5 ln 2) = 2/3.

    >>> found = information(["a", "a", "b", "b"], [1, 1, 2, 3])
    >>> round(found.homogeneity, 4), round(found.completeness, 4), round(found.v_measure, 4), round(found.nmi, 4)
    (1.0, 0.6667, 0.8, 0.8)
    """
    if len(groups) < 2:
        return None
    table = overlap(groups, themes)
    left, right = _entropy(table.groups, table.n), _entropy(table.themes, table.n)
    mutual = max(left + right - _entropy(table.cells, table.n), 0.0)
    homogeneity = min(mutual / left, 1.0) if left else 1.0
    completeness = min(mutual / right, 1.0) if right else 1.0
    both = homogeneity + completeness
    v_measure = 2 * homogeneity * completeness / both if both else 0.0
    nmi = min(2 * mutual / (left + right), 1.0) if left + right else 1.0
    return Information(homogeneity, completeness, v_measure, nmi)
