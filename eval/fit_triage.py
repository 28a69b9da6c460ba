"""Fits the weights that `assistant.gaps.triage` ships, from labelled threads, and writes the file.

Two sets of labels: `cause_labels.jsonl` of the benchmark, and `triage_labels.csv` beside this file: 660 more threads of
the same forum by id, each read once by a language-model reader with `CAUSES.md` (on 60 threads of the first set, read
blind, that reader agreed with it on 54 causes and 59 stages). Only ids and labels are kept here; texts come from the
benchmark. Common words come from the threads without a label in the benchmark, so that no figure of `triage_report`
has seen the wording of what it tests.

    WAYPOST_BENCH=DIR python -m eval.fit_triage [--out FILE]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.gaps.triage import CAUSES, STAGES, Contact, TriageModel, save_triage
from assistant.gaps.triage.features import BLOCKS, Described, Matrix, Vocabulary, block_widths, describe, terms_of
from assistant.gaps.triage.model import SHIPPED, Head, sentence_marks
from assistant.gaps.triage.softmax import Floats, fit_weights, probabilities
from assistant.models.embedder import load_embedder
from assistant.seams import Embedder

LABELS = Path(__file__).parent / "triage_labels.csv"
SPACE = "all-MiniLM-L6-v2"
MIN_THREADS = 8  # a word in fewer threads is not common
_NAME_SHARE = 0.7  # a word written with a capital inside sentences this often is a name
_DOUBT = {"high": 0.0, "medium": 0.1, "low": 0.25}  # share of the label given to a reader's second choice
_QUOTE_STRENGTH = 0.1
_CAPITAL = re.compile(r"(?<=[a-z,] )([^\W\d_]{2,})")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one question is fitted: a factor for each of `BLOCKS`, strength, balance and label doubt.

    `balance` is the power of inverse class frequency in the weights: 0 leaves frequencies as they are, 1 evens them.
    """

    labels: tuple[str, ...]
    factors: tuple[float, ...]
    strength: float
    balance: float
    use_doubt: bool


CAUSE = Recipe(CAUSES, (0.9, 0.63, 0.63, 0.63, 0.095, 0.15, 1.41), strength=2.0, balance=0.0, use_doubt=True)
STAGE = Recipe(STAGES, (1.0, 0.7, 0.7, 0.7, 0.1, 0.05, 0.5), strength=2.0, balance=0.5, use_doubt=False)


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


def benchmark_examples(folder: Path, *, use_doubt: bool = True) -> list[Example]:
    """The threads of `cause_labels.jsonl`; where two readers differ, each label gets its share."""
    return [_example(record, use_doubt=use_doubt) for record in _lines(folder / "cause_labels.jsonl")]


def further_examples(folder: Path) -> list[Example]:
    """The threads of `triage_labels.csv`, with their texts from the benchmark."""
    records = {record["id"]: record for name in _UNLABELLED for record in _lines(folder / name)}
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Example(
            _contact(records[row["id"]]),
            records[row["id"]]["created"],
            _share(CAUSES, {row["cause"]: 1.0}),
            _share(STAGES, {row["stage"]: 1.0}),
            (True, True),
        )
        for row in rows
    ]


def common_words(folder: Path) -> Vocabulary:
    """Words and pairs in at least 8 threads of the unlabelled files, without names; idf is `ln((1+n)/(1+df)) + 1`."""
    labelled = {record["id"][1:] for record in _lines(folder / "cause_labels.jsonl")}
    contacts = [
        _contact(record) for name in _UNLABELLED for record in _lines(folder / name) if record["id"][1:] not in labelled
    ]
    threads = Counter(term for contact in contacts for term in set(terms_of(contact)))
    names = _names(contact.text for contact in contacts)
    terms = sorted(
        term for term, count in threads.items() if count >= MIN_THREADS and not any(w in names for w in term.split())
    )
    counts = np.array([threads[term] for term in terms], np.float32)
    return Vocabulary(tuple(terms), (np.log((1 + len(contacts)) / (1 + counts)) + 1).astype(np.float32))


