"""The report as Markdown tables, for a terminal, a pull request or the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from eval.figures import Figure, Group
from eval.metrics.intervals import Difference
from eval.report import wording
from eval.report.model import Report

TITLES: dict[Group, str] = {
    "ranking": "Does it find the right document?",
    "citations": "Do the citations hold?",
    "verification": "Does its check tell supported from not?",
    "verdicts": "How often does it answer?",
    "confidence": "Does it know when it does not know?",
    "scope": "Does it refuse what is out of scope?",
    "gaps": "Are the logged gaps real?",
    "causes": "Does it see why people write?",
    "themes": "Does it see what belongs together?",
    "latency": "How fast is it?",
    "cost": "What does a draft cost?",
    "scale": "How does it grow?",
}


def as_markdown(report: Report) -> str:
    """Return the whole report: tables by group, comparisons, what was left out, and the stamp."""
    sections = [
        f"# {report.title}",
        f"{report.cases.n} questions, {report.cases.documents} documents. Brackets: 95 % intervals.",
        *(f"## {title}\n\n{_shown(report, group)}" for group, title in TITLES.items() if report.group(group)),
        *(_comparison(report) if report.comparisons else ()),
        _left_out(report),
        *(["## Notes\n\n" + "\n".join(f"- {note}" for note in report.notes)] if report.notes else []),
        "## Stamp\n\n" + "\n".join(f"- {name}: {value}" for name, value in report.stamp),
    ]
    return "\n\n".join(sections) + "\n"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures of one group: a row for each system and test, a column for each metric."""
    metrics = list(dict.fromkeys(wording.test_and_metric(figure)[1] for figure in figures))
    rows = list(dict.fromkeys((figure.system, wording.test_and_metric(figure)[0]) for figure in figures))
    found = {(figure.system, *wording.test_and_metric(figure)): figure for figure in figures}
    head = "| | " + " | ".join(metrics) + " |\n|---|" + "---|" * len(metrics)
    lines = [
        f"| {system}{f', {test}' if test else ''} | "
        + " | ".join(_cell(found.get((system, test, metric))) for metric in metrics)
        + " |"
        for system, test in rows
    ]
    return "\n".join([head, *lines])


def _shown(report: Report, group: Group) -> str:
    return _growth(report) if group == "scale" else table(report.group(group))


def _growth(report: Report) -> str:
    tables = []
    for system in dict.fromkeys(line.system for line in report.growth):
        lines = [line for line in report.growth if line.system == system]
        sizes = sorted({size for line in lines for size in line.sizes})
        head = f"| {system}, passages | " + " | ".join(f"{size:,}" for size in sizes) + " | exponent |"
        rows = [
            f"| {line.measure} | "
            + " | ".join(wording.at_size(line, size) for size in sizes)
            + f" | {wording.exponent(line)} |"
            for line in lines
        ]
        tables.append("\n".join([head, "|---" * (len(sizes) + 2) + "|", *rows]))
    return "\n\n".join(tables)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    bounds = wording.interval(figure)
    return wording.number(figure.estimate.value, figure.unit) + (f" ({bounds})" if bounds else "")


def _comparison(report: Report) -> list[str]:
    head = "| | figure | difference | finding | better, worse | p |\n|---|---|---|---|---|---|"
    rows = [
        f"| {comparison.second} against {comparison.first} | {name} | {_difference(difference)} |"
        for comparison in report.comparisons
        for name, difference in comparison.differences
    ]
    return ["## Paired, question by question", "\n".join([head, *rows])]


def _difference(difference: Difference) -> str:
    signed = wording.signed
    return (
        f"{signed(difference.value)} ({signed(difference.low)} to {signed(difference.high)})"
        f" | {wording.finding(difference)} | {difference.better}, {difference.worse}"
        f" | {wording.probability(difference.p_value)}"
    )


def _left_out(report: Report) -> str:
    lines = [f"- {count} x {reason}" for reason, count in report.cases.excluded]
    lines += [f"- {figure.system}: {figure.name} is not defined" for figure in report.undefined()]
    return "## What was left out\n\n" + ("\n".join(lines) if lines else "Nothing.")
