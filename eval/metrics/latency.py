"""How long the stages take, and what a draft costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of the values lie, interpolated linearly between neighbours.

    The place is `share x (n - 1)`: for three values p95 lies 0.9 of the way from the second to the third.

    >>> round(percentile([10.0, 20.0, 30.0], 0.95), 6), percentile([], 0.5)
    (29.0, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of one stage in milliseconds over `n` questions."""

    stage: str
    p50: float
    p95: float
    p99: float
    n: int


def by_stage(timings_ms: Iterable[Mapping[str, float]]) -> tuple[Latency, ...]:
    """Return each stage's percentiles, in the order in which stages first appear; a stage may miss in a question.

    >>> by_stage([{"retrieve": 10.0}, {"retrieve": 30.0, "draft": 5.0}])[0]
    Latency(stage='retrieve', p50=20.0, p95=29.0, p99=29.8, n=2)
    """
    stages: dict[str, list[float]] = {}
    for timings in timings_ms:
        for stage, value in timings.items():
            stages.setdefault(stage, []).append(value)
    return tuple(
        Latency(stage, _at(values, 0.50), _at(values, 0.95), _at(values, 0.99), len(values))
        for stage, values in stages.items()
    )


def _at(values: Sequence[float], share: float) -> float:
    found = percentile(values, share)
    return found if found is not None else 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost, in one currency: the machine per hour, a chat model per million tokens in and out."""

    machine_hour: float = 0.0
    million_in: float = 0.0
    million_out: float = 0.0


def draft_cost(prices: Prices, *, seconds: float, tokens_in: int = 0, tokens_out: int = 0) -> float:
    """Return what one draft cost in the prices' currency.

    36 s of a machine at 0.10 an hour are 0.001; 2,000 tokens at 3 a million 0.006; 200 at 15 a million 0.003.

    >>> round(draft_cost(Prices(0.10, 3.0, 15.0), seconds=36, tokens_in=2000, tokens_out=200), 6)
    0.01
    """
    tokens = tokens_in * prices.million_in + tokens_out * prices.million_out
    return seconds / 3600 * prices.machine_hour + tokens / 1_000_000
