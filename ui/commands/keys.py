"""`waypost keys`: API keys."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from ui.commands.options import AsJson, Config, Data

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.", show_default=False)],
    role: Annotated[Literal["agent", "designer", "admin"], typer.Option(help="What the key may do.")] = "agent",
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key and print it; it is not shown again."""
    from ui.home import open_home

    home = open_home(data, config)
    typer.echo(home.keys.create(name, role))
    home.close()


@app.command("list")
def list_keys(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Every key, without its secret."""
    from ui.home import open_home

    home = open_home(data, config)
    found = home.keys.list()
    home.close()
    if as_json:
        typer.echo(json.dumps([asdict(key) for key in found], default=str))
        return
    for key in found:
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "live"
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        typer.echo(f"{key.id}  {key.role:<9} {state:<20} last used {used}  {key.name}")
    if not found:
        typer.echo("No keys yet. `waypost keys create NAME` makes one.")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, from `waypost keys list`.", show_default=False)],
    data: Data = None,
    config: Config = None,
) -> None:
    """End a key at once."""
    from ui.home import open_home

    home = open_home(data, config)
    home.keys.revoke(key_id)
    home.close()
    typer.echo(f"Key {key_id} is revoked.")
