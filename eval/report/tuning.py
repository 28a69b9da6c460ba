"""The report of `waypost tune`: what was tried, on what, with which gain, what is in use now; nothing is fetched.

Reads the record that the command keeps with what it adopted, so that the page can be drawn again from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from matplotlib.axes import Axes

from eval.report.plots import INK, MUTED, SERIES, drawn

Record = Mapping[str, Any]

WHAT: Mapping[str, str] = {
    "fusion": "weights of cosines, keywords, titles and votes of resolved tickets",
    "encoder": "the encoder itself, trained on this desk's questions and articles",
    "reranker": "another order for the first 20 articles of a search",
}
"""What `tune` tries, by the name in its record."""

_SETTERS: Mapping[str, str] = {
    "settings": "set by answering.answer_threshold or answering.partial_threshold, which win over what was learned",
    "costs": "set by answering.wrong_to_missing, which wins over what was learned",
    "tuning": "learned from this desk's resolved tickets",
    "shipped": "as shipped; nothing was learned",
}


def verdict(one: Record) -> str:
    """Whether something that was tried is in use now, and why not.

    >>> verdict({"adopted": False, "questions": 30, "low": 0.1}), verdict({"adopted": True})
    ('not adopted: 30 later tickets are too few', 'adopted')
    """
    if one["adopted"]:
        return "adopted"
    if one["low"] > 0:
        return f"not adopted: {one['questions']} later tickets are too few"
    return "not adopted: not better beyond noise"


def in_force_words(record: Record) -> str:
    """Which thresholds decide now, and who set them."""
    force = record["in_force"]
    said = f"Drafts are shown from confidence {force['partial']:.2f} and called answers from {force['answer']:.2f}"
    drawn_lines = record["thresholds"]
    if force["by"] not in ("settings", "costs") or drawn_lines is None:
        return f"{said}: {_SETTERS[force['by']]}."
    return (
        f"{said}: {_SETTERS[force['by']]}. Learned were {drawn_lines['partial']:.2f} and {drawn_lines['answer']:.2f}; "
        "take the setting out of the file to use them."
    )


def as_markdown(record: Record) -> str:
    """Return the report as Markdown; the curve is a table with a row for each twentieth."""
    rows = [f"| {one['what']} | {_numbers(one, ' | ')} | {verdict(one)} |" for one in record["compared"]]
    tried = ["| tried | before | after | gain (90 % interval) | |", "|---|---|---|---|---|", *rows] if rows else []
    curve = [one for one in record["curve"] if abs(one["at"] * 20 - round(one["at"] * 20)) < 1e-9]
    lines = [f"| {one['at']:.2f} | {_share(one['silent'])} | {_share(one['astray'])} |" for one in curve]
    table = ["| line | met with silence although found | drafted although not found |", "|---|---|---|", *lines]
    sections = [
        f"# What this desk taught, {record['at'][:10]}", _basis(record), "\n".join(tried), "## Thresholds",
        in_force_words(record), _asked(record) if lines else "", "\n".join(table) if lines else "", _undo(record),
    ]  # fmt: skip
    return "\n\n".join(section for section in sections if section) + "\n"


def as_html(record: Record) -> str:
    """Return the whole page."""
    css = resources.files("eval.report").joinpath("report.css").read_text(encoding="utf-8")
    title = f"What this desk taught, {record['at'][:10]}"
    body = "\n".join(
        [
            f'<header><h1>{escape(title)}</h1><p class="sub">{escape(_basis(record))}</p></header>',
            _tried(record),
            _thresholds(record),
            f"<section><h2>Going back</h2><p>{escape(_undo(record))}</p></section>",
        ]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _basis(record: Record) -> str:
    drafts = f" {record['drafts']} of them are drafts that agents took." if record["drafts"] else ""
    if not record["compared"]:
        return (
            f"{record['lessons']} resolved tickets link an article or were answered with a draft that cites one; "
            f"{record['later']} of them are later ones to be judged on, too few to compare anything.{drafts}"
        )
    return (
        f"Learned from {record['earlier']:,} earlier resolved tickets, judged on {record['later']:,} later ones, "
        f"in {record['seconds']:.0f} s.{drafts} The figure is the mean reciprocal rank of the article that resolved "
        "the ticket, before and after, on the later tickets alone."
    )


def _numbers(one: Record, between: str) -> str:
    gain = one["after"] - one["before"]
    return between.join(
        (f"{one['before']:.3f}", f"{one['after']:.3f}", f"{gain:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})")
    )


def _tried(record: Record) -> str:
    compared = record["compared"]
    if not compared:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{escape(one['what'])}<br><small>{escape(WHAT.get(one['what'], ''))}</small></th>"
        f"<td>{_numbers(one, '</td><td>')}</td><td>{escape(verdict(one))}</td></tr>"
        for one in compared
    )
    head = "".join(f"<th scope=col>{name}</th>" for name in ("tried", "before", "after", "gain, 90 % interval", ""))
    figure = _figure(_gains(compared), "Gain in mean reciprocal rank; what crosses the dashed line is not adopted.")
    return (
        "<section><h2>What was tried</h2>"
        '<p class="lead">Each step starts from what the one before left in use. It is adopted only when its whole '
        f'interval is above zero.</p><div class="plots halves">{figure}</div>'
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _thresholds(record: Record) -> str:
    curve = [one for one in record["curve"] if one["silent"] is not None]
    caption = "What each line would do. The dashed lines are the ones in force: to show a draft, to call it an answer."
    plot = _figure(_lines(curve, record["in_force"]), caption)
    drawing = f'<p class="lead">{escape(_asked(record))}</p><div class="plots halves">{plot}</div>' if curve else ""
    return f"<section><h2>Thresholds</h2><p>{escape(in_force_words(record))}</p>{drawing}</section>"


def _asked(record: Record) -> str:
    return (
        f"The latest {record['asked']} resolved tickets were asked again. A line further right leaves more of those "
        "with an answer to silence, and shows fewer drafts that miss the article. To choose another, set "
        "answering.refused_share and tune again, or answering.partial_threshold."
    )


def _undo(record: Record) -> str:
    changed = record["adopted"] or record["thresholds"]
    return "`waypost tune --undo` goes back to what was in use before." if changed else "Everything stays as it was."


def _figure(svg: str, caption: str) -> str:
    return f'<figure class="plot">{svg}<figcaption>{escape(caption)}</figcaption></figure>'


def _gains(compared: Sequence[Record]) -> str:
    rows = list(reversed(compared))

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        for height, one in enumerate(rows):
            colour = SERIES[0] if one["adopted"] else MUTED
            axes.plot([one["low"], one["high"]], [height, height], color=colour, linewidth=5, alpha=0.4)
            axes.plot([one["after"] - one["before"]], [height], marker="o", markersize=8, color=colour)
        axes.set_yticks(range(len(rows)), [one["what"] for one in rows])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)

    return drawn(0.8 + 0.5 * len(rows), "gain of each step with its interval", draw)


def _lines(curve: Sequence[Record], force: Record) -> str:
    at = [one["at"] for one in curve]

    def draw(axes: Axes) -> None:
        axes.plot(at, [one["silent"] for one in curve], color=SERIES[0], linewidth=2, label="silence, article found")
        if curve and curve[0]["astray"] is not None:
            astray = [one["astray"] for one in curve]
            axes.plot(at, astray, color=SERIES[1], linewidth=2, label="draft, article not found")
        for line in (force["partial"], force["answer"]):
            axes.axvline(line, color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        axes.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="confidence from which a draft is shown", ylabel="share")
        axes.legend(frameon=False, fontsize=9, labelcolor=INK)
        axes.grid()

    return drawn(3.0, "what each threshold would do", draw)


def _share(value: float | None) -> str:
    return "no such tickets" if value is None else f"{value:.2f}"
