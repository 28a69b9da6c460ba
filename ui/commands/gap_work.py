"""`waypost gaps mine`, `retest`, `digest`: the work of the gap log that takes a while or leaves something behind."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.commands.options import AsJson, Config, Data
from ui.commands.themes import Since, Until, day_of, period, plain

if TYPE_CHECKING:
    from assistant.records import RetestRun


def mine(
    since: Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD. Default: the first ticket's.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD. Default: the last ticket's.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask tickets that were asked before, too.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find old tickets that public knowledge alone could not have answered; stopped, it goes on where it was."""
    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    first, last = day_of(since, "--since"), day_of(until, "--until")
    with shown("mine", quiet=as_json) as progress:
        found = home.mining(home.reader_index()).run(
            _start(first), None if last is None else _start(last + timedelta(days=1)), again=again, progress=progress
        )
    if as_json:
        typer.echo(json.dumps({"asked": found.asked, "verdicts": found.verdicts, "no_gaps": found.no_gaps}))
    else:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.verdicts.items())) or "none"
        typer.echo(f"{found.asked} tickets asked now. Of all of the period: {counts}.")
        if found.no_gaps:
            typer.echo(
                f"{found.no_gaps} stay unanswered and are no gaps of the knowledge: they ask for a person or for "
                "nothing, or in a language that no article is written in."
            )
        typer.echo("The gaps are in `waypost gaps list`; `waypost gaps themes` groups them with everything else.")
    home.close()


def retest(
    everything: Annotated[bool, typer.Option("--all", help="Every open gap, touched by a change or not.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask the open gaps again that changes of the knowledge can have touched."""
    from assistant.gaps.shapes import run_json
    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    with shown("retest", quiet=as_json) as progress:
        job = home.retest(home.reader_index())
        run = job.run("command", everything=everything, progress=progress)
    lines = job.lines(run.id)
    if as_json:
        typer.echo(json.dumps(run_json(run, lines), default=plain, ensure_ascii=False))
    else:
        typer.echo(said(run))
        for line in lines:
            number = f"gap {line.gap_id}" if line.gap_id is not None else f"contact {line.contact_id}"
            why = f" ({', '.join(line.changed[:3])} changed)" if line.changed else ""
            typer.echo(f"  {line.result:<10} {number:<12} {line.question[:70]}{why}")
    home.close()


def digest(
    week: Annotated[str | None, typer.Option(help="An ISO week, as in 2024-W30. Default: the last whole one.")] = None,
    kind: Annotated[Literal["md", "html", "json"], typer.Option("--format", help="As what.")] = "md",
    out: Annotated[Path | None, typer.Option(help="File to write. Default: stdout.")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """The dated list of one week: made once, the same bytes from then on."""
    from assistant.files import saved
    from assistant.gaps.trend import week_of
    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    wanted = week or week_of(datetime.now(UTC).date() - timedelta(days=7))
    if not home.gap_log.weekly.is_ready(wanted):
        with shown("themes") as progress:
            home.gap_log.night(progress)
    stored = home.gap_log.weekly.digest(wanted)
    text = {"md": stored.markdown, "html": stored.html, "json": stored.json}[kind]
    if out is None:
        typer.echo(text, nl=False)
    else:
        saved(out, text)
        typer.echo(f"{stored.week}, made {stored.made_at:%Y-%m-%d %H:%M} UTC, written to {out}", err=True)
    home.close()


def export(
    kind: Annotated[
        Literal["csv", "md", "github", "jira", "linear"], typer.Option("--format", help="For what program.")
    ] = "csv",
    out: Annotated[Path | None, typer.Option(help="File to write. Default: stdout.")] = None,
    since: Since = None,
    until: Until = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """The themes of a period for a spreadsheet or a tracker."""
    from assistant.files import saved
    from assistant.gaplog.board import ThemeFilter
    from assistant.gaps.export import export as exported
    from ui.home import open_home

    home = open_home(data, config)
    found = home.gap_log.board.page(period(home, since, until), ThemeFilter(), limit=10_000)
    text = exported(found, kind).text
    if out is None:
        typer.echo(text, nl=False)
    else:
        saved(out, text)
        typer.echo(f"{len(found.themes)} themes written to {out}", err=True)
    home.close()


def said(run: RetestRun) -> str:
    """A retest in a line."""
    counts = ", ".join(f"{count} {result}" for result, count in sorted(run.results.items())) or "nothing changed"
    return (
        f"{run.open} open gaps; asked {run.asked} questions that a change can have touched: {counts}; {run.seconds} s"
    )


def _start(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
