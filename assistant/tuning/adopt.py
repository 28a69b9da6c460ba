"""Whether what was learned is better on later tickets beyond noise: the gate before anything is adopted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_RESAMPLES = 2_000
_LEVEL = 0.9
LEAST_QUESTIONS = 40
"""Fewer later tickets than this settle nothing."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Mean reciprocal rank before and after on the same `questions`, and the 90 % interval of the difference.

    With it a worse candidate passes once in twenty times.
    """

    before: float
    after: float
    low: float
    high: float
    questions: int

    @property
    def is_beyond_noise(self) -> bool:
        """Whether enough questions were asked and the whole interval is above zero."""
        return self.questions >= LEAST_QUESTIONS and self.low > 0


Ranks = Sequence[float] | npt.NDArray[np.float64]


def paired_gain(before: Ranks, after: Ranks, *, seed: int = 0) -> Gain:
    """Return the gain of `after` over `before`, resampled over questions.

    >>> paired_gain([0.5] * 50, [1.0] * 50)
    Gain(before=0.5, after=1.0, low=0.5, high=0.5, questions=50)
    """
    first, second = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if not len(first):
        return Gain(0.0, 0.0, 0.0, 0.0, 0)
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(first), (_RESAMPLES, len(first)))
    low, high = np.quantile((second - first)[drawn].mean(axis=1), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Gain(float(first.mean()), float(second.mean()), float(low), float(high), len(first))
