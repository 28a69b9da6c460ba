"""How satisfied a customer was, on the one scale that the gap log counts with: 1 (worst) to 5 (best).

A helpdesk that asks for one of two answers gives 5 or 1, one that asks for a step of five gives that step, and steps
around a middle are spread evenly, the middle being 3.
"""

from __future__ import annotations

WORST, NEUTRAL, BEST = 1.0, 3.0, 5.0


def of_five(value: object) -> float | None:
    """A step of five as it is; None for everything else, which is no rating.

    >>> of_five(4), of_five("5"), of_five(0), of_five(None)
    (4.0, 5.0, None, None)
    """
    text = str(value)
    return float(text) if text in ("1", "2", "3", "4", "5") else None


def of_steps(step: int, most: int) -> float:
    """`step` of `-most` to `most`, spread evenly from 1 to 5.

    >>> of_steps(3, 3), of_steps(0, 3), round(of_steps(-1, 3), 2)
    (5.0, 3.0, 2.33)
    """
    return NEUTRAL + (BEST - NEUTRAL) * step / most
