"""Which contacts of a theme to listen to: real ones, as different from each other as the theme allows.

For the listening queue and for the quotes of a brief. Pure: vectors, channels and times go in, an order comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from assistant.seams import Vectors

_TYPICAL = 0.3  # the rest, 0.7, is for being different: typical alone repeats itself, different alone picks oddities
_CHANNEL = 0.25
_TIME = 0.25


@dataclass(frozen=True, slots=True)
class Voice:
    """What the choice knows of a contact besides its vector."""

    channel: str
    at: datetime


def varied(vectors: Vectors, voices: Sequence[Voice], *, count: int, heard: Collection[int] = ()) -> tuple[int, ...]:
    """Rows of `vectors`, shape `(n, d)`, in the order to listen to them, at most `count`, none of `heard`.

    The first is the most typical; each next one has the best sum of 0.3 x its likeness to the whole theme and
    0.7 x its distance to the nearest of those before it. `heard` are rows already listened to: they are not given
    again, but what comes next is to be unlike them too. Ties go to the lower row.

    The distance of two contacts is 1 - cosine, plus 0.25 for another channel, plus 0.25 x the share of the theme's
    time between them.

    Worked example: likeness to the whole 0.9, 0.8, 0.6; the first is heard. The second lies 0.1 from it in the same
    channel and hour: 0.3 x 0.8 + 0.7 x 0.1 = 0.31. The third lies 0.5 away in another channel, half the time later:
    0.3 x 0.6 + 0.7 x (0.5 + 0.25 + 0.125) = 0.79, so it comes first.
    """
    if len(voices) == 0:
        return ()
    typical = _likeness_to_the_whole(vectors)
    nearest = np.full(len(voices), np.inf)
    for row in heard:
        nearest = np.minimum(nearest, _distances(vectors, voices, row))
    open_ = np.ones(len(voices), dtype=np.bool_)
    open_[list(heard)] = False
    chosen: list[int] = []
    while len(chosen) < count and open_.any():
        apart = np.where(np.isfinite(nearest), nearest, 0.0)
        score = np.where(open_, _TYPICAL * typical + (1 - _TYPICAL) * apart, -np.inf)
        row = int(np.argmax(score))
        chosen.append(row)
        open_[row] = False
        nearest = np.minimum(nearest, _distances(vectors, voices, row))
    return tuple(chosen)


def _likeness_to_the_whole(vectors: Vectors) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    centre = vectors.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(centre))
    return np.asarray(vectors @ (centre / length) if length > 0 else np.zeros(len(vectors)), dtype=np.float64)


def _distances(vectors: Vectors, voices: Sequence[Voice], row: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    times = np.asarray([voice.at.timestamp() for voice in voices])
    span = float(times.max() - times.min())
    apart = np.abs(times - times[row]) / span if span > 0 else np.zeros(len(times))
    elsewhere = np.asarray([voice.channel != voices[row].channel for voice in voices])
    return np.asarray(1 - vectors @ vectors[row] + _CHANNEL * elsewhere + _TIME * apart, dtype=np.float64)
