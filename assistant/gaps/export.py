"""Themes for other tools: a spreadsheet, a wiki, and the import formats of GitHub, Jira and Linear.

Reads a `ThemeList` and nothing else. A spreadsheet program runs a cell that begins like a formula, so such cells get
an apostrophe in front, in each of the CSV formats: `unguarded` takes it off again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Literal

from assistant.gaps import wording as w
from assistant.gaps.digest.as_markdown import words
from assistant.gaps.digest.summary import theme_facts
from assistant.gaps.records import ThemeList, ThemeView

ExportFormat = Literal["csv", "md", "github", "jira", "linear"]

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_COLUMNS = (
    "rank", "rank_before", "id", "name", "status", "owner", "due", "contacts", "people", "share", "cost_low",
    "cost_typical",
    "cost_high", "currency", "cause", "cause_probability", "cause_by", "stage", "stage_probability", "stage_by",
    "answered", "rating", "this_week", "expected_low", "expected_high", "spike", "first_seen", "last_seen", "tracker",
    "quote_1", "quote_2", "quote_3",
)  # fmt: skip
_QUOTES = 3
_LINEAR_STATUS = {
    "new": "Backlog", "accepted": "Todo", "in_progress": "In Progress", "shipped": "Done", "measured": "Done",
    "dismissed": "Canceled",
}  # fmt: skip
_JIRA_STATUS = {"new": "To Do", "accepted": "To Do", "in_progress": "In Progress"}
_JIRA_KIND = {"defect": "Bug"}
_DONE = ("shipped", "measured", "dismissed")


@dataclass(frozen=True, slots=True)
class Exported:
    """A file's text, its media type, and the end of its name."""

    text: str
    media_type: str
    suffix: str


def export(themes: ThemeList, format_: ExportFormat) -> Exported:
    """The list as one file.

    `github` is a JSON array of bodies for its issue import (`POST /repos/{owner}/{repo}/import/issues`, one call each);
    `jira` and `linear` are for their CSV importers.
    """
    written: dict[ExportFormat, tuple[Callable[[ThemeList], str], str, str]] = {
        "csv": (_csv, "text/csv; charset=utf-8", "csv"),
        "md": (_markdown, "text/markdown; charset=utf-8", "md"),
        "github": (_github, "application/json", "json"),
        "jira": (_jira, "text/csv; charset=utf-8", "csv"),
        "linear": (_linear, "text/csv; charset=utf-8", "csv"),
    }
    write, media_type, suffix = written[format_]
    return Exported(write(themes), media_type, suffix)


def guarded(cell: str) -> str:
    """The cell as a spreadsheet shows it instead of running it.

    An apostrophe goes before =, +, -, @, tab, carriage return, line feed and the full-width twins of the signs, also
    where spaces come first, since some programs drop them. A cell that begins with an apostrophe gets one more, so
    that nothing is lost on the way back.

    >>> guarded("=1+1"), guarded("plain"), guarded("'quoted"), guarded(" -2")
    ("'=1+1", 'plain', "''quoted", "' -2")
    """
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) or cell.startswith("'") else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") else cell


