"""How sure a figure is, and whether two systems differ: bootstrap over questions and McNemar's exact test.

Everything is seeded: the same input and seed give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

Sample = npt.NDArray[np.int64]
Statistic = Callable[[Sample], float | None]
"""Called with question numbers (repeats allowed), returns the figure for those questions or None."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval over `n` questions; `undefined` questions (or samples) were left out.

    `value`, `low` and `high` are None together with the figure.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    undefined: int = 0


def bootstrap(statistic: Statistic, n: int, *, resamples: int = 1000, level: float = 0.95, seed: int = 0) -> Estimate:
    """Return the statistic of all `n` questions with the percentile interval of its resamples.

    Resamples for which the statistic is undefined are left out and counted in `undefined`.

    >>> estimate = bootstrap(lambda sample: float(sample.mean()), 3)
    >>> estimate.value, estimate.low, estimate.high
    (1.0, 0.0, 2.0)
    """
    value = statistic(np.arange(n, dtype=np.int64)) if n else None
    if value is None:
        return Estimate(None, None, None, n)
    generator = np.random.default_rng(seed)
    drawn = [statistic(generator.integers(0, n, n)) for _ in range(resamples)]
    defined = np.array([figure for figure in drawn if figure is not None], dtype=np.float64)
    if not len(defined):
        return Estimate(value, None, None, n, resamples)
    low, high = _tails(defined, level)
    return Estimate(value, low, high, n, resamples - len(defined))


def half_samples(statistic: Statistic, n: int, *, resamples: int = 200, level: float = 0.95, seed: int = 0) -> Estimate:
    """Return the statistic of all `n` questions with an interval from samples of half of them, none drawn twice.

    For figures about pairs of questions (clusterings), where a question drawn twice would agree with itself. The
    deviation of half-samples without repeats has the variance of the whole sample's own error, since
    1/(n/2) - 1/n = 1/n; it is centred on the figure.

    >>> estimate = half_samples(lambda sample: float(len(set(sample.tolist()))), 10)
    >>> estimate.value, estimate.low, estimate.high
    (10.0, 10.0, 10.0)
    """
    value = statistic(np.arange(n, dtype=np.int64)) if n else None
    if value is None:
        return Estimate(None, None, None, n)
    generator = np.random.default_rng(seed)
    drawn = [statistic(generator.choice(n, n // 2, replace=False)) for _ in range(resamples)]
    defined = np.array([figure for figure in drawn if figure is not None], dtype=np.float64)
    if not len(defined):
        return Estimate(value, None, None, n, resamples)
    low, high = _tails(value + defined - defined.mean(), level)
    return Estimate(value, low, high, n, resamples - len(defined))


def bootstrap_mean(
    values: Sequence[float | None], *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the mean of the defined values with its bootstrap interval; the others are counted.

    >>> bootstrap_mean([1.0, None, 1.0])
    Estimate(value=1.0, low=1.0, high=1.0, n=2, undefined=1)
    """
    defined = np.array([value for value in values if value is not None], dtype=np.float64)
    if not len(defined):
        return Estimate(None, None, None, 0, len(values))
    low, high = _tails(_resampled_means(defined, resamples, seed), level)
    return Estimate(float(defined.mean()), low, high, len(defined), len(values) - len(defined))


def _resampled_means(values: npt.NDArray[np.float64], resamples: int, seed: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    return np.array([values[generator.integers(0, len(values), len(values))].mean() for _ in range(resamples)])


def _tails(values: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of `second - first` over `n` paired questions with its interval; `p_value` is two-sided.

    `better` and `worse` count the questions on which the second system gains and loses.
    """

    value: float | None
    low: float | None
    high: float | None
    p_value: float | None
    n: int
    better: int
    worse: int


def paired_bootstrap(
    first: Sequence[float | None],
    second: Sequence[float | None],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Return how much the second system gains on the same questions; a pair with an undefined side is left out.

    `p_value` doubles the smaller share of resamples on either side of zero, at least `1 / resamples`.

    >>> gain = paired_bootstrap([0.0, 0.5, 1.0], [1.0, 1.0, 1.0])
    >>> gain.value, gain.better, gain.worse
    (0.5, 2, 0)
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if not pairs:
        return Difference(None, None, None, None, 0, 0, 0)
    gains = np.array([b - a for a, b in pairs], dtype=np.float64)
    means = _resampled_means(gains, resamples, seed)
    low, high = _tails(means, level)
    tail = min(float((means <= 0).mean()), float((means >= 0).mean()))
    p_value = min(1.0, max(2 * tail, 1 / resamples))
    better, worse = int((gains > 0).sum()), int((gains < 0).sum())
    return Difference(float(gains.mean()), low, high, p_value, len(gains), better, worse)


@dataclass(frozen=True, slots=True)
class McNemar:
    """Questions only the first and only the second system got right, and the exact two-sided probability."""

    only_first: int
    only_second: int
    p_value: float | None


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """Return McNemar's exact test; `p_value` is None when the two never differ.

    Five questions only the second got right, none only the first: 2 x (1/2)^5.

    >>> mcnemar([False] * 5 + [True], [True] * 6)
    McNemar(only_first=0, only_second=5, p_value=0.0625)
    """
    pairs = list(zip(first, second, strict=True))
    one, two = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    n = one + two
    if not n:
        return McNemar(one, two, None)
    tail = sum(comb(n, i) for i in range(min(one, two) + 1))
    return McNemar(one, two, min(1.0, 2 * tail / 2**n))
