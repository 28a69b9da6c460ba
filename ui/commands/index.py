"""`waypost index verify|rebuild|duplicates` and `waypost doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from ui.commands.options import AsJson, Config, Data

app = typer.Typer(no_args_is_help=True)


@app.command("verify")
def verify(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Compare the index with the store through real queries; exit code 1 when something is missing."""
    from ui.home import open_home

    home = open_home(data, config)
    ownership = home.own("waypost index verify")
    try:
        index = home.owned_index()
        found = index.verify()
    finally:
        ownership.release()
        home.close()
    if as_json:
        typer.echo(json.dumps({**asdict(found), "sound": found.sound}))
    elif found.sound:
        typer.echo(f"Sound: all {found.live_chunks} passages are reachable, sampled recall {found.recall:.3f}.")
    else:
        typer.echo(f"Not sound. {found}")
        typer.echo("Run `waypost index rebuild`; nothing is embedded again.")
    if not found.sound:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Build a new index from the store, verify it, swap it in; embeds only what has no vector yet."""
    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    ownership = home.own("waypost index rebuild")
    try:
        index = home.owned_index()
        with shown("rebuild", quiet=as_json) as progress:
            found = index.rebuild(progress)
        name = index.name
        index.close()
    finally:
        ownership.release()
        home.close()
    if as_json:
        typer.echo(json.dumps({**asdict(found), "sound": found.sound, "generation": name}))
    else:
        typer.echo(f"{name} is live: {found.live_chunks} passages, sampled recall {found.recall:.3f}.")


def doctor(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Check the data directory, the models and the index; exit code 1 when something needs attention."""
    from ui.doctor import examine

    checks = examine(data, config)
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks]))
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.found}")
            if not check.ok:
                typer.echo(f"      {check.remedy}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command("duplicates")
def duplicates(
    like: Annotated[float, typer.Option(min=0.1, max=1.0, help="Show pairs from this share of common words on.")] = 0.7,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show articles that say nearly the same, most alike first."""
    from ingest.duplicates import near_duplicates
    from ui.home import open_home

    home = open_home(data, config)
    pairs = near_duplicates(home.corpus.live_texts(), like)
    home.close()
    if as_json:
        typer.echo(json.dumps([{"one": p.one, "other": p.other, "likeness": p.likeness} for p in pairs]))
        return
    for pair in pairs:
        typer.echo(f"{pair.likeness:.2f}  {pair.one}  {pair.other}")
    typer.echo(f"{len(pairs)} pairs at least {like:g} alike.")
