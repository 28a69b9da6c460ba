"""Fails a build when a figure falls below its floor by more than noise.

Floors live in a small TOML file: a table for each system, a line for each figure, the least value accepted (the most,
for figures where lower is better). A figure fails when its whole interval is on the wrong side of the floor.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import UsageError
from eval.figures import Figure
from eval.metrics.intervals import Estimate

Outcome = Literal["holds", "within noise", "fails", "not measured"]


@dataclass(frozen=True, slots=True)
class Floor:
    """The least (or, for latency and errors, the most) that a system's figure may be."""

    system: str
    name: str
    limit: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One floor beside its figure. Only "fails" and "not measured" fail the gate."""

    floor: Floor
    estimate: Estimate | None
    outcome: Outcome

    @property
    def passes(self) -> bool:
        """Whether the gate may stay open."""
        return self.outcome in ("holds", "within noise")


def load_floors(path: Path) -> tuple[Floor, ...]:
    """Read a floors file; raises `UsageError` when it is missing, not TOML, or holds anything but numbers."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"expected floors at {path}, found none: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"expected TOML in {path}: {error}") from error
    return tuple(floor for system, table in content.items() for floor in _floors(path, system, table))


def _floors(path: Path, system: str, table: object) -> Iterable[Floor]:
    if not isinstance(table, Mapping):
        raise UsageError(f"{path}: expected a table of figures for each system, found {system} = {table!r}")
    for name, limit in table.items():
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            raise UsageError(f"{path}: expected a number for {system}.{name}, found {limit!r}")
        yield Floor(system, str(name), float(limit))


def gate(floors: Iterable[Floor], figures: Iterable[Figure]) -> tuple[Verdict, ...]:
    """Hold every floor against its figure; a floor without a figure is "not measured", never passed in silence."""
    found = {(figure.system, figure.name): figure for figure in figures}
    return tuple(_verdict(floor, found.get((floor.system, floor.name))) for floor in floors)


def _verdict(floor: Floor, figure: Figure | None) -> Verdict:
    if figure is None or figure.estimate.value is None:
        return Verdict(floor, None, "not measured")
    estimate, sign = figure.estimate, -1.0 if figure.better == "lower" else 1.0
    bounds = [bound for bound in (estimate.low, figure.estimate.value, estimate.high) if bound is not None]
    if sign * figure.estimate.value >= sign * floor.limit:
        return Verdict(floor, estimate, "holds")
    reaches = max(sign * bound for bound in bounds) >= sign * floor.limit
    return Verdict(floor, estimate, "within noise" if reaches else "fails")
