"""The steps of the scaling curve, each meant for a process of its own: build, ask, for the product and the yardstick.

A step returns plain numbers; `eval.studies.scaling` starts the processes and draws the curve.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assistant.domain import Question
from eval.cases import load_cases
from eval.metrics.latency import percentile
from eval.studies.passages import RecombinedEmbedder, paragraphs, recombined, write_sources
from eval.studies.resources import disk_mb, peak_memory_mb
from eval.systems import CountingEmbedder, Product, Source

Numbers = dict[str, float]

ASKED = 100
_WARM_UP = 5


def build(product: Product, work: Path, sources: Sequence[Source], size: int, *, embedded: bool) -> Numbers:
    """Make a data directory of about `size` passages in `work/data` by a real ingest.

    `embedded` says whether the model embeds every passage; else vectors are recombined and nothing is embedded.
    """
    write_sources(work / "documents.jsonl", recombined(sources, size))
    stand_in = None if embedded else RecombinedEmbedder(product.embedder(), paragraphs(sources))
    began = time.perf_counter()
    (summary,) = product.ingest(work / "data", [work / "documents.jsonl"], stand_in)
    seconds = time.perf_counter() - began
    passages = float(str(summary["chunks"]))
    found = {"passages": passages, "seconds": seconds, "rate": passages / seconds, "disk_mb": disk_mb(work / "data")}
    return found | _memory()


def ask(product: Product, work: Path, cases: Path, started: float) -> Numbers:
    """Open the directory as the server does, search and draft; `started` is when the process was (`time.time`)."""
    questions = _questions(cases)
    with product.serve(work / "data") as assistant:
        ready = {"start_up_ms": 1000 * (time.time() - started)}
        search = _timed([partial(assistant.search, question, 10) for question in questions])
        draft = _timed([partial(assistant.ask, question) for question in questions])
        return ready | _percentiles("search", search) | _percentiles("draft", draft) | _memory()


def plain_build(work: Path, sources: Sequence[Source], size: int, embedder: CountingEmbedder | None) -> Numbers:
    """The same articles in the plain pipeline, in `work/plain`; without an embedder its own model embeds."""
    from eval.baselines.langchain_plain import filled

    articles = list(recombined(sources, size))
    known = RecombinedEmbedder(embedder, paragraphs(sources)) if embedder else None
    began = time.perf_counter()
    pieces = filled(work / "plain", articles, known)
    seconds = time.perf_counter() - began
    found = {"passages": float(pieces), "seconds": seconds, "rate": pieces / seconds, "disk_mb": disk_mb(work)}
    return found | _memory()


def plain_ask(work: Path, cases: Path, started: float) -> Numbers:
    """Open the plain pipeline's store and search; its index is read at the first question, which counts as start."""
    from eval.baselines.langchain_plain import reopened

    system, questions = reopened(work / "plain"), _questions(cases)
    system.search(questions[0], 10)
    ready = {"start_up_ms": 1000 * (time.time() - started)}
    search = _timed([partial(system.search, question, 10) for question in questions])
    return ready | _percentiles("search", search) | _memory()


def _questions(cases: Path) -> list[Question]:
    return [case.question for case in load_cases(cases).cases[: _WARM_UP + ASKED]]


def _timed(asked: Sequence[Callable[[], object]]) -> list[float]:
    """Milliseconds of each call but the first few, one after another."""
    times = []
    for call in asked:
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    return times[_WARM_UP:]


def _percentiles(what: str, times: Sequence[float]) -> Numbers:
    return {f"{what}_p{share}_ms": percentile(times, share / 100) or 0.0 for share in (50, 95)}


def _memory() -> Numbers:
    found = peak_memory_mb(os.getpid())
    return {} if found is None else {"memory_mb": found}
