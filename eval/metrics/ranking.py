"""How good one ranked list of documents is, and the mean over questions.

Places count from 1. A document that is returned twice keeps both places and is credited at the first. Every function
returns `None` for a question with no relevant document, where the figure is undefined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
import numpy.typing as npt

Ranked = Sequence[str]
"""Document ids, best first."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the defined values: `n` of them, `undefined` left out. `value` is None when `n` is 0."""

    value: float | None
    n: int
    undefined: int


def mean_defined(values: Iterable[float | None]) -> Mean:
    """Return the mean of the values that are not None, with how many were and were not.

    >>> mean_defined([1.0, None, 0.5])
    Mean(value=0.75, n=2, undefined=1)
    >>> mean_defined([None])
    Mean(value=None, n=0, undefined=1)
    """
    everything = list(values)
    defined = [value for value in everything if value is not None]
    mean = sum(defined) / len(defined) if defined else None
    return Mean(mean, len(defined), len(everything) - len(defined))


def relevant_places(ranked: Ranked, relevant: Collection[str], k: int | None = None) -> list[int]:
    """Return the places, from 1, at which relevant documents first appear among the first `k` (all when None).

    >>> relevant_places(["b", "a", "a", "c"], {"a", "c"})
    [2, 4]
    """
    wanted, seen, places = set(relevant), set[str](), []
    for place, document in enumerate(ranked[:k], 1):
        if document in wanted and document not in seen:
            places.append(place)
            seen.add(document)
    return places


def hit(ranked: Ranked, relevant: Collection[str], k: int) -> float | None:
    """Return 1.0 when any relevant document is among the first `k`, else 0.0.

    >>> hit(["b", "a"], {"a"}, 1), hit(["b", "a"], {"a"}, 2), hit(["b"], set(), 1)
    (0.0, 1.0, None)
    """
    return float(bool(relevant_places(ranked, relevant, k))) if relevant else None


def recall(ranked: Ranked, relevant: Collection[str], k: int) -> float | None:
    """Return the share of the relevant documents that are among the first `k`.

    >>> recall(["b", "a", "a"], {"a", "c"}, 3)
    0.5
    """
    return len(relevant_places(ranked, relevant, k)) / len(set(relevant)) if relevant else None


def reciprocal_rank(ranked: Ranked, relevant: Collection[str], k: int | None = None) -> float | None:
    """Return one over the place of the first relevant document, 0.0 when none is among the first `k`.

    >>> reciprocal_rank(["b", "c", "a"], {"a", "c"})
    0.5
    """
    if not relevant:
        return None
    places = relevant_places(ranked, relevant, k)
    return 1 / places[0] if places else 0.0


def average_precision(ranked: Ranked, relevant: Collection[str], k: int | None = None) -> float | None:
    """Return the precision at each relevant document's place, summed and divided by the number of relevant documents.

    With "a" second and "c" fourth the precisions are 1/2 and 2/4, so the mean over two relevant documents is 0.5.

    >>> average_precision(["b", "a", "d", "c"], {"a", "c"})
    0.5
    """
    if not relevant:
        return None
    places = relevant_places(ranked, relevant, k)
    return sum(found / place for found, place in enumerate(places, 1)) / len(set(relevant))


def ndcg(ranked: Ranked, gains: Mapping[str, float] | Collection[str], k: int | None = None) -> float | None:
    """Return the discounted gain of the first `k` divided by the best that any order could have.

    Linear gain (1 for each member of a plain collection), discounted by `log2(place + 1)`. None when no document gains.

    One of two relevant documents, in the first place: 1 / (1 + 1/log2(3)) = 0.6131.

    >>> round(ndcg(["a", "b"], {"a", "c"}, 2), 4)
    0.6131
    """
    gain = dict(gains) if isinstance(gains, Mapping) else dict.fromkeys(gains, 1.0)
    positive = {document: value for document, value in gain.items() if value > 0}
    if not positive:
        return None
    places = relevant_places(ranked, positive, k)
    found = sum(positive[ranked[place - 1]] / log2(place + 1) for place in places)
    best = sorted(positive.values(), reverse=True)[:k]
    return found / sum(value / log2(place + 1) for place, value in enumerate(best, 1))


@dataclass(frozen=True, slots=True)
class Finds:
    """Which relevant document of which question was found: one row per pair, so that resampling is cheap.

    `question` and `document` are row numbers, shape `(pairs,)`; `found` is 1.0 or 0.0.
    """

    question: npt.NDArray[np.int64]
    document: npt.NDArray[np.int64]
    found: npt.NDArray[np.float64]
    questions: int
    documents: tuple[str, ...]


def finds(runs: Sequence[tuple[Ranked, Collection[str]]], k: int) -> Finds:
    """Return every (question, relevant document) pair of `runs` with whether it was found among the first `k`."""
    rows = [
        (number, document, float(document in ranked[:k]))
        for number, (ranked, relevant) in enumerate(runs)
        for document in sorted(set(relevant))
    ]
    names = sorted({document for _, document, _ in rows})
    places = {document: place for place, document in enumerate(names)}
    return Finds(
        question=np.array([row[0] for row in rows], dtype=np.int64),
        document=np.array([places[row[1]] for row in rows], dtype=np.int64),
        found=np.array([row[2] for row in rows], dtype=np.float64),
        questions=len(runs),
        documents=tuple(names),
    )


def macro_recall(pairs: Finds, sample: npt.NDArray[np.int64] | None = None) -> float | None:
    """Return the recall of each document over the questions that need it, averaged over documents.

    A popular article then counts as much as a rare one, which a list of best sellers cannot satisfy. `sample` are
    question numbers, repeats allowed, for bootstrapping; documents that no sampled question needs are left out.

    "a" is found for one of its two questions, "c" for its only one: (0.5 + 1) / 2.

    >>> macro_recall(finds([(["a"], {"a"}), (["b"], {"a"}), (["c"], {"c"})], k=10))
    0.75
    """
    size = len(pairs.documents)
    drawn = np.arange(pairs.questions) if sample is None else sample
    weight = np.bincount(drawn, minlength=pairs.questions)[pairs.question].astype(np.float64)
    needed = np.bincount(pairs.document, weights=weight, minlength=size)
    found = np.bincount(pairs.document, weights=weight * pairs.found, minlength=size)
    present = needed > 0
    return float(np.mean(found[present] / needed[present])) if present.any() else None
