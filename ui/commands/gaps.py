"""`waypost gaps`: the log of what could not be answered."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from ui.commands import contacts, gap_work, knowledge, outliers, themes
from ui.commands.options import AsJson, Config, Data
from ui.commands.themes import Since, Until

app = typer.Typer(no_args_is_help=True)
app.command("triage")(contacts.triage)
app.command("themes")(themes.themes)
app.command("mine")(gap_work.mine)
app.command("retest")(gap_work.retest)
app.command("digest")(gap_work.digest)
app.command("export")(gap_work.export)
app.command("silence")(knowledge.silence)
app.command("outliers")(outliers.outliers)
app.command("place")(outliers.place)


@app.command("list")
def list_gaps(
    status: Annotated[str, typer.Option(help="Only gaps in this state.")] = "",
    reason: Annotated[str, typer.Option(help="Only gaps with this reason.")] = "",
    channel: Annotated[str, typer.Option(help="Only gaps that came up in this channel.")] = "",
    text: Annotated[str, typer.Option(help="Only gaps whose question holds this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    by_theme: Annotated[
        bool, typer.Option("--themes", help="Themes of all contacts instead, most costly first.")
    ] = False,
    since: Since = None,
    until: Until = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Gaps, most frequent first; with --themes what people write about, most costly first."""
    from assistant.store.gaps import GapFilter
    from ui.home import open_home

    home = open_home(data, config)
    if by_theme:
        wanted_themes = {"status": status, "channel": channel, "text": text}
        themes.print_list(home, wanted_themes, since, until, limit=limit, as_json=as_json)
        home.close()
        return
    wanted = GapFilter(status=status, reason=reason, channel=channel, text=text)
    rows = home.gaps.list(wanted, limit=limit)
    if as_json:
        typer.echo(json.dumps(rows, default=_plain, ensure_ascii=False))
    else:
        _print_table(rows, home.gaps.count(wanted))
    home.close()


@app.command("show")
def show_gap(
    shown: Annotated[str, typer.Argument(help="A gap's number, or a theme's (T12).", show_default=False)],
    since: Since = None,
    until: Until = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One gap or one theme: in whose words, how often, where, at what cost, its history."""
    from ui.home import open_home

    home = open_home(data, config)
    if not shown.isascii() or not shown.isdigit():
        themes.print_theme(home, shown, since, until, as_json=as_json)
        home.close()
        return
    gap = home.gaps.show(int(shown[:18]))
    home.close()
    if as_json:
        typer.echo(json.dumps(gap, default=_plain, ensure_ascii=False))
        return
    typer.echo(f"Gap {gap['id']}: {gap['title']}  [{gap['status']}, {gap['reason']}]")
    typer.echo(f"{gap['count']} contacts, {_day(gap['first_seen_at'])} to {_day(gap['last_seen_at'])}, {_mix(gap)}")
    typer.echo("Nearest: " + (", ".join(gap["nearest"]) or "nothing"))
    typer.echo("\nIn their words:")
    for occurrence in gap["occurrences"][:10]:
        typer.echo(f"  {_day(occurrence['at'])}  {' '.join(occurrence['question'].split())[:160]}")
    for event in gap["history"]:
        typer.echo(f"  {_day(event['at'])}  {event['actor']}: {event['field']} {event['old']} -> {event['new']}")


def _print_table(rows: list[dict[str, Any]], total: int) -> None:
    if not rows:
        typer.echo("No gaps logged. Questions that `waypost ask`, the API or the desk cannot answer appear here.")
        return
    for row in rows:
        typer.echo(f"{row['id']:>5}  {row['count']:>4} x  {row['status']:<12} {row['reason']:<14} {row['title'][:80]}")
    if total > len(rows):
        typer.echo(f"... {total - len(rows)} more; raise --limit")


def _mix(gap: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in gap["channels"].items()) or "channel unknown"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
