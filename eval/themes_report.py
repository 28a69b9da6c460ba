"""Clusterings of labelled sets beside k-means with the true number and HDBSCAN; stability over overlapping months.

    WAYPOST_BENCH=... python -m eval.themes_report

A text that belongs to no
theme counts as a theme of its own, on both sides of a comparison, whatever made the clustering.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from assistant.gaps.themes import NONE, cluster, kept_pairs
from assistant.models.embedder import load_embedder
from eval.stream_report import read_stream

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their true group, -1 for a text that belongs to none."""

    name: str
    texts: tuple[str, ...]
    truth: Labels


@dataclass(frozen=True, slots=True)
class Row:
    """One clustering of one set; `none` counts texts left alone, `seconds` is wall time without embedding."""

    data: str
    method: str
    found: int
    none: int
    ari: float
    nmi: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Stability:
    """Two runs over overlapping spans: the share of the first run's pairs that the second one keeps."""

    first: str
    second: str
    shared: int
    kept: float
    kept_without_memory: float


def banking77(folder: Path, part: str = "test") -> Labelled:
    """One part of Banking77, 77 intents."""
    with (folder / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = np.unique([row["category"] for row in rows], return_inverse=True)[1].astype(np.int64)
    return Labelled(f"banking77 {part}", tuple(row["text"] for row in rows), truth)


def clinc150(folder: Path, part: str = "test", *, out_of_scope: bool = False) -> Labelled:
    """One part of CLINC150, 150 intents; out-of-scope texts belong to none."""
    records = json.loads((folder / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    rows = records[part] + (records[f"oos_{part}"] if out_of_scope else [])
    truth = np.unique([intent for _, intent in rows], return_inverse=True)[1].astype(np.int64)
    truth[[intent == "oos" for _, intent in rows]] = NONE
    return Labelled(f"clinc150 {part}{' + oos' if out_of_scope else ''}", tuple(text for text, _ in rows), truth)


def alone(labels: Labels) -> Labels:
    """`labels` with each -1 replaced by a number of its own."""
    lonely = labels < 0
    return np.where(lonely, labels.max(initial=0) + 1 + np.cumsum(lonely), labels)


def compared(labelled: Labelled, vectors: Floats) -> tuple[Row, ...]:
    """Ours, k-means with the true number (ten starts) and HDBSCAN (at least 5 to a group), on the same vectors."""
    number = len(set(labelled.truth[labelled.truth >= 0].tolist()))
    methods: dict[str, Callable[[], Labels]] = {
        "themes, number unknown": lambda: cluster(vectors, labelled.texts).labels,
        f"k-means, told {number}": lambda: KMeans(number, n_init=10, random_state=0).fit_predict(vectors),
        "HDBSCAN": lambda: HDBSCAN(min_cluster_size=5, copy=True).fit_predict(vectors),
    }
    return tuple(_row(labelled, method, run) for method, run in methods.items())


def stability(
    days: Sequence[date], titles: Sequence[str], vectors: Floats, *, months: int = 6
) -> tuple[Stability, ...]:
    """Runs over `months` months, each beside one a month later, over the whole stream in steps of three months."""
    number = np.asarray([day.year * 12 + day.month for day in days])
    results = []
    for start in range(int(number.min()), int(number.max()) - months, 3):
        first = np.flatnonzero((number >= start) & (number < start + months))
        second = np.flatnonzero((number > start) & (number <= start + months))
        results.append(_two_runs(first, second, titles, vectors, _month(start), _month(start + 1)))
    return tuple(results)


def _two_runs(
    first: Labels, second: Labels, titles: Sequence[str], vectors: Floats, name: str, next_name: str
) -> Stability:
    before = np.full(len(titles), NONE, dtype=np.int64)
    run = cluster(vectors[first], [titles[int(r)] for r in first])
    before[first] = run.labels
    texts = [titles[int(r)] for r in second]
    shared = np.isin(second, first)
    old = before[second]
    kept = [
        kept_pairs(old[shared], cluster(vectors[second], texts, previous=memory, scale=run.scale).labels[shared])
        for memory in (old, None)
    ]
    return Stability(name, next_name, int(shared.sum()), kept[0], kept[1])


def _row(labelled: Labelled, method: str, run: Callable[[], Labels]) -> Row:
    started = time.perf_counter()
    labels = np.asarray(run(), dtype=np.int64)
    seconds = time.perf_counter() - started
    truth, found = alone(labelled.truth), alone(labels)
    return Row(
        data=labelled.name,
        method=method,
        found=len(set(labels[labels >= 0].tolist())),
        none=int((labels < 0).sum()),
        ari=float(adjusted_rand_score(truth, found)),
        nmi=float(normalized_mutual_info_score(truth, found)),
        seconds=seconds,
    )


def _month(number: int) -> str:
    year, month = divmod(number - 1, 12)
    return f"{year}-{month + 1:02d}"


def main() -> int:
    """Print both tables; 1 without the data."""
    bench = os.environ.get("WAYPOST_BENCH")
    if not bench:
        sys.stdout.write("skipped: WAYPOST_BENCH names no folder of benchmark data\n")
        return 1
    folder, embed = Path(bench), load_embedder().embed
    for labelled in (banking77(folder), clinc150(folder), clinc150(folder, out_of_scope=True)):
        for row in compared(labelled, embed(labelled.texts)):
            sys.stdout.write(
                f"{row.data:24} {row.method:24} found {row.found:4} none {row.none:4} "
                f"ARI {row.ari:.3f} NMI {row.nmi:.3f} {row.seconds:.1f} s\n"
            )
    days, titles = read_stream(folder / "thunderbird" / "stream_2023_24.csv")
    for pair in stability(days, titles, embed(titles)):
        sys.stdout.write(
            f"{pair.first} and {pair.second}: {pair.shared} shared, pairs kept {pair.kept:.3f} "
            f"(without memory {pair.kept_without_memory:.3f})\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