def csv_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """RFC 4180: every cell quoted, lines end in CR LF; a byte order mark tells Excel that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([guarded(cell.replace("\0", "")) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def _csv(themes: ThemeList) -> str:
    return csv_table(_COLUMNS, (_row(theme, themes.currency) for theme in themes.themes))


def _row(theme: ThemeView, currency: str) -> tuple[str, ...]:
    last = theme.weeks[-1] if theme.weeks else None
    quotes = [quote.text for quote in theme.quotes[:_QUOTES]]
    cost = [f"{v:.2f}" for v in (theme.cost.low, theme.cost.typical, theme.cost.high)] if theme.cost else [""] * 3
    before = None if theme.moved is None else theme.rank + theme.moved
    return (
        str(theme.rank), _known(before), theme.state.id, theme.state.name, theme.state.status, theme.state.owner,
        theme.state.due.isoformat() if theme.state.due else "", str(theme.contacts), _known(theme.people),
        f"{theme.share:.4f}", *cost,
        currency, theme.cause.label, f"{theme.cause.probability:.2f}", theme.cause.by, theme.stage.label,
        f"{theme.stage.probability:.2f}", theme.stage.by, _known(theme.answered), _known(theme.rating),
        _known(last.contacts if last else None), _known(last.low if last else None),
        _known(last.high if last else None),
        "yes" if theme.is_spiking else "no", theme.first_seen_at.date().isoformat(),
        theme.last_seen_at.date().isoformat(), theme.state.tracker, *quotes, *[""] * (_QUOTES - len(quotes)),
    )  # fmt: skip


def _known(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _markdown(themes: ThemeList) -> str:
    head = f"# Themes, {w.days(themes.period)}\n\n{w.counted(themes.all_contacts, 'contact')} in all.\n"
    parts = (
        f"## {theme.rank}. {words(theme.state.name)} ({words(theme.state.id)})\n\n{_description(theme, themes)}"
        for theme in themes.themes
    )
    return "\n".join([head, *parts])


def _description(theme: ThemeView, themes: ThemeList) -> str:
    """A theme as Markdown under its own title: facts, quotes, and where they come from."""
    facts = words(" ".join(theme_facts(theme, themes.currency)))
    quotes = "".join(
        f"> “{words(q.text, w.QUOTE_WORDS)}”\n> — {words(w.channel_name(q.channel))}, {w.day(q.at.date())}\n\n"
        for q in theme.quotes[:_QUOTES]
    )
    return f"{facts}\n\n{quotes}From Waypost, theme {words(theme.state.id)}, {w.days(themes.period)}.\n"


def _github(themes: ThemeList) -> str:
    found = [
        {
            "issue": {
                "title": w.one_line(theme.state.name)[:250],
                "body": _description(theme, themes),
                "created_at": theme.first_seen_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "closed": theme.state.status in _DONE,
                "labels": list(_labels(theme)),
            },
            "comments": [],
        }
        for theme in themes.themes
    ]
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _jira(themes: ThemeList) -> str:
    """Jira reads several columns of one name as several values, and Labels without spaces."""
    columns = ("Summary", "Issue Type", "Status", "Priority", "Labels", "Labels", "Labels", "Due Date", "Description")
    return csv_table(columns, (_jira_row(theme, themes) for theme in themes.themes))


def _jira_row(theme: ThemeView, themes: ThemeList) -> tuple[str, ...]:
    return (
        w.one_line(theme.state.name)[:250],
        _JIRA_KIND.get(theme.cause.label, "Task"),
        _JIRA_STATUS.get(theme.state.status, "Done"),
        {"Urgent": "Highest"}.get(_priority(theme, themes), _priority(theme, themes)),
        *_labels(theme),
        theme.state.due.isoformat() if theme.state.due else "",
        _description(theme, themes),
    )


def _linear(themes: ThemeList) -> str:
    columns = ("Title", "Description", "Status", "Priority", "Assignee", "Labels", "Estimate", "Created", "Completed")
    return csv_table(columns, (_linear_row(theme, themes) for theme in themes.themes))


def _linear_row(theme: ThemeView, themes: ThemeList) -> tuple[str, ...]:
    return (
        w.one_line(theme.state.name)[:250],
        _description(theme, themes),
        _LINEAR_STATUS.get(theme.state.status, "Backlog"),
        _priority(theme, themes),
        theme.state.owner,
        ", ".join(_labels(theme)),
        "",
        theme.first_seen_at.date().isoformat(),
        "",
    )


def _labels(theme: ThemeView) -> tuple[str, str, str]:
    """Where it comes from, its cause and its stage, each one word: the trackers split labels at spaces and commas."""
    label = theme.cause.label or "unclear"
    return ("waypost", f"cause-{_slug(label)}", f"stage-{_slug(theme.stage.label or 'unclear')}")


def _slug(label: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in label.lower()).split())


def _priority(theme: ThemeView, themes: ThemeList) -> str:
    """Urgent for a spike, else by the place on the list: its first tenth (three at least) is high, half is medium."""
    if theme.is_spiking:
        return "Urgent"
    count = max(themes.total, len(themes.themes))
    if theme.rank <= max(3, count // 10):
        return "High"
    return "Medium" if theme.rank <= count / 2 else "Low"
