"""Fits the weights that `assistant.gaps.triage` ships, from labelled threads, and writes the file.

Two sets of labels: `cause_labels.jsonl` of the benchmark, and `triage_labels.csv` beside this file: 1,560 more threads
of the same forum by id, each read once by a language-model reader with `CAUSES.md`. Only ids and labels are kept here;
texts come from the benchmark. docs/decisions/0007-causes.md says what each set is worth.

    WAYPOST_BENCH=DIR python -m eval.fit_triage [--out FILE]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from assistant.gaps.triage import CAUSES, STAGES, Contact, TriageModel, save_triage
from assistant.gaps.triage.features import BLOCKS, Described, Matrix, block_widths, describe
from assistant.gaps.triage.model import SHIPPED, Head, sentence_marks
from assistant.gaps.triage.softmax import Floats, fit_weights, probabilities
from assistant.models.embedder import load_embedder
from assistant.seams import Embedder

LABELS = Path(__file__).parent / "triage_labels.csv"
SPACE = "all-MiniLM-L6-v2"
_DOUBT = {"high": 0.0, "medium": 0.1, "low": 0.25}  # share of the label given to a reader's second choice
_SECOND = 0.2  # likewise in the further labels, which name a second choice where the reader doubted
_QUOTE_STRENGTH = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one question is fitted: a factor for each of `BLOCKS`, strength and balance.

    `balance` is the power of inverse class frequency in the weights: 0 leaves frequencies as they are, 1 evens them.
    """

    labels: tuple[str, ...]
    factors: tuple[float, ...]
    strength: float
    balance: float


CAUSE = Recipe(CAUSES, (1.0, 0.05, 0.15), strength=2.0, balance=0.0)
STAGE = Recipe(STAGES, (1.0, 0.05, 0.15), strength=2.0, balance=0.25)


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled thread. `cause` and `stage` are shares over the labels, summing to 1, None where nobody said.

    `agreed` says for each that readers gave one label: only then may a figure be taken on it. `quotes` are readers'.
    """

    contact: Contact
    created: str
    cause: tuple[float, ...] | None
    stage: tuple[float, ...] | None
    agreed: tuple[bool, bool]
    quotes: tuple[str, ...] = ()


def benchmark_examples(folder: Path) -> list[Example]:
    """The threads of `cause_labels.jsonl`; where readers differ or doubt, each label gets its share."""
    return [_example(record) for record in _lines(folder / "cause_labels.jsonl")]


def further_examples(folder: Path) -> list[Example]:
    """The threads of `triage_labels.csv`, with their texts from the benchmark."""
    records = {record["id"]: record for name in _SOURCES for record in _lines(folder / name)}
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Example(
            _contact(records[row["id"]]),
            records[row["id"]]["created"],
            _share(CAUSES, _doubted(row["cause"], row["secondary"], _SECOND)),
            _share(STAGES, {row["stage"]: 1.0}),
            (True, True),
        )
        for row in rows
    ]


def fit_head(recipe: Recipe, rows: Matrix, targets: Floats, dimensions: int) -> Head:
    """Weights for one question from rows `(n, width)` and shares `(n, labels)`, temperature 1."""
    widths = block_widths(dimensions)
    factors = np.repeat(np.array(recipe.factors, np.float32), widths)
    prototypes = np.repeat(np.array([name == "prototypes" for name in BLOCKS]), widths)
    centre = np.asarray(rows.mean(axis=0), np.float32)
    scale = np.where(prototypes, factors / (rows.std(axis=0) + 1e-6), factors).astype(np.float32)
    frequency = (targets.sum(axis=0) + 1) / (len(targets) + len(recipe.labels))
    weights = targets @ (1 / (frequency * len(recipe.labels))) ** recipe.balance
    scaled = np.asarray((rows - centre) * scale, np.float64)
    fitted = fit_weights(
        scaled, targets, weights, strength=recipe.strength, offset=np.zeros((len(rows), len(recipe.labels)))
    )
    return Head(recipe.labels, fitted.astype(np.float32), centre, scale, 1.0)


def best_temperature(logits: Floats, truth: Sequence[int]) -> float:
    """The divisor of logits with the least cross entropy on rows that the weights have not seen."""
    grid = np.geomspace(0.5, 3.0, 61)
    losses = [-np.log(probabilities(logits / t)[np.arange(len(truth)), truth]).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def out_of_fold(
    recipe: Recipe, rows: Matrix, targets: Floats, tested: Sequence[int], dimensions: int, *, seed: int, folds: int = 5
) -> Floats:
    """Logits `(len(tested), labels)` of the rows `tested`, each from weights fitted without its fold.

    Folds are stratified by label; rows that are not tested are in every fit.
    """
    truth = targets[list(tested)].argmax(axis=1)
    fold_of = stratified_folds(truth, folds, seed)
    logits = np.zeros((len(tested), len(recipe.labels)))
    for fold in range(folds):
        held = [tested[int(i)] for i in np.flatnonzero(fold_of == fold)]
        kept = np.setdiff1d(np.arange(len(rows)), held)
        logits[fold_of == fold] = fit_head(recipe, rows[kept], targets[kept], dimensions).logits(rows[held])
    return logits


def fit(examples: Sequence[Example], described: Described, dimensions: int) -> TriageModel:
    """Both heads on all examples, each with a temperature from held-out folds."""
    heads = []
    for which, recipe in enumerate((CAUSE, STAGE)):
        used, targets = targets_of(examples, which)
        rows = described.rows[used]
        tested = [place for place, i in enumerate(used) if examples[i].agreed[which] and examples[i].quotes]
        logits = out_of_fold(recipe, rows, targets, tested, dimensions, seed=0)
        temperature = best_temperature(logits, [int(t) for t in targets[tested].argmax(axis=1)])
        head = fit_head(recipe, rows, targets, dimensions)
        heads.append(Head(head.labels, head.weights, head.centre, head.scale, temperature))
    quoted = [i for i, example in enumerate(examples) if example.quotes]
    weights = fit_quotes(examples, quoted, heads[0], described)
    return TriageModel(heads[0], heads[1], weights, SPACE)


def fit_quotes(examples: Sequence[Example], quoted: Sequence[int], cause: Head, described: Described) -> Matrix:
    """Weights of `quotes.quote_rows` that choose the sentence a reader quoted among those of its contact."""
    choices, chosen = [], []
    for i in quoted:
        example = examples[i]
        label = CAUSES[int(np.argmax(example.cause or ()))]
        marks = sentence_marks(cause, described, i, example.contact, label)
        hit = np.array([_quotes(example, start, end) for start, end in described.spans[i]], np.float64)
        if 0 < hit.sum() < len(hit):
            choices.append(marks.astype(np.float64))
            chosen.append(hit / hit.sum())
    return fit_choice(choices, chosen, strength=_QUOTE_STRENGTH).astype(np.float32)


def fit_choice(choices: Sequence[Floats], chosen: Sequence[Floats], *, strength: float) -> Floats:
    """Weights `(width,)` of a conditional logit (McFadden 1974): softmax of `row @ weights` within each choice.

    `choices` are rows `(n, width)`, `chosen` shares `(n,)` that sum to 1. Minimises
    `strength * sum(cross entropy) + |weights|^2 / 2`.
    """
    rows, shares = np.vstack(choices), np.concatenate(chosen)
    rows = rows - rows.mean(axis=0)
    starts = np.cumsum([0, *map(len, choices)])[:-1]
    of = np.repeat(np.arange(len(choices)), [len(choice) for choice in choices])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = rows @ weights
        raised = np.exp(scores - np.maximum.reduceat(scores, starts)[of])
        expected = raised / np.add.reduceat(raised, starts)[of]
        entropy = -np.sum(shares * np.log(np.maximum(expected, 1e-12)))
        return float(strength * entropy + weights @ weights / 2), strength * (rows.T @ (expected - shares)) + weights

    return np.asarray(minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x)


def _quotes(example: Example, start: int, end: int) -> bool:
    """Whether a reader's quote covers a third of the sentence at `[start, end)`, or lies in it for the most part."""
    for quote in example.quotes:
        place = example.contact.text.find(quote)
        shared = min(end, place + len(quote)) - max(start, place)
        if place >= 0 and 3 * shared > min(end - start, len(quote)):
            return True
    return False


