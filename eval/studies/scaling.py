"""The scaling curve: the same measurements at growing sizes, each step in a process of its own with a limit.

Every step's numbers are kept as JSON, so a curve that was killed goes on; a step that failed or ran out of time says
so and ends its system's curve. Sizes above `EMBEDDED_UP_TO` have recombined vectors: embedding is measured below.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Literal

import numpy as np

from assistant.seams import Progress
from eval.figures import Figure, Unit
from eval.metrics.intervals import Estimate
from eval.studies.study import Growth, Study

SystemName = Literal["waypost", "plain LangChain"]
Numbers = Mapping[str, float]

SYSTEMS: tuple[SystemName, ...] = ("waypost", "plain LangChain")
STEPS: Mapping[SystemName, tuple[str, ...]] = {
    "waypost": ("build", "embed", "ask", "rebuild"),
    "plain LangChain": ("plain-build", "plain-embed", "plain-ask"),
}
EMBEDDED_UP_TO: Mapping[str, int] = {"embed": 10_000, "plain-embed": 1_000}
"""Embedding takes most of the time and no size changes its rate, so it is measured where it is affordable."""
_FILLING = ("build", "plain-build", *EMBEDDED_UP_TO)

MEASURES: tuple[tuple[str, str, str, Unit], ...] = (
    ("embed", "rate", "ingest rate, embedding", "rate"),
    ("build", "rate", "ingest rate, vectors given", "rate"),
    ("ask", "search_p50_ms", "query p50", "ms"),
    ("ask", "search_p95_ms", "query p95", "ms"),
    ("ask", "draft_p50_ms", "draft p50", "ms"),
    ("ask", "draft_p95_ms", "draft p95", "ms"),
    ("ask", "memory_mb", "memory, asking", "MB"),
    ("build", "memory_mb", "memory, ingest", "MB"),
    ("build", "disk_mb", "disk", "MB"),
    ("ask", "start_up_ms", "start-up", "ms"),
    ("rebuild", "rebuild_ms", "rebuild", "ms"),
)
"""Step, key, name and unit of each measure; the plain pipeline's steps have "plain-" in front."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Where the curve is kept and what it is made from; `limit_s` bounds each step."""

    folder: Path
    work: Path
    data: Path
    cases: Path
    limit_s: float


def measure_sizes(curve: Curve, sizes: Sequence[int], progress: Progress) -> None:
    """Take every step that has no result yet, smaller sizes first; a system's curve ends at its first failure."""
    ended: set[SystemName] = {name for name in SYSTEMS if _failure(curve, name)}
    for size in sorted(sizes):
        for system in SYSTEMS:
            if system not in ended and not _take(curve, system, size, progress):
                ended.add(system)


def _failure(curve: Curve, system: SystemName) -> str:
    """Why the system's curve ended, "" while it has not."""
    results = (record for size in _sizes(curve.folder) for record in _results(curve.folder, system, size).values())
    return next((str(record["failed"]) for record in results if "failed" in record), "")


def _take(curve: Curve, system: SystemName, size: int, progress: Progress) -> bool:
    """All steps of one size; False when one of them failed. The data directory is removed at the end."""
    work = curve.work / f"{system.split()[0]}-{size}"
    for place, step in enumerate(STEPS[system]):
        result = _path(curve.folder, step, size)
        if result.exists() or size > EMBEDDED_UP_TO.get(step, size):
            continue
        progress(place, len(STEPS[system]), f"{size:,} passages: {step}")
        if step in _FILLING:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
        found = _run(curve, step, size, work)
        result.parent.mkdir(parents=True, exist_ok=True)
        result.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        if "failed" in found:
            return False
    shutil.rmtree(work, ignore_errors=True)
    return True


