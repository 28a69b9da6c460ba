"""BEGIN: does the verifier tell replies that their passage supports from others, better than cosine similarity?

Replies of dialogue models, judged by people. The verifier's weights are fitted on the two other corpora each time, so
that none is tested on what it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.seams import Embedder
from eval.figures import Figure
from eval.metrics.abstention import auroc
from eval.metrics.intervals import Sample, Statistic, bootstrap
from eval.studies.study import Study
from eval.verifier_report import PARTS, Remembering, Scores, fitted, judged, scores

_SET = "BEGIN"
Values = npt.NDArray[np.float64]


def support_study(bench: Path, embedder: Embedder, seed: int = 0) -> Study:
    """Return the AUROC of fully attributable against the rest for each corpus and score, and the gain over cosine."""
    known = Remembering(embedder)
    corpora = {name: scores(judged(bench / "begin" / path), known) for name, path in PARTS.items()}
    figures = tuple(figure for name in corpora for figure in _figures(name, corpora, seed))
    sizes = ", ".join(f"{name} {len(corpus.supported)}" for name, corpus in corpora.items())
    note = f"{_SET}, development parts ({sizes} replies): the verifier is fitted on the two other corpora each time."
    return Study("begin", figures, (note,))


def _figures(name: str, corpora: Mapping[str, Scores], seed: int) -> tuple[Figure, ...]:
    corpus = corpora[name]
    weights, intercept = fitted([other for key, other in corpora.items() if key != name])
    ours = corpus.features @ weights + intercept
    scored = {"waypost": ours, "cosine similarity": corpus.cosine, "word overlap": corpus.overlap}
    areas = tuple(
        Figure(
            system, "verification", f"{_SET}, {name}: AUROC", bootstrap(_area(values, corpus), len(values), seed=seed)
        )
        for system, values in scored.items()
    )
    gain = bootstrap(_gain(ours, corpus), len(ours), seed=seed)
    return (*areas, Figure("waypost", "verification", f"{_SET}, {name}: gain over cosine", gain, "index"))


def _area(values: Values, corpus: Scores) -> Statistic:
    return lambda sample: auroc(values[sample], corpus.supported[sample])


def _gain(values: Values, corpus: Scores) -> Statistic:
    def at(sample: Sample) -> float | None:
        ours, plain = _area(values, corpus)(sample), _area(corpus.cosine, corpus)(sample)
        return None if ours is None or plain is None else ours - plain

    return at