def targets_of(examples: Sequence[Example], which: int) -> tuple[list[int], Floats]:
    """Places of the examples with a cause (`which` 0) or a stage (1), and their shares `(n, labels)`."""
    shares = [(example.cause, example.stage)[which] for example in examples]
    used = [i for i, share in enumerate(shares) if share is not None]
    return used, np.array([shares[i] for i in used], np.float64)


def prepared(folder: Path, embedder: Embedder) -> tuple[list[Example], Described]:
    """Benchmark examples, then further ones, with all rows."""
    examples = benchmark_examples(folder) + further_examples(folder)
    return examples, describe([example.contact for example in examples], embedder)


_SOURCES = ("tickets.jsonl", "questions_unanswered.jsonl")


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _contact(record: dict[str, Any]) -> Contact:
    text = record["text"] if "text" in record else record["messages"][0]["text"]
    return Contact(record["id"], record.get("title", record.get("subject", "")), text)


def _example(record: dict[str, Any]) -> Example:
    readers = record["readers"]
    causes, stages = defaultdict[str, float](float), defaultdict[str, float](float)
    for reader in readers:
        for label, share in _doubted(reader["cause"], reader["secondary"], _DOUBT[reader["confidence"]]).items():
            causes[label] += share / len(readers)
        stages[reader["stage"]] += 1 / len(readers)
    agreed = (record["cause"] is not None, record["stage"] is not None)
    quotes = tuple(reader["quote"] for reader in readers)
    return Example(_contact(record), record["created"], _share(CAUSES, causes), _share(STAGES, stages), agreed, quotes)


def _doubted(first: str, second: str, doubt: float) -> dict[str, float]:
    return {first: 1 - doubt, second: doubt} if second in CAUSES and second != first else {first: 1.0}


def _share(labels: Sequence[str], weighed: dict[str, float]) -> tuple[float, ...]:
    return tuple(weighed.get(label, 0.0) for label in labels)


def stratified_folds(truth: Matrix | Floats, folds: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A fold for each row, label by label dealt out in a seeded order."""
    rng = np.random.default_rng(seed)
    fold_of = np.zeros(len(truth), np.int64)
    dealt = 0
    for label in np.unique(truth):
        members = rng.permutation(np.flatnonzero(truth == label))
        fold_of[members] = (np.arange(len(members)) + dealt) % folds
        dealt += len(members)
    return fold_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on everything and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    chosen = parser.parse_args(arguments)
    folder = Path(os.environ["WAYPOST_BENCH"]) / "thunderbird"
    embedder = load_embedder(threads=1)
    examples, described = prepared(folder, embedder)
    model = fit(examples, described, embedder.dimensions)
    save_triage(model, chosen.out)
    print(
        f"{len(examples)} threads, temperatures "
        f"{model.cause.temperature:.2f} and {model.stage.temperature:.2f}, {chosen.out.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
