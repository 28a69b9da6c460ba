"""What a report says, before it has any look; its JSON is what the gate reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from assistant.errors import UsageError
from eval.compare import Comparison
from eval.figure_records import figure_from_record, figure_record
from eval.figures import Figure, Group
from eval.metrics.abstention import ReliabilityBin
from eval.metrics.classification import Confusion
from eval.studies.study import Growth

SCHEMA = 1
THRESHOLDS = tuple(percent / 100 for percent in range(101))
PRICES = (1.0, 3.0, 10.0)
"""What a wrong draft may cost a desk, counted in missing ones."""


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """The cases behind a report; `excluded` counts what was left out by reason, `period` is "first to last day"."""

    n: int
    digest: str
    excluded: tuple[tuple[str, int], ...] = ()
    documents: int = 0
    period: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """One test of confidence, ready to be drawn: the reliability bins, the risk at each coverage, what lines cost.

    `costs` has, for each price of a wrong draft in missing ones, a question's mean cost at `THRESHOLDS`.
    """

    what: str
    bins: tuple[ReliabilityBin, ...]
    risks: tuple[float, ...]
    costs: tuple[tuple[float, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `stamp` fixes the numbers: commit, settings, model hash, generation, data hash, seed, time."""

    title: str
    stamp: tuple[tuple[str, str], ...]
    cases: CaseSummary
    figures: tuple[Figure, ...]
    comparisons: tuple[Comparison, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    confusions: tuple[tuple[str, Confusion], ...] = ()
    growth: tuple[Growth, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def compared(self) -> tuple[str, ...]:
        """The systems that were asked the report's own questions."""
        return tuple(dict.fromkeys(figure.system for figure in self.group("ranking")))

    @property
    def systems(self) -> tuple[str, ...]:
        """The measured systems in the order of their figures."""
        return tuple(dict.fromkeys(figure.system for figure in self.figures))

    def group(self, group: Group) -> tuple[Figure, ...]:
        """The figures of one group in order."""
        return tuple(figure for figure in self.figures if figure.group == group)

    def undefined(self) -> tuple[Figure, ...]:
        """The figures that nothing defines; shown as such and counted, never 0."""
        return tuple(figure for figure in self.figures if figure.estimate.value is None)


def report_record(report: Report) -> dict[str, object]:
    """Return the report's numbers as plain JSON values; a figure without a value is null."""
    return {
        "schema": SCHEMA,
        "title": report.title,
        "stamp": dict(report.stamp),
        "cases": asdict(report.cases) | {"excluded": dict(report.cases.excluded)},
        "figures": [figure_record(figure) for figure in report.figures],
        "undefined": len(report.undefined()),
        "growth": [asdict(line) for line in report.growth],
        "comparisons": [comparison_record(comparison) for comparison in report.comparisons],
        "notes": list(report.notes),
    }


def comparison_record(comparison: Comparison) -> dict[str, object]:
    """Return a comparison as plain JSON values."""
    return {
        "first": comparison.first,
        "second": comparison.second,
        "differences": {name: asdict(difference) for name, difference in comparison.differences},
        "mcnemar_hit@1": asdict(comparison.first_place),
        "same": comparison.same,
        "changes": [
            {"id": change.case.id, "gain": change.gain, "places": change.places, "verdicts": change.verdicts}
            for change in comparison.changes
        ],
    }


def figures_from_json(record: object) -> tuple[Figure, ...]:
    """Return the figures of a report's JSON. Raises `UsageError` when it is none of this schema."""
    if not isinstance(record, Mapping) or record.get("schema") != SCHEMA or not isinstance(record.get("figures"), list):
        raise UsageError(f"expected a report's JSON of schema {SCHEMA}, found something else")
    return tuple(figure_from_record(item) for item in record["figures"])
