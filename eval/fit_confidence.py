"""Fits the confidence that ships: signals of judged questions to a calibrated probability of any help.

    python -m eval.fit_confidence --labels answerable.jsonl --signals untuned=FILE --signals tuned=FILE --out FILE

A signals file has one line for each question, `{"id", "signals": {...}}`, made by the pipeline itself. Weights are
strongly regularised, since there are few labels; what shrinking takes from the spread of the probabilities is given
back by a slope and an intercept fitted on predictions for questions that were held out.
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
    ("leader", "agreement", "how", "title", "density"),
    ("leader", "agreement", "title"),
    ("leader", "agreement"),
)
"""Signals of each model, richest first: with tickets, articles alone, and without an embedder for headings.

How a question is worded counts only beside tickets: it tells a forum's complaints from its questions, and costs
0.06 of out-of-scope recall on CLINC150, where there are short commands and no tickets.
"""

REGULARISATION = 0.03
FOLDS = 10
REPEATS = 10
FALSE_ABSTENTION = 0.05


@dataclass(frozen=True, slots=True)
class Labelled:
    """Judged questions with their signals: `levels` are 0 none, 1 partial, 2 full."""

    ids: tuple[str, ...]
    signals: tuple[Mapping[str, float], ...]
    levels: npt.NDArray[np.int64]

    @property
    def helped(self) -> Flags:
        """Whether any help was there."""
        return np.asarray(self.levels > 0)

    def matrix(self, names: Sequence[str]) -> Matrix:
        """Signals in this order, shape `(n, len(names))`."""
        return np.array([[row[name] for name in names] for row in self.signals], dtype=np.float64)


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


def read_labelled(labels: Path, signals: Path) -> Labelled:
    """Return the judged questions that have signals, in the order of the labels."""
    found = {str(row["id"]): {name: float(value) for name, value in row["signals"].items()} for row in _lines(signals)}
    judged = [row for row in _lines(labels) if str(row["id"]) in found]
    level = {"none": 0, "partial": 1, "full": 2}
    return Labelled(
        tuple(str(row["id"]) for row in judged),
        tuple(found[str(row["id"])] for row in judged),
        np.array([level[str(row["label"])] for row in judged], dtype=np.int64),
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def fit(signals: Matrix, helped: Flags) -> Fitted:
    """Return the calibrated model of these questions."""
    shape = _shape(signals, helped)
    held_out = np.concatenate([_held_out(signals, helped, seed) for seed in range(3)])
    slope = LogisticRegression(C=1e3).fit(held_out[:, None], np.tile(helped, 3))
    factor, shift = float(slope.coef_[0, 0]), float(slope.intercept_[0])
    return Fitted(factor * shape.intercept + shift, factor * shape.weights)


def _shape(signals: Matrix, helped: Flags) -> Fitted:
    mean, spread = signals.mean(0), np.maximum(signals.std(0), 1e-9)
    model = LogisticRegression(C=REGULARISATION).fit((signals - mean) / spread, helped)
    weights = model.coef_[0] / spread
    return Fitted(float(model.intercept_[0] - weights @ mean), weights)


def _held_out(signals: Matrix, helped: Flags, seed: int) -> npt.NDArray[np.float64]:
    odds = np.zeros(len(helped))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(signals, helped):
        odds[test] = _shape(signals[train], helped[train]).odds(signals[test])
    return odds


def cross_validated(labelled: Labelled, names: Sequence[str], repeats: int = REPEATS) -> Matrix:
    """Return held-out probabilities, shape `(repeats, n)`: no question has a part in its own, calibration included."""
    signals, helped = labelled.matrix(names), labelled.helped
    rows = np.zeros((repeats, len(helped)))
    for seed in range(repeats):
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(signals, labelled.levels):
            rows[seed, test] = fit(signals[train], helped[train]).probabilities(signals[test])
    return rows


def record(labelled: Labelled, source: str) -> dict[str, object]:
    """Return what ships for one setting: models, thresholds, and the run that set them."""
    usable = [names for names in SETS if all(set(names) <= set(row) for row in labelled.signals)]
    fitted = [(names, fit(labelled.matrix(names), labelled.helped)) for names in usable]
    held_out = cross_validated(labelled, usable[0]).mean(0)
    return {
        "models": [_model(names, model) for names, model in fitted],
        "thresholds": {
            "partial": _rounded(threshold_at(held_out, labelled.helped, FALSE_ABSTENTION)),
            "answer": _rounded(float(np.median(held_out[labelled.helped]))),
            "coverage": 0.2,
        },
        "run": {"questions": len(labelled.ids), "none": int((~labelled.helped).sum()), "signals": source},
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
    parser.add_argument("--signals", action="append", required=True, metavar="untuned=FILE")
    parser.add_argument("--out", type=Path, default=Path("assistant/answering/confidence.json"))
    options = parser.parse_args(arguments)
    named = dict(item.split("=", 1) for item in options.signals)
    command = "python -m eval.fit_confidence --labels answerable.jsonl " + " ".join(
        f"--signals {name}={name}.jsonl" for name in named
    )
    written: dict[str, object] = {"command": command}
    for name, path in named.items():
        written[name] = record(read_labelled(options.labels, Path(path)), name)
    options.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"Wrote {options.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
