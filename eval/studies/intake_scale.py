"""One ingest of many articles, seen from outside: memory apart from the index, rate by quarter, a re-run without news.

The work is done by the real command in a process of its own; its books are read from the kernel and the store while it
runs. The index's own process is a child of it, so the two are told apart.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from assistant.seams import Progress, Vectors
from eval.seeded import SeededEmbedder
from eval.studies.passages import paragraphs
from eval.studies.resources import disk_mb, peaks_mb
from eval.systems import CountingEmbedder, Source

WAYPOST = (sys.executable, "-m", "ui.cli")
_EVERY_S = 0.2
_REPEATS = 5
_WINDOW = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """`seconds` since the start, documents in the store, and the peaks so far of the process and of its children."""

    seconds: float
    documents: int
    own_mb: float
    children_mb: float


@dataclass(frozen=True, slots=True)
class IntakeFigures:
    """What one size shows. `rates` are documents a second, by quarter of the documents; times are in seconds.

    `rerun_factor` is the first run over what an unchanged one takes beyond `waypost --version`.
    """

    documents: int
    characters: int
    seconds: float
    rates: tuple[float, float, float, float]
    peak_mb: float
    index_peak_mb: float
    index_disk_mb: float
    disk_mb: float
    rerun_s: float
    version_s: float

    @property
    def rerun_factor(self) -> float:
        """How many times faster; what is beyond is at least a millisecond."""
        return self.seconds / max(self.rerun_s - self.version_s, 0.001)


def natural(sources: Sequence[Source], documents: int, seed: int = 0) -> Iterator[Source]:
    """Yield so many articles, all different, each as long as some real one, of real paragraphs on about one subject."""
    dice = random.Random(seed)
    known = paragraphs(sources)
    lengths = [len(source.text) for source in sources if source.text.strip()]
    for number in range(documents):
        at, wanted = dice.randrange(len(known)), dice.choice(lengths)
        window = [known[(at + step) % len(known)] for step in range(_WINDOW)]
        drawn = [dice.choice(window)]
        while sum(map(len, drawn)) < wanted:
            drawn.append(dice.choice(window if dice.random() < 0.8 else known))
        title = sources[dice.randrange(len(sources))].title
        yield Source(f"made-{number}", f"{title} ({number})", "\n\n".join(drawn))


class Seeded(SeededEmbedder):
    """Vectors from the text's hash, tokens counted for real: the store and the index are seen alone."""

    def __init__(self, real: CountingEmbedder) -> None:
        self._real = real

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, counted for real."""
        return self._real.count(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text."""
        return super().embed(texts)


def measured(command: Sequence[str], source: Path, data: Path, documents: int, progress: Progress) -> IntakeFigures:
    """Run the first ingest of `source` by `command`, then unchanged ones.

    Raises:
        RuntimeError: a command failed; its own words are on stderr.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    samples = list(_watched(process, data / "waypost.sqlite", documents, progress))
    seconds = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"the ingest of {documents} articles ended with code {process.returncode}")
    again = (*WAYPOST, "ingest", str(source), "--data", str(data))
    return IntakeFigures(
        documents=documents,
        characters=source.stat().st_size,
        seconds=seconds,
        rates=rates(samples, documents),
        peak_mb=max(sample.own_mb for sample in samples),
        index_peak_mb=max(sample.children_mb for sample in samples),
        index_disk_mb=disk_mb(data / "index"),
        disk_mb=disk_mb(data),
        rerun_s=_median_s(again),
        version_s=_median_s((*WAYPOST, "--version")),
    )


def rates(samples: Sequence[Sample], documents: int) -> tuple[float, float, float, float]:
    """Documents a second in each quarter, from when the first was stored.

    100 documents, stored at 0, 1, 2, 4 and 8 s as 0, 25, 50, 75 and 100: 25, 25, 12.5 and 6.25.
    """
    stored = [sample for sample in samples if sample.documents]
    start = samples[samples.index(stored[0]) - 1] if samples.index(stored[0]) else stored[0]
    marks = [start.documents + (documents - start.documents) * quarter / 4 for quarter in range(5)]
    times = [start.seconds, *(_reached(samples, mark) for mark in marks[1:])]
    one, two, three, four = ((marks[at + 1] - marks[at]) / max(times[at + 1] - times[at], 1e-9) for at in range(4))
    return one, two, three, four


def _reached(samples: Sequence[Sample], documents: float) -> float:
    """When so many were stored, between two samples by the rule of three."""
    after = next(at for at, sample in enumerate(samples) if sample.documents >= documents)
    late, early = samples[after], samples[max(after - 1, 0)]
    share = (documents - early.documents) / max(late.documents - early.documents, 1)
    return early.seconds + share * (late.seconds - early.seconds)


def _watched(process: subprocess.Popen[bytes], store: Path, documents: int, progress: Progress) -> Iterator[Sample]:
    began, running, last = time.perf_counter(), True, Sample(0, 0, 0, 0)
    while running:
        running = process.poll() is None
        peaks = peaks_mb(process.pid) or (0.0, 0.0)
        last = Sample(
            time.perf_counter() - began, _stored(store), max(last.own_mb, peaks[0]), max(last.children_mb, peaks[1])
        )
        progress(last.documents, documents, f"articles, {last.own_mb:.0f} MB")
        yield last
        time.sleep(_EVERY_S if running else 0)


def _stored(store: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    except sqlite3.Error:  # not there yet, or not yet filled with tables
        return 0


def _median_s(command: Sequence[str]) -> float:
    return statistics.median(_timed(lambda: subprocess.run(command, check=True, capture_output=True), _REPEATS))


def _timed(call: Callable[[], object], times: int) -> Iterator[float]:
    for _ in range(times):
        began = time.perf_counter()
        call()
        yield time.perf_counter() - began
