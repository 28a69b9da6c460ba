"""What the confidence has to beat, and itself without having seen the questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics.abstention import auroc
from eval.runs import Row

_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Single:
    """One number that each question has, in the questions' order; the best of `tried`."""

    name: str
    values: tuple[float, ...]
    tried: int


def best_signal(rows: Sequence[Row], positive: Sequence[bool]) -> Single | None:
    """Return the single score with the highest AUROC on these very questions, which flatters it; None without any.

    Tried are the best cosine and every signal that all answers report.
    """
    columns = _columns(rows)
    areas = {name: auroc(values, positive) for name, values in columns.items()}
    ranked = sorted((name for name, area in areas.items() if area is not None), key=lambda name: -(areas[name] or 0.0))
    return Single(ranked[0], tuple(columns[ranked[0]]), len(ranked)) if ranked else None


def _columns(rows: Sequence[Row]) -> dict[str, list[float]]:
    scores = [row.top_score for row in rows]
    found = {"the best cosine": [score for score in scores if score is not None]}
    names = set.intersection(*(set(row.signals) for row in rows)) if rows else set[str]()
    found |= {f'the signal "{name}"': [row.signals[name] for row in rows] for name in sorted(names)}
    return {name: values for name, values in found.items() if len(values) == len(rows)}


def held_out(
    ids: Sequence[str], signals: Sequence[Mapping[str, float]], levels: Sequence[int]
) -> tuple[float, ...] | None:
    """Return confidences fitted as the shipped ones are, each on the other questions (10 folds, mean of 3 repeats).

    None when the signals are not all there or a fold would hold one level only.
    """
    from eval.fit_confidence import SETS, Labelled, cross_validated  # scikit-learn, which no other command needs

    names = next((names for names in SETS if all(set(names) <= set(row) for row in signals)), None)
    counts = np.bincount(levels, minlength=3) if levels else np.zeros(3)
    if names is None or len(ids) < 50 or min(int(count) for count in counts if count) < 10 or not counts[0]:
        return None
    labelled = Labelled(tuple(ids), tuple(signals), np.array(levels, dtype=np.int64))
    return tuple(cross_validated(labelled, names, repeats=_REPEATS).mean(0).tolist())
