"""The report as one self-contained HTML page: style and drawings inside, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from eval.compare import Change, Comparison
from eval.figures import Figure, Group
from eval.report import plots, wording
from eval.report.markdown import TITLES
from eval.report.model import Calibration, Report

MOST_CHANGES = 40

LEADS: dict[Group, str] = {
    "ranking": "Each question has documents that people linked when they answered. MRR is high when the first one"
    " comes early; hit@1 counts first places; macro-recall gives a rare document the weight of a popular one. Other"
    " documents may help too, so the figures compare systems better than they grade one.",
    "citations": "A plain word-by-word check, apart from the product's own verifier: does the quote say what the part"
    " says, with the same numbers and negation, and is the cited document one that people linked?",
    "verdicts": "The share of questions with a whole answer, a partial one, and a logged gap.",
    "confidence": "Confidence should be high where the knowledge can answer and low where it cannot. AUROC is the"
    " chance that an answerable question gets more confidence than an unanswerable one: 0.5 is guessing, 1 perfect.",
    "gaps": "Articles are taken away by a seeded draw and everything is asked; the questions that lost theirs"
    " are the known gaps. Coarse: other articles may still help, so precision and recall cannot reach 1.",
    "verification": "Each sentence of a draft is checked against what it cites. Here the check judges replies that"
    " people judged before: AUROC is the chance that a supported reply gets the higher score.",
    "scope": "A helpdesk whose articles are 150 subjects, asked about those and about other things. The threshold may"
    " refuse at most 5 % of the questions that it should answer, measured on questions that are not tested.",
    "causes": "Labels given by the product against labels given by readers.",
    "themes": "Themes found by the product against known groups; a question in no theme counts as one of its own.",
    "latency": "What the asker waits. The median, and the slowest 5 % and 1 %.",
    "cost": "The machine's time at the price that was set.",
    "scale": "The same measurements at growing sizes. A growth exponent of 1 means that twice the knowledge takes twice"
    " the time or room, 0 that it takes no more.",
}


def as_html(report: Report) -> str:
    """Return the whole page."""
    css = resources.files("eval.report").joinpath("report.css").read_text(encoding="utf-8")
    body = "\n".join(
        [
            _head(report),
            *(_group(report, group) for group in TITLES if report.group(group)),
            *(_comparison(comparison) for comparison in report.comparisons),
            _left_out(report),
            _stamp(report),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _head(report: Report) -> str:
    cases = report.cases
    period = f", asked {escape(cases.period)}" if cases.period else ""
    names = escape(_listed(report.compared))
    return (
        f"<header><h1>{escape(report.title)}</h1>"
        f'<p class="sub">{cases.n} questions{period}, {cases.documents} documents. Measured: {names}.</p>'
        f"{_tiles(report)}{_contents(report)}</header>"
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"


_TILES = (
    ("MRR@10", "how early the right document comes (MRR)"),
    ("hit@1", "right document in first place"),
    ("judged, any help: AUROC", "confidence tells answerable from not (AUROC)"),
    ("cited document is relevant", "cited documents are ones that people linked"),
    ("search: p95", "search time, 95 of 100 are faster"),
)


def _tiles(report: Report) -> str:
    found = {(figure.system, figure.name): figure for figure in report.figures}
    tiles = [
        _tile(what, [figure for system in report.compared if (figure := found.get((system, name)))])
        for name, what in _TILES
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>' if any(tiles) else ""


def _tile(what: str, figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    first, *others = figures
    beside = "".join(
        f'<span class="range">{escape(other.system)}: {wording.number(other.estimate.value, other.unit)}</span>'
        for other in others
    )
    return (
        f'<div class="tile"><b>{wording.number(first.estimate.value, first.unit)}</b>'
        f'<span class="what">{escape(what)}</span>'
        f'<span class="range">{escape(wording.interval(first))}</span>{beside}</div>'
    )


def _contents(report: Report) -> str:
    links = [f'<a href="#{group}">{escape(title)}</a>' for group, title in TITLES.items() if report.group(group)]
    return f'<nav aria-label="Contents">{"".join(links)}</nav>' if len(links) > 3 else ""


def _group(report: Report, group: Group) -> str:
    drawings = list(_plots(report, group))
    table = _growth_tables(report) if group == "scale" else _table(report.group(group), _coloured(report, group))
    return (
        f'<section id="{group}"><h2>{escape(TITLES[group])}</h2><p class="lead">{escape(LEADS[group])}</p>'
        + (f'<div class="plots {_columns(len(drawings))}">{"".join(drawings)}</div>' if drawings else "")
        + f"{table}</section>"
    )


def _coloured(report: Report, group: Group) -> tuple[str, ...]:
    """The systems of a section in the order of their colours: those of the whole report first, always the same."""
    return tuple(dict.fromkeys((*report.compared, *(figure.system for figure in report.group(group)))))


def _columns(drawings: int) -> str:
    """Three beside each other, or two where that leaves no hole."""
    return "thirds" if drawings % 3 == 0 else "halves"


def _plots(report: Report, group: Group) -> Iterable[str]:
    if group == "ranking":
        yield from _forests(report, group, ("MRR@10", "hit@1", "macro-recall@10"))
    if group in _COMPARED:
        yield from _forests(report, group, _COMPARED[group])
    if group == "verdicts":
        yield _plot(plots.shares(report.group(group), "verdicts"), "All questions, by what came back.")
    if group == "confidence" and report.calibrations:
        for calibration in report.calibrations:
            drawing = plots.reliability(calibration, f"reliability: {calibration.what}")
            yield _plot(drawing, f"Reliability, {calibration.what}. On the dashed line, confidence means what it says.")
        drawing = plots.risk_coverage(report.calibrations, "risk and coverage")
        yield _plot(drawing, "Answer only the surest questions, and this many are still wrong. Lower is better.")
        yield from _cost_plots(report.calibrations[0])
    if group == "scale":
        for title, measures, axis, unit in _GROWTH:
            if lines := [line for line in report.growth if line.measure in measures]:
                others = list(dict.fromkeys(line.system for line in lines))[1:]
                dashed = f" Dashed: {_listed(others)}." if others else ""
                yield _plot(plots.growth(lines, f"growth: {title}", axis, unit), title + dashed)
    if group == "causes":
        for what, table in report.confusions:
            yield _plot(
                plots.confusion(table, f"confusion: {what}"), f"Confusion, {what}: rows are true, columns given."
            )


def _cost_plots(calibration: Calibration) -> Iterable[str]:
    if calibration.costs:
        yield _plot(
            plots.cost_by_threshold(calibration, f"cost by threshold: {calibration.what}"),
            f"Where to draw the line, {calibration.what}: a missing draft costs 1. A dot is the cheapest threshold, a "
            "dashed line the one that answering.wrong_to_missing would set.",
        )


_COMPARED: dict[Group, tuple[str, ...]] = {
    "verification": ("AUROC",),
    "scope": ("out-of-scope recall", "in-scope accuracy"),
    "themes": ("ARI", "NMI"),
}
"""Metrics of the public sets that are drawn side by side, one drawing for each set."""


def _forests(report: Report, group: Group, metrics: Sequence[str]) -> Iterable[str]:
    """One drawing for each metric and test that several systems share."""
    shared: dict[str, list[Figure]] = {}
    for figure in report.group(group):
        if wording.test_and_metric(figure)[1] in metrics:
            shared.setdefault(figure.name, []).append(figure)
    for name, figures in shared.items():
        if len(figures) > 1:
            drawing = plots.forest(figures, _coloured(report, group), f"{name} by system")
            yield _plot(drawing, f"{name}; the bar is the 95 % interval.")


_GROWTH = (
    ("What the asker waits for.", ("query p50", "query p95", "draft p50", "draft p95"), "milliseconds", 1.0),
    ("What the machine must hold.", ("memory, asking", "disk"), "megabytes", 1.0),
    (
        "How fast knowledge comes in.",
        ("ingest rate, embedding", "ingest rate, vectors given"),
        "passages a second",
        1.0,
    ),
    ("How long until it answers again.", ("start-up", "rebuild"), "seconds", 1000.0),
)
"""Caption, measures, axis and its unit of each drawing of the scaling curve."""


def _plot(svg: str, caption: str) -> str:
    return f'<figure class="plot">{svg}<figcaption>{escape(caption)}</figcaption></figure>'


def _table(figures: Sequence[Figure], systems: Sequence[str]) -> str:
    found = {(figure.system, *wording.test_and_metric(figure)): figure for figure in figures}
    metrics = list(dict.fromkeys(metric for _, _, metric in found))
    rows = list(dict.fromkeys((system, test) for system, test, _ in found))
    head = "".join(f"<th scope=col{' class=long' if len(name) > 16 else ''}>{escape(name)}</th>" for name in metrics)
    best = {key: _best([figure for other, figure in found.items() if other[1:] == key[1:]]) for key in found}
    body = "".join(
        f"<tr><th scope=row>{_system(system, systems, test)}</th>"
        + "".join(_cell(found.get(key), best.get(key)) for metric in metrics for key in [(system, test, metric)])
        + "</tr>"
        for system, test in rows
    )
    return _scrolling(f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>")


def _growth_tables(report: Report) -> str:
    systems = list(dict.fromkeys(line.system for line in report.growth))
    return "".join(_growth_table(report, system) for system in systems)


def _growth_table(report: Report, system: str) -> str:
    lines = [line for line in report.growth if line.system == system]
    sizes = sorted({size for line in lines for size in line.sizes})
    head = "".join(f"<th scope=col>{size:,}</th>" for size in sizes) + "<th scope=col>exponent</th>"
    rows = "".join(
        f"<tr><th scope=row>{escape(line.measure)}</th>"
        + "".join(f"<td>{wording.at_size(line, size)}</td>" for size in sizes)
        + f"<td>{wording.exponent(line)}</td></tr>"
        for line in lines
    )
    name = f"<td>{_system(system, _coloured(report, 'scale'), 'passages')}</td>"
    return _scrolling(f"<table><thead><tr>{name}{head}</tr></thead><tbody>{rows}</tbody></table>")


def _scrolling(table: str) -> str:
    return f'<div class="scroll" tabindex="0" role="region" aria-label="table">{table}</div>'


def _system(system: str, systems: Sequence[str], test: str = "") -> str:
    swatch = f'<i class="swatch" style="background:var(--series-{plots.series_number(system, systems)})"></i>'
    return f'<span class="name">{swatch}{escape(system)}</span>' + (
        f"<br><small>{escape(test)}</small>" if test else ""
    )


def _best(figures: Sequence[Figure]) -> Figure | None:
    known = [figure for figure in figures if figure.estimate.value is not None and figure.better]
    if len({figure.system for figure in known}) < 2:
        return None
    sign = -1 if known[0].better == "lower" else 1
    return max(known, key=lambda figure: sign * (figure.estimate.value or 0.0))


def _cell(figure: Figure | None, best: Figure | None) -> str:
    if figure is None:
        return '<td class="none">\u2013</td>'
    value = wording.number(figure.estimate.value, figure.unit)
    kind = ' class="none"' if figure.estimate.value is None else ' class="best"' if figure is best else ""
    bounds = wording.interval(figure).replace(" to ", "\u2013") if figure.unit != "ms" else wording.interval(figure)
    return f'<td{kind}><b>{escape(value)}</b><span class="range">{escape(bounds)}</span></td>'


def _comparison(comparison: Comparison) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td><b>{wording.signed(difference.value)}</b>"
        f'<span class="range">{wording.signed(difference.low)} to {wording.signed(difference.high)}</span></td>'
        f'<td class="{_tone(wording.finding(difference))}">{wording.finding(difference)}</td>'
        f"<td>{difference.better}</td><td>{difference.worse}</td><td>{wording.probability(difference.p_value)}</td></tr>"
        for name, difference in comparison.differences
    )
    head = "<td></td>" + "".join(
        f"<th scope=col>{name}</th>" for name in ("difference", "finding", "better", "worse", "p")
    )
    won, test = comparison.first_place, wording.probability(comparison.first_place.p_value)
    return (
        f"<section><h2>{escape(comparison.second)} against {escape(comparison.first)}</h2>"
        '<p class="lead">The same questions, in pairs. Better or worse is said only when the 95 % interval of the'
        f" difference leaves zero out. First place was won on {won.only_second} questions and lost on"
        f" {won.only_first} (McNemar's exact p {test}).</p>"
        f"{_scrolling(f'<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>')}"
        f"{_changes(comparison)}</section>"
    )


def _tone(finding: str) -> str:
    return finding if finding in ("better", "worse") else "none"


def _changes(comparison: Comparison) -> str:
    shown = comparison.changes[:MOST_CHANGES]
    if not shown:
        return ""
    rows = "".join(_change(change) for change in shown)
    head = "<th scope=col>question</th><th scope=col>before</th><th scope=col>after</th><th scope=col>gain</th>"
    count = f"{len(shown)} of {len(comparison.changes)} that changed, {comparison.same} the same"
    return (
        f"<details><summary>Question by question, worst first ({count})</summary>"
        + _scrolling(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
        + "</details>"
    )


def _change(change: Change) -> str:
    title = (change.case.title or change.case.text)[:140]
    before, after = (wording.place(value) for value in change.places)
    tone = "better" if change.gain > 0 else "worse" if change.gain < 0 else "none"
    return (
        f'<tr><td class="text">{escape(title)}<small>{escape(change.case.id)}</small></td>'
        f'<td>{before}</td><td>{after}</td><td class="{tone}">{wording.signed(change.gain)}</td></tr>'
    )


def _left_out(report: Report) -> str:
    items = [f"{count} \u00d7 {reason}" for reason, count in report.cases.excluded]
    items += [f"{figure.system}: {figure.name} is not defined here" for figure in report.undefined()]
    items += list(report.notes)
    listed = "".join(f"<li>{escape(item)}</li>" for item in items or ["Nothing was left out."])
    return f"<section><h2>What was left out, and what these numbers do not say</h2><ul>{listed}</ul></section>"


def _stamp(report: Report) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_stamped(value)}</dd>" for name, value in report.stamp)
    return f"<section><h2>Stamp</h2><dl>{rows}</dl></section>"


def _stamped(value: str) -> str:
    """A long value folded away."""
    if len(value) <= 120:
        return escape(value)
    return f"<details class=inline><summary>{escape(value[:60])}\u2026</summary>{escape(value)}</details>"