def _run(curve: Curve, step: str, size: int, work: Path) -> dict[str, object]:
    """One step in a new process: what it printed, or why it gave nothing."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "ui.cli", *_arguments(curve, step, size, work)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=curve.limit_s)
    except subprocess.TimeoutExpired:
        return {"failed": f"{step} did not end within {curve.limit_s:.0f} s"}
    if done.returncode:
        return {"failed": f"{step} ended with {done.returncode}: {done.stderr.strip()[-300:]}"}
    if step == "rebuild":
        return {"rebuild_ms": 1000 * (time.perf_counter() - began)}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _arguments(curve: Curve, step: str, size: int, work: Path) -> list[str]:
    if step == "rebuild":
        return ["index", "rebuild", "--data", str(work / "data"), "--json"]
    given = ("--size", str(size), "--work", str(work), "--data", str(curve.data), "--cases", str(curve.cases))
    return ["eval", "scale-step", step, *given, "--started", str(time.time())]


def _path(folder: Path, step: str, size: int) -> Path:
    return folder / f"{size}-{step}.json"


def _sizes(folder: Path) -> list[int]:
    return sorted({int(path.name.split("-")[0]) for path in folder.glob("*-*.json")})


def _results(folder: Path, system: SystemName, size: int) -> dict[str, dict[str, object]]:
    """The results that one size has, by step without "plain-"."""
    paths = {step.removeprefix("plain-"): _path(folder, step, size) for step in STEPS[system]}
    return {step: json.loads(path.read_text(encoding="utf-8")) for step, path in paths.items() if path.exists()}


def curve_study(curve: Curve, stamp: tuple[tuple[str, str], ...] = ()) -> Study:
    """Return what the steps found so far: a row of figures for each system and size, and the curves."""
    found = {
        (system, size): results
        for system in SYSTEMS
        for size in _sizes(curve.folder)
        if (results := _results(curve.folder, system, size))
    }
    figures = tuple(figure for (system, size), results in found.items() for figure in _row(system, size, results))
    growth = tuple(line for system in SYSTEMS for line in _lines(system, found))
    slopes = tuple(
        Figure(
            line.system,
            "scale",
            f"growth exponent: {line.measure}",
            Estimate(line.exponent, None, None, n),
            "index",
            "",
        )
        for line in growth
        if (n := len(line.sizes)) > 1
    )
    ends = tuple(f"Scaling, {system}: {why}." for system in SYSTEMS if (why := _failure(curve, system)))
    return Study("scaling", (*figures, *slopes), (*_WORDS, *ends), growth, stamp)


_WORDS = (
    "Scaling: texts are recombined from real paragraphs. Up to 10,000 passages what is asked was embedded for real;"
    " above, vectors are recombined from real ones and slightly perturbed, and nothing is embedded.",
    "Scaling: one question at a time; memory is the peak of the process and its children; start-up runs from the start"
    " of the process until the index is opened and verified.",
)


def _row(system: SystemName, size: int, results: Mapping[str, Mapping[str, object]]) -> list[Figure]:
    values = [(name, unit, _value(results, step, key)) for step, key, name, unit in MEASURES]
    passages = _value(results, "build", "passages") or float(size)
    return [
        Figure(system, "scale", f"{passages:,.0f} passages: {name}", Estimate(value, None, None, 1), unit, "")
        for name, unit, value in values
        if value is not None
    ]


def _value(results: Mapping[str, Mapping[str, object]], step: str, key: str) -> float | None:
    value = results.get(step, {}).get(key)
    return float(value) if isinstance(value, int | float) else None


def _lines(
    system: SystemName, found: Mapping[tuple[SystemName, int], Mapping[str, Mapping[str, object]]]
) -> list[Growth]:
    lines = []
    for step, key, name, unit in MEASURES:
        points = [
            (int(_value(results, "build", "passages") or size), value)
            for (owner, size), results in found.items()
            if owner == system and (value := _value(results, step, key)) is not None
        ]
        if points:
            sizes, values = zip(*points, strict=True)
            lines.append(Growth(system, name, unit, sizes, values, exponent(sizes, values)))
    return lines


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """Return the slope of a straight line through the points with both axes logarithmic; None below two sizes.

    Ten times the passages and a hundred times the time:

    >>> round(exponent([10, 100, 1000], [1, 100, 10_000]), 6)
    2.0
    """
    if len(set(sizes)) < 2 or min(values) <= 0:
        return None
    slope, _ = np.polyfit([log(size) for size in sizes], [log(value) for value in values], 1)
    return float(slope)
