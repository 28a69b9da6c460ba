"""What one study adds to a report, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from assistant.errors import UsageError
from eval.figure_records import figure_from_record, figure_record
from eval.figures import Figure, Unit


@dataclass(frozen=True, slots=True)
class Growth:
    """How one measure of one system grows: `values[i]` at `sizes[i]` passages.

    `exponent` is the slope in a log-log plot (1: twice the size costs twice as much), None below two points.
    """

    system: str
    measure: str
    unit: Unit
    sizes: tuple[int, ...]
    values: tuple[float, ...]
    exponent: float | None


@dataclass(frozen=True, slots=True)
class Study:
    """One measurement: figures of any group, curves, what must be said beside them, and what fixes the numbers."""

    name: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    growth: tuple[Growth, ...] = ()
    stamp: tuple[tuple[str, str], ...] = ()


def write_study(path: Path, study: Study) -> None:
    """Write the study as one JSON file, whole or not at all."""
    record = asdict(study) | {"figures": [figure_record(figure) for figure in study.figures]}
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    half.replace(path)


def read_study(path: Path) -> Study:
    """Return the study of a file. Raises `UsageError` when it is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return Study(
            name=str(record["name"]),
            figures=tuple(figure_from_record(figure) for figure in record["figures"]),
            notes=tuple(map(str, record["notes"])),
            growth=tuple(_growth(line) for line in record["growth"]),
            stamp=tuple((str(name), str(value)) for name, value in record["stamp"]),
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"expected a study in {path}, found something else ({error}): delete the file") from error


def _growth(record: Mapping[str, Any]) -> Growth:
    unit, slope = record["unit"], record["exponent"]
    if unit not in get_args(Unit):
        raise ValueError(f"unknown unit {unit!r}")
    return Growth(
        system=str(record["system"]),
        measure=str(record["measure"]),
        unit=unit,
        sizes=tuple(int(size) for size in record["sizes"]),
        values=tuple(float(value) for value in record["values"]),
        exponent=None if slope is None else float(slope),
    )
