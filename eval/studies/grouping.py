"""Banking77: themes found without their number, beside k-means that is told it, on the same vectors in one run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans

from assistant.gaps.themes import cluster
from assistant.seams import Embedder
from eval.figures import theme_figures
from eval.metrics.clustering import Themes
from eval.studies.study import Study
from eval.themes_report import Labelled, banking77

_SET = "Banking77"


def grouping_study(bench: Path, embedder: Embedder, seed: int = 0) -> Study:
    """Return ARI, NMI, V-measure and the share left out on the test part (3,080 questions, 77 intents)."""
    labelled = banking77(bench)
    vectors = embedder.embed(labelled.texts)
    number = len(set(labelled.truth.tolist()))
    found = cluster(vectors, labelled.texts).labels
    told = KMeans(number, n_init=10, random_state=seed).fit_predict(vectors)
    themes = len({int(label) for label in found if label >= 0})
    systems: tuple[tuple[str, Themes], ...] = (
        ("waypost", [None if label < 0 else int(label) for label in found]),
        (f"k-means, told {number}", np.asarray(told).tolist()),
    )
    figures = tuple(
        figure for system, labels in systems for figure in theme_figures(system, _truth(labelled), labels, seed, _SET)
    )
    note = f"{_SET}: {themes} themes were found where people had named {number}; the number was not given."
    return Study("banking77", figures, (note,))


def _truth(labelled: Labelled) -> Themes:
    return [int(group) for group in labelled.truth]
