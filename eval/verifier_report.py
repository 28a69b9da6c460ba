"""`python -m eval.verifier_report`: does the verifier tell supported claims from others, on people's judgements?

Reads the BEGIN development parts (replies of dialogue models with the knowledge they were given, judged by people)
from `$WAYPOST_BENCH/begin`. Reports the area under the ROC curve of fully attributable against the rest for each
corpus beside cosine similarity and token overlap, once as shipped and once fitted on the two other corpora only.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from assistant.answering.language import words
from assistant.answering.verify import FEATURES, claim_features, support_score
from assistant.models.embedder import load_embedder
from assistant.seams import Embedder, Vectors
from eval.metrics.abstention import auroc
from eval.metrics.intervals import bootstrap

PARTS = {
    "cmu-dog": "cmu-dog/begin_dev_cmu.tsv",
    "topicalchat": "topicalchat/begin_dev_tc.tsv",
    "wow": "wow/begin_dev_wow.tsv",
}
_SUPPORTED = "Fully attributable"
_MODEL_CHARS = 6_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim, what it should rest on, and whether people found it fully attributable to that."""

    claim: str
    evidence: str
    supported: bool


class Remembering:
    """An embedder that embeds each text once; the same evidence comes up for many claims."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    @property
    def model_id(self) -> str:
        """The wrapped embedder's."""
        return self._embedder.model_id

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Scores:
    """One corpus: feature values `(n, len(FEATURES))` and the scores `(n,)` that are compared."""

    features: npt.NDArray[np.float64]
    shipped: npt.NDArray[np.float64]
    cosine: npt.NDArray[np.float64]
    overlap: npt.NDArray[np.float64]
    supported: npt.NDArray[np.bool_]


def judged(path: Path) -> list[Judged]:
    """The rows of one part."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Judged(row["response"], row["knowledge"], row["begin_label"] == _SUPPORTED) for row in rows]


def scores(rows: Sequence[Judged], embedder: Embedder) -> Scores:
    """All scores of one corpus."""
    claims = embedder.embed([row.claim for row in rows])
    evidence = embedder.embed([row.evidence[:_MODEL_CHARS] for row in rows])
    return Scores(
        features=np.array([claim_features(row.claim, row.evidence, embedder) for row in rows]),
        shipped=np.array([support_score(row.claim, row.evidence, embedder).score for row in rows]),
        cosine=np.sum(claims * evidence, axis=1).astype(np.float64),
        overlap=np.array([_overlap(row) for row in rows]),
        supported=np.array([row.supported for row in rows]),
    )


def _overlap(row: Judged) -> float:
    said, held = words(row.claim), set(words(row.evidence))
    return sum(word in held for word in said) / len(said) if said else 0.0


def fitted(corpora: Sequence[Scores]) -> tuple[npt.NDArray[np.float64], float]:
    """Weights on the raw features and the intercept of a logistic model of these corpora."""
    features = np.vstack([corpus.features for corpus in corpora])
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(max_iter=2000).fit(
        scaler.transform(features), np.concatenate([corpus.supported for corpus in corpora])
    )
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - np.sum(weights * scaler.mean_))


def row(name: str, corpora: Mapping[str, Scores]) -> dict[str, object]:
    """The figures of one corpus; `gain` is over cosine with the model fitted on the other corpora, 95 % interval."""
    corpus = corpora[name]
    weights, intercept = fitted([other for key, other in corpora.items() if key != name])
    crossed = corpus.features @ weights + intercept

    def gain(sample: npt.NDArray[np.int64]) -> float | None:
        ours, plain = _auroc(crossed, corpus, sample), _auroc(corpus.cosine, corpus, sample)
        return None if ours is None or plain is None else ours - plain

    everything = np.arange(len(corpus.supported), dtype=np.int64)
    estimate = bootstrap(gain, len(everything))
    return {
        "corpus": name,
        "n": len(everything),
        "supported": int(corpus.supported.sum()),
        "fitted on the others": _auroc(crossed, corpus, everything),
        "as shipped": _auroc(corpus.shipped, corpus, everything),
        "cosine": _auroc(corpus.cosine, corpus, everything),
        "token overlap": _auroc(corpus.overlap, corpus, everything),
        "gain over cosine": [estimate.value, estimate.low, estimate.high],
    }


def _auroc(value: npt.NDArray[np.float64], corpus: Scores, sample: npt.NDArray[np.int64]) -> float | None:
    return auroc(value[sample], corpus.supported[sample])


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one JSON object per corpus, and with `--refit` the constants for `assistant/answering/verify.py`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refit", action="store_true", help="print weights fitted on all three parts")
    options = parser.parse_args(arguments)
    bench = os.environ.get("WAYPOST_BENCH")
    if not bench:
        sys.stderr.write("Skipped: set WAYPOST_BENCH to the folder of the shared data sets.\n")
        return 0
    embedder = Remembering(load_embedder())
    corpora = {name: scores(judged(Path(bench) / "begin" / path), embedder) for name, path in PARTS.items()}
    for name in corpora:
        sys.stdout.write(json.dumps(row(name, corpora)) + "\n")
    if options.refit:
        weights, intercept = fitted(list(corpora.values()))
        rounded = tuple(round(float(weight), 3) for weight in weights)
        sys.stdout.write(f"FEATURES = {FEATURES}\nWEIGHTS = {rounded}\nINTERCEPT = {intercept:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
