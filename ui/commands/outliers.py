"""`waypost gaps outliers` and `place`: contacts that no theme holds, and the word of a person where they belong."""

from __future__ import annotations

import getpass
import json
from typing import Annotated

import typer

from ui.commands.options import AsJson, Config, Data
from ui.commands.themes import Since, Until, period, plain


def outliers(
    text: Annotated[str, typer.Option(help="Only those whose words hold this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 30,
    since: Since = None,
    until: Until = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Contacts in no theme, latest first; `waypost gaps place T12 NUMBER ...` puts some into one."""
    from assistant.gaplog.board import moments
    from assistant.gaps.shapes import contact_json
    from assistant.store.contact_rows import ContactFilter
    from assistant.store.contacts import Contacts
    from assistant.wording import one_line
    from ui.home import open_home

    home = open_home(data, config)
    first, after = moments(period(home, since, until))
    wanted = ContactFilter(since=first, until=after, theme_id="none", text=text)
    store = Contacts(home.database)
    found, total = store.page(wanted, limit=limit), store.count(wanted)
    home.close()
    if as_json:
        shown = {"total": total, "contacts": [contact_json(contact) for contact in found]}
        typer.echo(json.dumps(shown, default=plain, ensure_ascii=False))
        return
    typer.echo(f"{total} contacts in no theme")
    for contact in found:
        words = one_line(contact.title or contact.text, 16)
        typer.echo(f"{contact.id:>7}  {contact.at:%Y-%m-%d}  {contact.channel:<12} {words}")
    if total > len(found):
        typer.echo(f"... {total - len(found)} more; raise --limit")


def place(
    theme: Annotated[str, typer.Argument(help="The theme, T12.", show_default=False)],
    contacts: Annotated[list[int], typer.Argument(help="Numbers of contacts.", show_default=False)],
    data: Data = None,
    config: Config = None,
) -> None:
    """Put contacts into a theme; they stay there, and the theme's history can take it back."""
    from assistant.gaps.wording import counted
    from ui.home import open_home

    home = open_home(data, config)
    state = home.gap_log.put(theme, contacts, getpass.getuser())
    home.close()
    typer.echo(f"{counted(len(set(contacts)), 'contact')} put into {state.id}: {state.name}")
