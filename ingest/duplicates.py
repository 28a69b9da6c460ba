"""Articles that say nearly the same: found by the words they share, for people to merge or to take one away.

Broder's MinHash (1997) over runs of four words: two signatures agree in a place with the probability of the two
sets' Jaccard likeness. Bands of signatures find the pairs worth comparing; those are compared exactly.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

LIKE = 0.7
"""Jaccard likeness from which on two articles are shown."""

_RUN = 4
_BANDS, _ROWS = 32, 4
_PRIME = np.uint64((1 << 31) - 1)
_MOST_IN_BAND = 200  # of a text that hundreds share, some pairs say as much as all
_WORD = re.compile(r"\w+")

_Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents by their ids, and the share of their word runs that they have in common, in [0, 1]."""

    one: str
    other: str
    likeness: float


def near_duplicates(documents: Iterable[tuple[str, str]], like: float = LIKE) -> list[Pair]:
    """Pairs of (id, text) documents at least `like` alike, most alike first, each pair once.

    >>> text = "Open the settings and choose reset to begin the whole set-up again from the start."
    >>> near_duplicates([("a", text), ("b", text + " Wait."), ("c", "Something else, said in quite other words.")])
    [Pair(one='a', other='b', likeness=0.93)]
    """
    keys: list[str] = []
    runs: list[_Hashes] = []
    for key, text in documents:
        found = _runs(text)
        if len(found):
            keys.append(key)
            runs.append(found)
    pairs = []
    for one, other in sorted(_candidates(runs)):
        likeness = _jaccard(runs[one], runs[other])
        if likeness >= like:
            pairs.append(Pair(keys[one], keys[other], round(likeness, 2)))
    return sorted(pairs, key=lambda pair: (-pair.likeness, pair.one, pair.other))


def _runs(text: str) -> _Hashes:
    """The distinct runs of words, each as a number below the prime."""
    words = [zlib.crc32(word.encode()) for word in _WORD.findall(text.casefold())]
    if not words:
        return np.zeros(0, np.uint64)
    hashed = np.array(words, np.uint64) % _PRIME
    size = max(len(words) - _RUN + 1, 1)
    total = np.zeros(size, np.uint64)
    for place in range(min(_RUN, len(words))):
        total = (total * np.uint64(1_000_003) + hashed[place : place + size]) % _PRIME
    return np.unique(total)


def _candidates(runs: Sequence[_Hashes]) -> set[tuple[int, int]]:
    """Pairs whose signatures agree in all rows of a band."""
    rng = np.random.default_rng(0)
    factors, offsets = rng.integers(1, int(_PRIME), (2, _BANDS * _ROWS), dtype=np.uint64)
    bands: dict[tuple[int, bytes], list[int]] = {}
    for number, found in enumerate(runs):
        signature = ((found[:, None] * factors + offsets) % _PRIME).min(axis=0).reshape(_BANDS, _ROWS)
        for band in range(_BANDS):
            bands.setdefault((band, signature[band].tobytes()), []).append(number)
    return {pair for members in bands.values() for pair in combinations(members[:_MOST_IN_BAND], 2)}


def _jaccard(one: _Hashes, other: _Hashes) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
