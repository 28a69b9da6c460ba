"""`waypost sources`: websites, helpdesks and folders that are read again and again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from assistant.errors import DirectoryInUse, UsageError
from ui.commands.options import AsJson, Config, Data

app = typer.Typer(no_args_is_help=True)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LEAST_S, _MOST_S = 60, 366 * 86_400
_SUMMARY = ("added", "updated", "unchanged", "removed", "failed")


@app.command("add")
def add(
    kind: Annotated[
        str, typer.Argument(help="folder, web, git, zendesk, freshdesk, intercom or chatwoot.", show_default=False)
    ],
    address: Annotated[str, typer.Argument(help="A path or an address.", show_default=False)],
    name: Annotated[str, typer.Option(help="What to call it. Default: the address.")] = "",
    every: Annotated[str, typer.Option(help="Sync by itself while the server runs: 30m, 6h, 1d.")] = "",
    audience: Annotated[
        Literal["public", "internal"], typer.Option(help="Audience of records that the source shows to everybody.")
    ] = "public",
    token_env: Annotated[str, typer.Option(help="Environment variable that holds the key.")] = "",
    token_file: Annotated[str, typer.Option(help="File that holds the key in its first line.")] = "",
    more: Annotated[list[str] | None, typer.Option("--set", help="Another option of this kind, KEY=VALUE.")] = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put a source on the list. `waypost sources sync` reads it; its key is never stored."""
    schedule_s = seconds(every) if every else None
    if kind in ("file", "folder"):
        name, kind, options = _files(address, audience)
    else:
        options = _options(kind, address, audience, token_env, token_file, more or [])
        name = (name or options["address"]).strip()
    with _opened(data, config, create=True) as home:
        status = home.add(name, kind, options, schedule_s=schedule_s).status()
    if as_json:
        typer.echo(json.dumps(status, ensure_ascii=False))
        return
    when = f"every {every} while the server runs" if every else "by hand"
    typer.echo(f"Added {name!r} ({kind}), read {when}. Now: waypost sources sync {_quoted(name)}")


@app.command("list")
def list_sources(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Every source: when it last ran, what that did, what failed, when it runs next."""
    with _opened(data, config) as sources:
        found = [source.status() for source in sources.all()]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for status in found:
        _show(status)
    if not found:
        typer.echo("No sources yet. `waypost sources add KIND ADDRESS` puts one on the list.")


@app.command("sync")
def sync(
    names: Annotated[list[str] | None, typer.Argument(help="Sources by name.", show_default=False)] = None,
    every_one: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Accept that a source lost most of its documents.")
    ] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring sources in step now: what is new or changed is read, what is gone there is gone here."""
    from ui.home import open_home

    if bool(names) == every_one:
        raise UsageError("Expected names of sources or --all, found " + ("both." if names else "neither."))
    home = open_home(data, config)
    try:
        ownership = home.own("waypost sources sync")
    except DirectoryInUse as error:
        from ui.commands.handover import handed_over

        body = {"names": names or [], "allow_empty": allow_empty}
        summaries = handed_over(home.folder, "/v1/sources/sync", body, error)
    else:
        try:
            summaries = _here(home, names, allow_empty=allow_empty, quiet=as_json)
        finally:
            ownership.release()
    home.close()
    _print(summaries, as_json)
    if any(summary["error"] for summary in summaries):
        raise typer.Exit(1)


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="The source's name.", show_default=False)],
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take a source off the list; its documents are gone from every answer at once."""
    with _opened(data, config) as sources:
        removed = sources.remove(name)
    if as_json:
        typer.echo(json.dumps({"name": name, "removed": removed}, ensure_ascii=False))
        return
    typer.echo(f"Removed {name!r}; {removed} documents are no longer used.")


def seconds(text: str) -> int:
    """The seconds of an interval such as "90s", "30m", "6h", "1d".

    Raises:
        UsageError: no such interval, or shorter than a minute or longer than a year.

    >>> seconds("6h")
    21600
    """
    found = re.fullmatch(r"(\d{1,9})\s*([smhd])", text.strip().lower())
    value = int(found[1]) * _UNITS[found[2]] if found else 0
    if not _LEAST_S <= value <= _MOST_S:
        raise UsageError(f"Expected an interval from 1m to 366d such as 30m, 6h or 1d, found {text!r}.")
    return value


def _files(address: str, audience: str) -> tuple[str, str, dict[str, Any]]:
    from ingest.sources.files import open_path
    from ingest.sources.item import Defaults

    found = open_path(address, Defaults(None, "internal" if audience == "internal" else "public"))
    return found.name, found.kind, dict(found.options)


def _options(
    kind: str, address: str, audience: str, token_env: str, token_file: str, more: list[str]
) -> dict[str, Any]:
    from ingest.sources.places import checked_options

    given: dict[str, Any] = {"address": address, "audience": audience}
    given |= {name: value for name, value in (("token_env", token_env), ("token_file", token_file)) if value}
    for pair in more:
        key, mark, value = pair.partition("=")
        if not mark or key in given:
            raise UsageError(f"Expected --set KEY=VALUE, each key once, found {key!r}.")
        given[key] = value
    return checked_options(kind, given).model_dump(mode="json")


@contextmanager
def _opened(data: Path | None, config: Path | None, *, create: bool = False) -> Iterator[Any]:
    from ui.home import open_home
    from ui.syncing import sources_of

    home = open_home(data, config, create=create)
    try:
        yield sources_of(home)
    finally:
        home.close()


def _here(home: Any, names: list[str] | None, *, allow_empty: bool, quiet: bool) -> list[dict[str, Any]]:
    from ui.commands.progress import shown
    from ui.intake import Intake
    from ui.syncing import sources_of

    wanted = names or [source.name for source in sources_of(home).all()]
    with shown("sync", quiet=quiet) as progress:
        intake = Intake(home, home.owned_index())
        try:
            return intake.sync(wanted, allow_empty=allow_empty, progress=progress)
        finally:
            intake.close()


def _print(summaries: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summaries, ensure_ascii=False))
        return
    for summary in summaries:
        counts = ", ".join(f"{summary[name]} {name}" for name in _SUMMARY)
        typer.echo(f"{summary['source']}: {counts}; {summary['embedded']} texts embedded, {summary['seconds']:.1f} s")
        for failure in summary["failures"][:10]:
            typer.echo(f"  left out: {failure['reason']}")
        if summary["error"]:
            typer.echo(f"  ended early, nothing that was not seen was removed: {summary['error']}")


def _show(status: dict[str, Any]) -> None:
    every = f"every {_interval(status['every_s'])}" if status["every_s"] else "by hand"
    typer.echo(f"{status['name']}  ({status['kind']}, {every})")
    counts = ", ".join(f"{status['last_run'].get(name, 0)} {name}" for name in _SUMMARY)
    last = f"{_minute(status['last_run_at'])}: {counts}" if status["last_run_at"] else "never"
    typer.echo(f"  {status['documents']} documents, {status['left_out']} left out; last run {last}")
    if status["next_run_at"]:
        typer.echo(f"  next run {_minute(status['next_run_at'])}")
    if status["error"]:
        typer.echo(f"  last error: {status['error']}")


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _interval(value: int) -> str:
    unit = next(unit for unit in ("d", "h", "m", "s") if value % _UNITS[unit] == 0)
    return f"{value // _UNITS[unit]}{unit}"


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)
