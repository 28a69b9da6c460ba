"""The same figures from trec_eval, scikit-learn, SciPy and NumPy, for the cases that each of them defines.

A function returns None where its library defines nothing: no relevant document, an empty list, a repeated document,
one class only, fewer than two questions to cluster.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from assistant.errors import UsageError
from eval.agreement.draws import DEPTHS, Draw
from eval.metrics.clustering import codes

TREC_NAMES = {
    "hit@k": "success_{k}",
    "recall@k": "recall_{k}",
    "ndcg@k": "ndcg_cut_{k}",
    "map": "map",
    "mrr": "recip_rank",
}


def library(name: str) -> ModuleType:
    """Return the module, or say what to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = (
            f"checking the metrics needs {name.partition('.')[0]}, which is not installed: pip install 'waypost[dev]'"
        )
        raise UsageError(message) from error


def trec_eval(draws: Sequence[Draw]) -> dict[int, Mapping[str, float]]:
    """Return trec_eval's figures by draw number, for the draws that it defines, in one call."""
    usable = [d for d in draws if d.relevant and d.ranked and len(set(d.ranked)) == len(d.ranked)]
    depths = ",".join(map(str, DEPTHS))
    wanted = {"map", "recip_rank", *(f"{name}.{depths}" for name in ("success", "recall", "ndcg_cut"))}
    judged = {str(d.number): d.gains for d in usable}
    runs = {str(d.number): {doc: float(-place) for place, doc in enumerate(d.ranked)} for d in usable}
    found = library("pytrec_eval").RelevanceEvaluator(judged, wanted).evaluate(runs)
    return {int(number): figures for number, figures in found.items()}


def auroc(draw: Draw) -> float | None:
    """`sklearn.metrics.roc_auc_score`."""
    if len(set(draw.flags)) < 2:
        return None
    return float(library("sklearn.metrics").roc_auc_score(draw.flags, draw.scores))


def unanswerable_recall(draw: Draw) -> float | None:
    """The best true positive rate of `sklearn.metrics.roc_curve` at a false positive rate of 5 % or less."""
    if len(set(draw.flags)) < 2:
        return None
    refuse = library("sklearn.metrics").roc_curve
    false, true, _ = refuse(~np.array(draw.flags), -np.array(draw.scores), drop_intermediate=False)
    return float(true[false <= 0.05 + 1e-12].max())


def brier(draw: Draw) -> float | None:
    """`sklearn.metrics.brier_score_loss`."""
    if not draw.flags:
        return None
    return float(library("sklearn.metrics").brier_score_loss(draw.flags, draw.scores, pos_label=True))


def macro_f1(draw: Draw) -> float | None:
    """`sklearn.metrics.f1_score`, macro average."""
    return float(library("sklearn.metrics").f1_score(draw.truth, draw.given, average="macro")) if draw.truth else None


def kappa(draw: Draw, weights: str | None = None) -> float | None:
    """`sklearn.metrics.cohen_kappa_score`."""
    labels = sorted({*draw.truth, *draw.given})
    if len(labels) < 2:
        return None
    return float(library("sklearn.metrics").cohen_kappa_score(draw.truth, draw.given, labels=labels, weights=weights))


def clustering(draw: Draw, name: str) -> float | None:
    """Any of `sklearn.metrics`' clustering scores, questions without a theme as singletons."""
    if len(draw.groups) < 2:
        return None
    return float(getattr(library("sklearn.metrics"), name)(codes(draw.groups), codes(draw.themes)))


def mcnemar(draw: Draw) -> float | None:
    """`scipy.stats.binomtest` on the discordant pairs."""
    first, second = _both_right(draw)
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    return float(library("scipy.stats").binomtest(one, one + two, 0.5).pvalue) if one + two else None


def _both_right(
    draw: Draw,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    return np.array(draw.flags, dtype=bool), np.array(draw.scores) > 0.5


def percentile(draw: Draw) -> float | None:
    """`numpy.quantile` with its default interpolation."""
    return float(np.quantile(draw.values, draw.share)) if draw.values else None
