"""Fits the confidence that ships: signals of judged questions to a calibrated probability of any help.

    waypost eval signals --data DIR --judged answerable.jsonl --out DIR
    python -m eval.fit_confidence --labels answerable.jsonl --signals untuned=DIR --out FILE

A signals folder holds `judged.jsonl`, one line for each question, `{"id", "signals": {...}}`, and `drawn.jsonl`, the
same with `kept`: whether the ticket's articles were there. Both are made by the pipeline itself. The drawn tickets
weigh as much as the judged questions together and have an intercept of their own: they say in which direction the
evidence gets worse, not how often it is good. Weights are strongly regularised, since there are few labels; what
shrinking takes from the spread of the probabilities is given back by a slope and an intercept fitted on predictions for
judged questions that were held out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from eval.metrics.abstention import threshold_at

Matrix = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SETS: tuple[tuple[str, ...], ...] = (
    ("leader", "title", "votes", "how"),
    ("leader", "agreement", "title"),
    ("leader", "agreement"),
)
"""Signals of each model, richest first: with tickets, articles alone, and without an embedder for headings.

How a question is worded counts only beside tickets: it tells a forum's complaints from its questions, and costs
0.06 of out-of-scope recall on CLINC150, where there are short commands and no tickets.
"""

DRAWN_WEIGHT = 1.0
REGULARISATION = 0.03
FOLDS = 10
REPEATS = 10
_FREE = 10.0  # large enough that regularisation leaves the drawn tickets their own intercept
FALSE_ABSTENTION = 0.05


@dataclass(frozen=True, slots=True)
class Labelled:
    """Judged questions with their signals: `levels` are 0 none, 1 partial, 2 full."""

    ids: tuple[str, ...]
    signals: tuple[Mapping[str, float], ...]
    levels: npt.NDArray[np.int64]

    drawn: tuple[tuple[Mapping[str, float], bool], ...] = ()
    """Signals of tickets, each with whether its articles were there."""

    @property
    def helped(self) -> Flags:
        """Whether any help was there."""
        return np.asarray(self.levels > 0)

    def matrix(self, names: Sequence[str]) -> Matrix:
        """Signals in this order, shape `(n, len(names))`."""
        return _matrix(self.signals, names)

    def weak(self, names: Sequence[str]) -> Weak:
        """The drawn tickets that have all of these signals."""
        known = [(row, kept) for row, kept in self.drawn if set(names) <= set(row)]
        return Weak(_matrix([row for row, _ in known], names), np.array([kept for _, kept in known], dtype=bool))


@dataclass(frozen=True, slots=True)
class Weak:
    """Examples that say in which direction evidence gets worse: signals, shape `(m, k)`, and whether it was whole."""

    signals: Matrix
    kept: Flags


def _matrix(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Matrix:
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float64).reshape(len(rows), len(names))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Intercept and weights in log odds for signals as they come, not standardised."""

    intercept: float
    weights: npt.NDArray[np.float64]

    def odds(self, signals: Matrix) -> npt.NDArray[np.float64]:
        """Log odds, shape `(n,)`."""
        return np.asarray(self.intercept + signals @ self.weights)

    def probabilities(self, signals: Matrix) -> npt.NDArray[np.float64]:
        """Probabilities, shape `(n,)`."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.odds(signals))))


def read_labelled(labels: Path, folder: Path) -> Labelled:
    """Return the judged questions that have signals, in the order of the labels, and the drawn tickets."""
    found = {str(row["id"]): _signals(row) for row in _lines(folder / "judged.jsonl")}
    judged = [row for row in _lines(labels) if str(row["id"]) in found]
    level = {"none": 0, "partial": 1, "full": 2}
    drawn = folder / "drawn.jsonl"
    return Labelled(
        tuple(str(row["id"]) for row in judged),
        tuple(found[str(row["id"])] for row in judged),
        np.array([level[str(row["label"])] for row in judged], dtype=np.int64),
        tuple((_signals(row), bool(row["kept"])) for row in _lines(drawn)) if drawn.exists() else (),
    )


def _signals(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in row["signals"].items()}


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def fit(signals: Matrix, helped: Flags, weak: Weak) -> Fitted:
    """Return the calibrated model of these questions."""
    shape = _shape(signals, helped, weak)
    held_out = np.concatenate([_held_out(signals, helped, weak, seed) for seed in range(3)])
    slope = LogisticRegression(C=1e3).fit(held_out[:, None], np.tile(helped, 3))
    factor, shift = float(slope.coef_[0, 0]), float(slope.intercept_[0])
    return Fitted(factor * shape.intercept + shift, factor * shape.weights)


def _shape(signals: Matrix, helped: Flags, weak: Weak) -> Fitted:
    mean, spread = signals.mean(0), np.maximum(signals.std(0), 1e-9)
    rows, flags, weights = (signals - mean) / spread, helped, np.ones(len(helped))
    is_drawn = np.zeros(len(helped))
    if len(weak.kept):
        rows = np.vstack([rows, (weak.signals - weak.signals.mean(0)) / spread])
        flags = np.concatenate([helped, weak.kept])
        share = DRAWN_WEIGHT * len(helped) / len(weak.kept)
        weights = np.concatenate([weights, np.full(len(weak.kept), share)])
        is_drawn = np.concatenate([is_drawn, np.full(len(weak.kept), _FREE)])
    model = LogisticRegression(C=REGULARISATION).fit(np.column_stack([rows, is_drawn]), flags, sample_weight=weights)
    coefficients = model.coef_[0][:-1] / spread
    return Fitted(float(model.intercept_[0] - coefficients @ mean), coefficients)


def _held_out(signals: Matrix, helped: Flags, weak: Weak, seed: int) -> npt.NDArray[np.float64]:
    odds = np.zeros(len(helped))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(signals, helped):
        odds[test] = _shape(signals[train], helped[train], weak).odds(signals[test])
    return odds


def cross_validated(labelled: Labelled, names: Sequence[str], repeats: int = REPEATS) -> Matrix:
    """Return held-out probabilities, shape `(repeats, n)`: no question has a part in its own, calibration included."""
    signals, helped, weak = labelled.matrix(names), labelled.helped, labelled.weak(names)
    rows = np.zeros((repeats, len(helped)))
    for seed in range(repeats):
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(signals, labelled.levels):
            rows[seed, test] = fit(signals[train], helped[train], weak).probabilities(signals[test])
    return rows


def record(labelled: Labelled, source: str) -> dict[str, object]:
    """Return what ships for one setting: models, thresholds, and the run that set them."""
    usable = [names for names in SETS if all(set(names) <= set(row) for row in labelled.signals)]
    fitted = [(names, fit(labelled.matrix(names), labelled.helped, labelled.weak(names))) for names in usable]
    held_out = cross_validated(labelled, usable[0]).mean(0)
    return {
        "models": [_model(names, model) for names, model in fitted],
        "thresholds": {
            "partial": _rounded(threshold_at(held_out, labelled.helped, FALSE_ABSTENTION)),
            "answer": _rounded(float(np.median(held_out[labelled.helped]))),
            "coverage": 0.2,
        },
        "run": {
            "questions": len(labelled.ids),
            "none": int((~labelled.helped).sum()),
            "drawn": len(labelled.drawn),
            "signals": source,
        },
    }


def _model(names: Sequence[str], model: Fitted) -> dict[str, object]:
    weights = {name: round(float(weight), 4) for name, weight in zip(names, model.weights, strict=True)}
    return {"intercept": round(model.intercept, 4), "weights": weights}


def _rounded(threshold: float | None) -> float:
    return round(threshold or 0.0, 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit every setting that signals are given for, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--signals", action="append", required=True, metavar="untuned=DIR")
    parser.add_argument("--out", type=Path, default=Path("assistant/answering/confidence.json"))
    options = parser.parse_args(arguments)
    named = dict(item.split("=", 1) for item in options.signals)
    command = "python -m eval.fit_confidence --labels answerable.jsonl " + " ".join(
        f"--signals {name}=DIR" for name in named
    )
    written: dict[str, object] = {"command": command}
    for name, path in named.items():
        written[name] = record(read_labelled(options.labels, Path(path)), name)
    options.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"Wrote {options.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
