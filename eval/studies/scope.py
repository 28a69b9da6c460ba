"""CLINC150 through the real product: does its confidence refuse what no article is about?

Each of the 150 intents is one article made of its training utterances, brought in by a real ingest. Every validation
and test utterance is asked; the threshold is the one at which at most 5 % of the in-scope validation is refused.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import UsageError
from eval.cases import Case, CaseSet
from eval.figures import Better, Figure
from eval.metrics.abstention import auroc, threshold_at
from eval.metrics.intervals import Estimate, Sample, bootstrap, bootstrap_mean
from eval.runs import Row, Run
from eval.studies.study import Study

OUT_OF_SCOPE = "oos"
FALSE_ABSTENTION = 0.05
_SET = "CLINC150"

PUBLISHED = (("out-of-scope recall", 0.523), ("in-scope accuracy", 0.962))
"""BERT with a threshold, trained on the utterances: Larson et al. 2019, table 2."""

Utterances = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Clinc:
    """Utterances with their intents: 15,000 to make articles of, 3,000 for the threshold, 4,500 and 1,000 to test."""

    train: Utterances
    validation: Utterances
    test: Utterances
    out_of_scope: Utterances

    def sampled(self, share: float, seed: int = 0) -> Clinc:
        """All training utterances and a seeded draw of the others, to ask fewer."""
        dice = random.Random(seed)
        parts = (
            dice.sample(part, round(len(part) * share)) for part in (self.validation, self.test, self.out_of_scope)
        )
        return self if share >= 1 else Clinc(self.train, *parts)

    @property
    def cases(self) -> CaseSet:
        """Every utterance to ask; the id opens with its part."""
        parts = (("val", self.validation), ("test", self.test), ("oos", self.out_of_scope))
        return CaseSet(tuple(_case(name, n, *pair) for name, part in parts for n, pair in enumerate(part)))


def _case(part: str, number: int, text: str, intent: str) -> Case:
    if intent == OUT_OF_SCOPE:
        return Case(f"{part}-{number}", text, answerable="none")
    return Case(f"{part}-{number}", text, relevant=(intent,), answerable="full")


def read_clinc(path: Path) -> Clinc:
    """Return the sets of `data_full.json`. Raises `UsageError` when the file is another one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        parts = [[(str(t), str(i)) for t, i in found[name]] for name in ("train", "val", "test", "oos_test")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"expected CLINC150's data_full.json at {path}: {error}") from error
    return Clinc(*parts)


def write_articles(path: Path, train: Utterances) -> None:
    """Write one article for each intent: its name as the title, an utterance a paragraph."""
    said: dict[str, list[str]] = {}
    for text, intent in train:
        said.setdefault(intent, []).append(text)
    records = (
        {"id": intent, "title": intent.replace("_", " "), "text": "\n\n".join(texts)} for intent, texts in said.items()
    )
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


def scope_study(run: Run, cases: CaseSet, seed: int = 0) -> Study:
    """Return the figures of a complete run: by the product's confidence, by its best score alone, and published."""
    confidence = {key: answer.confidence for key, answer in run.answers().items()}
    best = {key: row.top_score or 0.0 for key, row in run.rows.items()}
    figures = [
        *_figures("waypost", confidence, run.rows, cases, seed),
        *_figures("best cosine alone", best, run.rows, cases, seed),
        *(_published(name, value) for name, value in PUBLISHED),
    ]
    asked = f"{_SET}: {len(cases.cases):,} of 8,500 utterances were asked."
    return Study("clinc150", tuple(figures), (*_NOTES, asked))


_NOTES = (
    f"{_SET}: the threshold is set on the validation part alone. A refused in-scope utterance counts as wrong in the"
    " accuracy. The published system is a classifier trained on these utterances; Waypost only has them as articles.",
)


def _published(name: str, value: float) -> Figure:
    return Figure("BERT, published", "scope", f"{_SET}: {name}", Estimate(value, None, None, 0))


def _figures(
    system: str, score: Mapping[str, float], rows: Mapping[str, Row], cases: CaseSet, seed: int
) -> tuple[Figure, ...]:
    parts: dict[str, list[Case]] = {"val": [], "test": [], "oos": []}
    for case in cases.cases:
        parts[case.id.split("-")[0]].append(case)
    validation = [score[case.id] for case in parts["val"]]
    threshold = threshold_at(validation, [True] * len(validation), FALSE_ABSTENTION) or 0.0
    refused = {name: [float(score[case.id] < threshold) for case in part] for name, part in parts.items()}
    first = [float(rows[case.id].ranked[:1] == case.relevant) for case in parts["test"]]
    right = [place * (1.0 - away) for place, away in zip(first, refused["test"], strict=True)]
    asked = parts["test"] + parts["oos"]
    value = np.array([score[case.id] for case in asked])
    inside = np.array([bool(case.relevant) for case in asked])

    def separated(sample: Sample) -> float | None:
        return auroc(value[sample], inside[sample])

    def mean(name: str, values: Sequence[float], better: Better = "higher") -> Figure:
        return Figure(system, "scope", f"{_SET}: {name}", bootstrap_mean(list(values), seed=seed), better=better)

    return (
        mean("out-of-scope recall", refused["oos"]),
        mean("in-scope accuracy", right),
        mean("in-scope refused", refused["test"], "lower"),
        mean("right article first", first),
        Figure(system, "scope", f"{_SET}: AUROC", bootstrap(separated, len(asked), resamples=300, seed=seed)),
    )
