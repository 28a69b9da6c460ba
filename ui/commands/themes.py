"""`waypost gaps themes`, and themes as the terminal shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import UsageError
from ui.commands.options import AsJson, Config, Data, Out

if TYPE_CHECKING:
    from assistant.gaps.records import Period, ThemeView
    from ui.home import Home

Since = Annotated[
    str | None, typer.Option(help="First day, YYYY-MM-DD. Default: four weeks before the latest contact.")
]
Until = Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD. Default: the day of the latest contact.")]
_BARS = " ▁▂▃▄▅▆▇█"


def themes(
    batch: Annotated[
        Path | None, typer.Option("--batch", help='Group this file instead: {"id", "text", "title"?} a line.')
    ] = None,
    out: Out = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Themes to print.")] = 20,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Label all contacts and group them into themes, named in the customers' words; or group a file with --batch."""
    if batch is not None:
        from ui.commands.contacts import group

        group(batch, out, data, config)
        return
    from dataclasses import asdict

    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    with shown("themes", quiet=as_json) as progress:
        result = home.gap_log.night(progress)
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        typer.echo(
            f"{result.contacts} contacts in {result.themes} themes ({result.new} new, {result.ended} ended), "
            f"{result.unthemed} in none."
        )
        print_list(home, {}, None, None, limit=limit, as_json=False)
    home.close()


def print_list(
    home: Home, wanted: Mapping[str, Any], since: str | None, until: str | None, *, limit: int, as_json: bool
) -> None:
    """The themes of a period, most costly first."""
    from assistant.gaplog.board import ThemeFilter
    from assistant.gaps.shapes import list_json
    from assistant.gaps.wording import money

    board = home.gap_log.board
    found = board.page(period(home, since, until), ThemeFilter(**wanted), limit=limit)
    if as_json:
        typer.echo(json.dumps(list_json(found, home.gap_log.stages), default=plain, ensure_ascii=False))
        return
    if not found.themes:
        typer.echo("No themes in this period. `waypost gaps themes` groups what was heard; --since looks further back.")
        return
    days = f"{found.period.first} to {found.period.last}"
    typer.echo(f"{days}: {found.all_contacts} contacts, {found.unthemed} in no theme")
    for view in found.themes:
        mark = "^" if view.is_spiking else " "
        typer.echo(
            f"{view.rank:>3} {_moved(view):<4} {view.state.id:<6}{view.contacts:>5} x {view.share:>5.1%} {mark} "
            f"{money(view.cost, found.currency):<18} {view.cause.label:<9} {view.state.status:<11} "
            f"{view.state.name[:60]}"
        )
    if found.total > len(found.themes):
        typer.echo(f"... {found.total - len(found.themes)} more; raise --limit")


def print_theme(home: Home, theme: str, since: str | None, until: str | None, *, as_json: bool) -> None:
    """One theme: numbers, words, what is being done about it."""
    from assistant.gaps.shapes import card_json, view_json

    log = home.gap_log
    view = log.board.show(theme, period(home, since, until))
    card = log.card(view.state.id)
    if as_json:
        shown = view_json(view) | card_json(card)
        typer.echo(json.dumps(shown, default=plain, ensure_ascii=False))
        return
    _print_view(view, log.currency)
    _print_card(card)


def period(home: Home, since: str | None, until: str | None) -> Period:
    """The period that the options name.

    Raises:
        UsageError: a day cannot be read, or the period ends before it begins.
    """
    return home.gap_log.board.period(day_of(since, "--since"), day_of(until, "--until"))


def plain(value: object) -> str:
    """A value of the store for JSON."""
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def day_of(given: str | None, option: str) -> date | None:
    """The day that an option names.

    Raises:
        UsageError: it is no day.
    """
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise UsageError(f"Expected a day as YYYY-MM-DD in {option}, found {given!r}.") from error


def _print_view(view: ThemeView, currency: str) -> None:
    from assistant.gaps.wording import counted, money

    state = view.state
    typer.echo(f"{state.id}: {state.name}  [{state.status}{', ignored' if state.ignored else ''}]")
    people = f" from {counted(view.people, 'person', 'people')}" if view.people is not None else ""
    typer.echo(
        f"{view.period.first} to {view.period.last}: {counted(view.contacts, 'contact')}{people}, {view.share:.1%} of "
        f"all, rank {view.rank} ({_moved(view) or 'as before'}), {money(view.cost, currency)}"
    )
    for name, judged in (("cause", view.cause), ("stage", view.stage)):
        by = f"said by {judged.by}" if judged.by else ", ".join(f"{label} {p:.0%}" for label, p in judged.shares[:3])
        typer.echo(f"{name}: {judged.label or 'not labelled yet'} ({by})")
    _print_facts(view)
    typer.echo("\nIn their words:")
    for quote in view.quotes:
        typer.echo(f"  {quote.at:%Y-%m-%d}  {quote.channel:<12} {' '.join(quote.text.split())}")


def _print_facts(view: ThemeView) -> None:
    from assistant.gaps.wording import against_expected

    if view.answered is not None:
        typer.echo(f"answered in full by the knowledge: {view.answered:.0%} of {view.asked} asked")
    if view.rating is not None:
        typer.echo(f"rating: {view.rating:.1f} of 5 in {view.ratings}")
    if view.parties:
        typer.echo("outside: " + ", ".join(f"{party} {count}" for party, count in view.parties.items()))
    if view.signals:
        typer.echo("signals: " + ", ".join(f"{name} {count}" for name, count in sorted(view.signals.items())))
    for channel in view.channels:
        mark = "  stands out" if channel.stands_out else ""
        typer.echo(f"  {channel.channel}: {channel.contacts} ({channel.share:.1%} of that channel){mark}")
    if view.weeks:
        most = max(week.contacts for week in view.weeks) or 1
        bars = "".join(_BARS[round(8 * week.contacts / most)] for week in view.weeks)
        spikes = ", ".join(week.week for week in view.weeks if week.spike)
        last = f"{view.weeks[-1].week}: {against_expected(view.weeks[-1])}"
        typer.echo(f"weeks {bars}  {last}{f'; spikes: {spikes}' if spikes else ''}")


def _print_card(card: Any) -> None:
    from assistant.gaps.wording import effect_words

    for fix, effect in card.fixes:
        said = effect_words(effect.effect, effect.untouched) if effect else ""
        typer.echo(f"\nShipped {fix.shipped_on} by {fix.actor}: {fix.what} {fix.link}\n  {said}")
    for note in card.notes:
        typer.echo(f"  {note.at:%Y-%m-%d}  {note.kind} by {note.actor}: {note.text}")
    if card.history:
        typer.echo("\nHistory:")
    for change in card.history:
        was = ", ".join(f"{name} {value}" for name, value in change.after.items() if name != "token")
        undone = " (taken back)" if change.undone else ""
        typer.echo(f"  {change.id:>5}  {change.at:%Y-%m-%d}  {change.actor}: {change.action} {was}{undone}")


def _moved(view: ThemeView) -> str:
    if view.moved is None:
        return "new"
    return f"{view.moved:+d}" if view.moved else ""
