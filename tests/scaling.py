"""How processor time grows with the size of an input: the guard against whatever runs away on hostile text.

A bound in seconds says more about the machine than about the code; how one machine's time grows from a small input
to a large one of the same making says whether the code is linear, and holds on any machine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log
from time import process_time
from timeit import Timer
from typing import TypeVar

T = TypeVar("T")

BELOW_QUADRATIC = 1.5
"""The power halfway between linear (1) and quadratic (2): with inputs 8 times apart it leaves noise a factor of 2.8."""

_MEASURABLE_S = 0.02  # of one measurement: a shorter run is repeated until it takes this long
_TRIES = 3  # the least of them counts: whatever else the machine does only ever adds


def growth(run: Callable[[T], object], make: Callable[[int], T], small: int, large: int) -> float:
    """The power of the size that the processor time of `run(make(size))` grows by from `small` to `large`.

    About 1 where time is linear in the size, 2 where it is quadratic, 0 where something caps the work. Making the
    input is not timed. Where 10,000 characters take 20 ms and 80,000 take 170 ms, the power is about 1.03:

    >>> round(power(0.020, 0.170, 80_000 / 10_000), 2)
    1.03
    """
    return power(_seconds(run, make(small)), _seconds(run, make(large)), large / small)


def power(first: float, second: float, times: float) -> float:
    """The power of a size that grew by `times` that takes `first` seconds to `second`.

    >>> round(power(1, 64, times=8), 2), round(power(1, 8, times=8), 2), round(power(1, 1, times=8), 2)
    (2.0, 1.0, 0.0)
    """
    return log(second / first) / log(times)


def _seconds(run: Callable[[T], object], given: T) -> float:
    timer = Timer(lambda: run(given), timer=process_time)
    calls = ceil(_MEASURABLE_S / max(timer.timeit(1), 1e-6))
    return min(timer.repeat(_TRIES, calls)) / calls
