"""Where to draw the lines between an answer, a part of one and silence, from a desk's own resolved tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_FOUND = 20
"""Fewer resolved tickets whose article was found say too little about where a line lies."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Confidence from which a draft is shown at all, and from which it is called an answer; both in [0, 1].

    `found` is how many resolved tickets they were read off.
    """

    partial: float
    answer: float
    found: int


def lines(confidences: Sequence[float], refused: float) -> Lines | None:
    """Return the lines for questions that are known to have an answer; None when there are too few.

    Of these, the share `refused` may meet silence, and the surer half is called an answer. The product is calibrated
    on one desk; how sure it is of what it does know differs from desk to desk, and this is read off here.

    >>> lines([n / 100 for n in range(1, 101)], refused=0.1)
    Lines(partial=0.109, answer=0.505, found=100)
    """
    if len(confidences) < LEAST_FOUND:
        return None
    partial, answer = np.quantile(np.asarray(confidences, np.float64), [refused, 0.5])
    return Lines(round(float(partial), 4), round(float(answer), 4), len(confidences))


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a line `at` a confidence would do to the resolved tickets, as shares in [0, 1].

    `silent` of those whose article is found meet silence; `astray` of those whose article is not are shown a draft.
    Either is None where there are no such tickets.
    """

    at: float
    silent: float | None
    astray: float | None


def consequences(found: Sequence[float], missed: Sequence[float], steps: int = 50) -> tuple[Consequence, ...]:
    """Return what each of `steps` + 1 lines from 0 to 1 would do, to choose one by.

    >>> consequences([0.2, 0.6, 0.8, 0.9], [0.1, 0.7], steps=2)[1]
    Consequence(at=0.5, silent=0.25, astray=0.5)
    """
    sure, unsure = (np.asarray(confidences, np.float64) for confidences in (found, missed))
    lines_at = [step / steps for step in range(steps + 1)]
    return tuple(
        Consequence(
            at,
            round(float((sure < at).mean()), 4) if len(sure) else None,
            round(float((unsure >= at).mean()), 4) if len(unsure) else None,
        )
        for at in lines_at
    )
