"""Figures as plain JSON values and back: what the gate, the report's JSON and the studies share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast, get_args

from assistant.errors import UsageError
from eval.figures import Better, Figure, Group, Unit
from eval.metrics.intervals import Estimate


def figure_record(figure: Figure) -> dict[str, object]:
    """Return one figure flat, its estimate's fields beside its own; an undefined value is None."""
    record = asdict(figure)
    return {key: value for key, value in record.items() if key != "estimate"} | asdict(figure.estimate)


def figure_from_record(record: Mapping[str, object]) -> Figure:
    """Return the figure of `figure_record`. Raises `UsageError` when a field is missing or unknown."""
    try:
        value, low, high = (
            None if record[key] is None else float(str(record[key])) for key in ("value", "low", "high")
        )
        n, undefined = int(str(record["n"])), int(str(record["undefined"]))
        system, name = str(record["system"]), str(record["name"])
        group, unit, better = record["group"], record["unit"], record["better"]
    except (KeyError, ValueError) as error:
        raise UsageError(f"expected a figure in the report, found {dict(record)!r} ({error})") from error
    if group not in get_args(Group) or unit not in get_args(Unit) or better not in get_args(Better):
        raise UsageError(f"expected a known group, unit and direction, found {group!r}, {unit!r}, {better!r}")
    kind = cast("tuple[Group, Unit, Better]", (group, unit, better))
    return Figure(system, kind[0], name, Estimate(value, low, high, n, undefined), kind[1], kind[2])
