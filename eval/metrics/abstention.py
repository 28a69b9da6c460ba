"""Whether a system knows when it does not know: its confidence against what was right or answerable.

`scores` are confidences, larger is surer; `positive` says which questions were answerable (or answered rightly).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Scores = Sequence[float] | npt.NDArray[np.float64]
Flags = Sequence[bool] | npt.NDArray[np.bool_]


def auroc(scores: Scores, positive: Flags) -> float | None:
    """Return the probability that a random positive scores above a random negative, a tie counting one half.

    None when there is no positive or no negative. Of the four pairs here three are in order and one is a tie.

    >>> auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875
    """
    value, flag = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    above, below = int(flag.sum()), int((~flag).sum())
    if not above or not below:
        return None
    rank_sum = float(_middle_ranks(value)[flag].sum())
    return (rank_sum - above * (above + 1) / 2) / (above * below)


def _middle_ranks(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, group, size = np.unique(value, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(size) - (size - 1) / 2)[group], dtype=np.float64)


def risk_coverage(scores: Scores, right: Flags) -> npt.NDArray[np.float64]:
    """Return the expected error rate among the `i` most confident questions, for `i` from 1 to n; shape `(n,)`.

    Equal confidences have no order, so inside a tie the errors are spread evenly: the mean over all orders.

    >>> risk_coverage([0.9, 0.5, 0.5], [True, True, False]).round(3).tolist()
    [0.0, 0.25, 0.333]
    """
    value, wrong = np.asarray(scores, dtype=np.float64), ~np.asarray(right, dtype=bool)
    order = np.argsort(-value, kind="stable")
    _, group = np.unique(-value[order], return_inverse=True)
    rate = np.bincount(group, weights=wrong[order].astype(np.float64)) / np.bincount(group) if len(group) else group
    return np.asarray(np.cumsum(rate[group]) / np.arange(1, len(group) + 1), dtype=np.float64)


def cost_by_threshold(
    scores: Scores, positive: Flags, wrong_to_missing: float, thresholds: Scores
) -> npt.NDArray[np.float64]:
    """Return the mean cost of a question, in missing drafts, when scores from each threshold on get a draft.

    A draft for a question without an answer costs `wrong_to_missing`, silence where there is one costs 1. Shape
    as `thresholds`. Here at 0.5 one draft is wrong and one is missing: (3 + 1) / 4.

    >>> cost_by_threshold([0.9, 0.6, 0.4, 0.1], [True, False, True, False], 3.0, [0.0, 0.5, 1.0]).tolist()
    [1.5, 1.0, 0.5]
    """
    value, flag = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    shown = value[None, :] >= np.asarray(thresholds, dtype=np.float64)[:, None]
    costs = wrong_to_missing * (shown & ~flag) + (~shown & flag)
    return np.asarray(costs.sum(axis=1) / max(len(value), 1), dtype=np.float64)


def risk_coverage_area(scores: Scores, right: Flags) -> float | None:
    """Return the mean of `risk_coverage` over all coverages, in [0, 1]; smaller is better, None without questions.

    >>> round(risk_coverage_area([0.9, 0.5, 0.5], [True, True, False]), 4)
    0.1944
    """
    risks = risk_coverage(scores, right)
    return float(risks.mean()) if len(risks) else None


def threshold_at(scores: Scores, answerable: Flags, false_abstention: float = 0.05) -> float | None:
    """Return the highest threshold `t` at which at most this share of the answerable scores below `t`.

    A question is refused when its score is below the threshold. None without an answerable question; `inf` when
    `false_abstention` is 1. With 20 answerable questions and 5 % one may be refused: the second lowest score.

    >>> threshold_at([n / 20 for n in range(20)], [True] * 20)
    0.05
    """
    kept = np.sort(np.asarray(scores, dtype=np.float64)[np.asarray(answerable, dtype=bool)])
    if not len(kept):
        return None
    allowed = int(np.floor(false_abstention * len(kept) + 1e-9))
    return float(kept[allowed]) if allowed < len(kept) else float("inf")


def unanswerable_recall(scores: Scores, answerable: Flags, false_abstention: float = 0.05) -> float | None:
    """Return the share of the unanswerable that is refused when at most 5 % of the answerable may be refused.

    The threshold is read from the same questions, so this describes the ranking, not a setting for tomorrow.

    >>> unanswerable_recall([0.9, 0.8, 0.3, 0.85], [True, True, False, False], 0.0)
    0.5
    """
    value, flag = np.asarray(scores, dtype=np.float64), np.asarray(answerable, dtype=bool)
    threshold = threshold_at(value, flag, false_abstention)
    if threshold is None or flag.all():
        return None
    return float((value[~flag] < threshold).mean())


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Questions whose confidence is in `(low, high]` (the first bin holds 0 too): stated against real share right."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


def reliability(probabilities: Scores, right: Flags, bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """Return the bins of equal width that hold a question, lowest first; empty ones are left out.

    >>> [(b.n, b.confidence, b.right) for b in reliability([0.25, 0.75, 0.75], [False, True, False], bins=2)]
    [(1, 0.25, 0.0), (2, 0.75, 0.5)]
    """
    value, flag = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=bool)
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.searchsorted(edges[1:-1], value)
    held = [(low, high, place == b) for b, (low, high) in enumerate(pairwise(edges.tolist()))]
    return tuple(
        ReliabilityBin(low, high, int(inside.sum()), float(value[inside].mean()), float(flag[inside].mean()))
        for low, high, inside in held
        if inside.any()
    )


def calibration_error(probabilities: Scores, right: Flags, bins: int = 10) -> float | None:
    """Return the expected calibration error: the gap between stated and real share, weighted by the bins' sizes.

    One question at 0.25 is wrong, two at 0.75 are right once: (1 x 0.25 + 2 x 0.25) / 3.

    >>> calibration_error([0.25, 0.75, 0.75], [False, True, False], bins=2)
    0.25
    """
    rows = reliability(probabilities, right, bins)
    n = sum(row.n for row in rows)
    return sum(row.n * abs(row.confidence - row.right) for row in rows) / n if n else None


def brier(probabilities: Scores, right: Flags) -> float | None:
    """Return the mean squared difference of probability and outcome, in [0, 1], smaller is better.

    >>> brier([0.5, 1.0], [False, True])
    0.125
    """
    value, flag = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=np.float64)
    return float(np.mean((value - flag) ** 2)) if len(value) else None