def fit_head(recipe: Recipe, rows: Matrix, targets: Floats, dimensions: int) -> Head:
    """Weights for one question from rows `(n, width)` and shares `(n, labels)`, temperature 1."""
    widths = block_widths(dimensions, rows.shape[1] - sum(block_widths(dimensions, 0)))
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


def fit(examples: Sequence[Example], vocabulary: Vocabulary, described: Described, dimensions: int) -> TriageModel:
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
    weights = fit_quotes(examples, quoted, heads[0], vocabulary, described)
    return TriageModel(heads[0], heads[1], vocabulary, weights, SPACE)


def fit_quotes(
    examples: Sequence[Example], quoted: Sequence[int], cause: Head, vocabulary: Vocabulary, described: Described
) -> Matrix:
    """Weights of `quotes.quote_rows` that tell a sentence a reader quoted from the others of its contact."""
    rows, targets = [], []
    for i in quoted:
        example = examples[i]
        label = CAUSES[int(np.argmax(example.cause or ()))]
        marks = sentence_marks(cause, vocabulary, described, i, example.contact, label)
        hit = np.array([_quotes(example, start, end) for start, end in described.spans[i]], np.float64)
        if 0 < hit.sum() < len(hit):
            rows.append(marks.astype(np.float64))
            targets.append(np.stack([1 - hit, hit], axis=1))
    told = np.vstack(targets)
    weights = np.where(told[:, 1] > 0, len(told) / told[:, 1].sum() / 2, 1.0)
    nothing = np.zeros((len(told), 2))
    fitted = fit_weights(np.vstack(rows), told, weights, strength=_QUOTE_STRENGTH, offset=nothing)
    return (fitted[:-1, 1] - fitted[:-1, 0]).astype(np.float32)


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


def prepared(folder: Path, embedder: Embedder) -> tuple[list[Example], Vocabulary, Described]:
    """Benchmark examples, then further ones, with the vocabulary and all rows."""
    examples = benchmark_examples(folder) + further_examples(folder)
    vocabulary = common_words(folder)
    return (examples, vocabulary, describe([example.contact for example in examples], embedder, vocabulary))


_UNLABELLED = ("tickets.jsonl", "questions_unanswered.jsonl")


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _contact(record: dict[str, Any]) -> Contact:
    text = record["text"] if "text" in record else record["messages"][0]["text"]
    return Contact(record["id"], record.get("title", record.get("subject", "")), text)


def _example(record: dict[str, Any], *, use_doubt: bool) -> Example:
    readers = record["readers"]
    causes, stages = defaultdict[str, float](float), defaultdict[str, float](float)
    for reader in readers:
        doubt = _DOUBT[reader["confidence"]] if use_doubt and reader["secondary"] in CAUSES else 0.0
        causes[reader["cause"]] += (1 - doubt) / len(readers)
        causes[reader["secondary"]] += doubt / len(readers)
        stages[reader["stage"]] += 1 / len(readers)
    agreed = (record["cause"] is not None, record["stage"] is not None)
    quotes = tuple(reader["quote"] for reader in readers)
    return Example(_contact(record), record["created"], _share(CAUSES, causes), _share(STAGES, stages), agreed, quotes)


def _share(labels: Sequence[str], weighed: dict[str, float]) -> tuple[float, ...]:
    return tuple(weighed.get(label, 0.0) for label in labels)


def _names(texts: Iterable[str]) -> frozenset[str]:
    """Words that are mostly written with a capital where no sentence starts: people, places, brands."""
    capital, all_times = Counter[str](), Counter[str]()
    for text in texts:
        for word in _CAPITAL.findall(text):
            all_times[word.lower()] += 1
            capital[word.lower()] += word[0].isupper()
    return frozenset(word for word, times in all_times.items() if capital[word] >= _NAME_SHARE * times)


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
    examples, vocabulary, described = prepared(folder, embedder)
    model = fit(examples, vocabulary, described, embedder.dimensions)
    save_triage(model, chosen.out)
    print(
        f"{len(examples)} threads, {len(vocabulary.terms)} words, temperatures "
        f"{model.cause.temperature:.2f} and {model.stage.temperature:.2f}, {chosen.out.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
