"""How well labels were given: causes, stages, verdicts, or one reader against another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Labels = Sequence[Hashable]
Weights = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True, slots=True)
class Confusion:
    """`counts[i, j]` questions whose label is `labels[i]` were given `labels[j]`."""

    labels: tuple[Hashable, ...]
    counts: npt.NDArray[np.int64]


def confusion(truth: Labels, given: Labels, order: Labels | None = None) -> Confusion:
    """Count the pairs of true and given labels, over `order` or over all labels that occur, sorted.

    >>> confusion(["a", "a", "b"], ["a", "b", "b"]).counts.tolist()
    [[1, 1], [0, 1]]
    """
    labels = tuple(order) if order is not None else tuple(sorted({*truth, *given}, key=str))
    place = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for true, said in zip(truth, given, strict=True):
        counts[place[true], place[said]] += 1
    return Confusion(labels, counts)


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label's figures; each is None where nothing defines it. `n` questions truly have the label."""

    label: Hashable
    precision: float | None
    recall: float | None
    f1: float | None
    n: int


def label_scores(table: Confusion) -> tuple[LabelScore, ...]:
    """Return precision, recall and F1 of each label.

    Precision is undefined when the label was never given, recall when it never occurs, F1 when both hold.

    >>> label_scores(confusion(["a", "a", "b"], ["a", "b", "b"]))[0]
    LabelScore(label='a', precision=1.0, recall=0.5, f1=0.6666666666666666, n=2)
    """
    right, occurs, said = np.diag(table.counts), table.counts.sum(axis=1), table.counts.sum(axis=0)
    return tuple(
        LabelScore(
            label,
            float(right[i] / said[i]) if said[i] else None,
            float(right[i] / occurs[i]) if occurs[i] else None,
            float(2 * right[i] / (said[i] + occurs[i])) if said[i] + occurs[i] else None,
            int(occurs[i]),
        )
        for i, label in enumerate(table.labels)
    )


def macro_f1(truth: Labels, given: Labels) -> float | None:
    """Return the mean F1 over the labels that occur or were given; None without questions.

    F1 of "a" is 2/3, of "b" 2/3.

    >>> round(macro_f1(["a", "a", "b"], ["a", "b", "b"]), 4)
    0.6667
    """
    defined = [score.f1 for score in label_scores(confusion(truth, given)) if score.f1 is not None]
    return sum(defined) / len(defined) if defined else None


def accuracy(truth: Labels, given: Labels) -> float | None:
    """Return the share of questions with the right label.

    >>> accuracy(["a", "b"], ["a", "a"])
    0.5
    """
    return sum(t == g for t, g in zip(truth, given, strict=True)) / len(truth) if truth else None


def kappa(first: Labels, second: Labels, *, weights: Weights = "none", order: Labels | None = None) -> float | None:
    """Return Cohen's kappa: agreement beyond chance, 1 at most; weighted kappa needs the labels' `order`.

    None when chance alone agrees always (both use one and the same label) or there is no question. Here 3 of 4 agree
    and chance gives (2/4 x 3/4) + (2/4 x 1/4) = 1/2, so kappa is (0.75 - 0.5) / (1 - 0.5).

    >>> kappa(["a", "a", "b", "b"], ["a", "a", "a", "b"])
    0.5
    """
    table = confusion(first, second, order).counts.astype(np.float64)
    n = table.sum()
    if not n:
        return None
    steps = np.abs(np.subtract.outer(np.arange(len(table)), np.arange(len(table)))).astype(np.float64)
    cost = {"none": (steps > 0).astype(np.float64), "linear": steps, "quadratic": steps**2}[weights]
    expected = float((cost * np.outer(table.sum(axis=1), table.sum(axis=0))).sum() / n)
    return 1 - float((cost * table).sum()) / expected if expected else None
