"""Reports how well the confidence tells answerable from not, on judged questions, each held out from its own fit.

    python -m eval.confidence_report --labels answerable.jsonl --signals DIR

Prints JSON: AUROC of none against any help and of full against the rest, calibration error, gap rate by label, the
share of none found at 5 % false abstention, and the paired gain over every single signal with its interval.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.fit_confidence import FALSE_ABSTENTION, SETS, Labelled, cross_validated, read_labelled
from eval.metrics.abstention import auroc, brier, calibration_error, threshold_at, unanswerable_recall
from eval.metrics.intervals import Statistic, bootstrap

Values = npt.NDArray[np.float64]
LABELS = ("none", "partial", "full")


def report(labelled: Labelled, names: Sequence[str]) -> dict[str, object]:
    """Return the figures of cross-validated confidences; means over the repeats, intervals over the questions."""
    repeats = cross_validated(labelled, names)
    helped, full = labelled.helped, labelled.levels == len(LABELS) - 1
    middle = repeats.mean(0)
    return {
        "questions": len(labelled.ids),
        "signals": list(names),
        "auroc_none": _mean(auroc(row, helped) for row in repeats),
        "auroc_none_interval": _interval(_auroc_of(middle, helped), len(helped)),
        "auroc_full": _mean(auroc(row, full) for row in repeats),
        "calibration_error": _mean(calibration_error(row, helped) for row in repeats),
        "calibration_error_of_mean": calibration_error(middle, helped),
        "brier": _mean(brier(row, helped) for row in repeats),
        "none_found_at_5_percent": _mean(unanswerable_recall(row, helped, FALSE_ABSTENTION) for row in repeats),
        "gap_rate": _gap_rate(middle, labelled),
        "gain_over": {name: _gain(middle, labelled.matrix([name])[:, 0], helped) for name in names},
    }


def _mean(values: Iterable[float | None]) -> float:
    return round(float(np.mean([value for value in values if value is not None])), 4)


def _gap_rate(confidence: Values, labelled: Labelled) -> dict[str, float]:
    threshold = threshold_at(confidence, labelled.helped, FALSE_ABSTENTION) or 0.0
    return {
        label: round(float((confidence[labelled.levels == level] < threshold).mean()), 3)
        for level, label in enumerate(LABELS)
    }


def _auroc_of(scores: Values, helped: npt.NDArray[np.bool_]) -> Statistic:
    return lambda sample: auroc(scores[sample], helped[sample])


def _gain(scores: Values, single: Values, helped: npt.NDArray[np.bool_]) -> dict[str, object]:
    def difference(sample: npt.NDArray[np.int64]) -> float | None:
        ours, theirs = auroc(scores[sample], helped[sample]), auroc(single[sample], helped[sample])
        return None if ours is None or theirs is None else ours - theirs

    return {"auroc": round(auroc(single, helped) or 0.0, 4), "gain": _interval(difference, len(helped))}


def _interval(statistic: Statistic, n: int) -> dict[str, object]:
    estimate = bootstrap(statistic, n, resamples=2000)
    return {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in asdict(estimate).items()
        if key in ("value", "low", "high")
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of one signals file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--signals", type=Path, required=True)
    options = parser.parse_args(arguments)
    labelled = read_labelled(options.labels, options.signals)
    names = next(names for names in SETS if all(set(names) <= set(row) for row in labelled.signals))
    sys.stdout.write(json.dumps(report(labelled, names), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
