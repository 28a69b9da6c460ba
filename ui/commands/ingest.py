"""`waypost ingest`: brings sources in, incrementally; hands the work to a running server when there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.errors import DirectoryInUse, UsageError
from ui.commands.handover import handed_over
from ui.commands.options import AsJson, Config, Data
from ui.unchanged import unchanged_summaries

if TYPE_CHECKING:
    from assistant.records import RetestRun


def ingest(
    sources: Annotated[list[str], typer.Argument(help="Files, folders, exports or addresses.", show_default=False)],
    kind: Annotated[
        Literal["faq", "doc", "ticket"] | None, typer.Option(help="Kind of records that do not say it themselves.")
    ] = None,
    audience: Annotated[
        Literal["public", "internal"], typer.Option(help="Audience of records that do not say it themselves.")
    ] = "public",
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Where the work runs.")] = "local",
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Accept that a source which held documents now holds none.")
    ] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring sources in: new and changed documents are stored and embedded, gone ones are removed."""
    request: dict[str, Any] = {
        "sources": [s if "://" in s else str(Path(s).expanduser().absolute()) for s in sources],
        "kind": kind,
        "audience": audience,
        "allow_empty": allow_empty,
    }
    if config is None and (nothing_new := unchanged_summaries(data, request)) is not None:
        _print(nothing_new, as_json)
        return
    from ui.home import open_home

    home = open_home(data, config, create=True)
    try:
        ownership = home.own("waypost ingest")
    except DirectoryInUse as error:
        if engine == "ray":
            raise UsageError(f"{error} With --engine ray it must end first, or leave the option out.") from error
        summaries = handed_over(home.folder, "/v1/ingest", request, error)
    else:
        try:
            summaries = _here(home, request, engine, quiet=as_json)
        finally:
            ownership.release()
    home.close()
    _print(summaries, as_json)


def _here(home: Any, request: dict[str, Any], engine: str, *, quiet: bool) -> list[dict[str, Any]]:
    from ui.commands.progress import shown
    from ui.gap_upkeep import after_ingest
    from ui.intake import Intake

    with shown("ingest", quiet=quiet) as progress:
        index = home.owned_index()
        intake = Intake(home, index)
        try:
            summaries = intake.run(**request, progress=progress, on_ray=engine == "ray")
            if any(summary["added"] or summary["updated"] or summary["removed"] for summary in summaries):
                _tell(*after_ingest(home, index, progress))
            return summaries
        finally:
            intake.close()


def _tell(run: RetestRun | None, waiting: int) -> None:
    """What the ingest did to the gap log, on stderr."""
    from ui.commands.gap_work import said

    if run is not None and run.asked:
        typer.echo(f"Gap log: {said(run)}", err=True)
    if waiting:
        typer.echo(f"{waiting} contacts wait for labels and themes: `waypost gaps themes`, or the server.", err=True)


def _print(summaries: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summaries, ensure_ascii=False))
        return
    for summary in summaries:
        counts = ", ".join(f"{summary[name]} {name}" for name in ("added", "updated", "unchanged", "removed", "failed"))
        if summary["contacts"]:
            counts += f", {summary['contacts']} reviews and comments entered as contacts"
        typer.echo(f"{summary['source']}: {counts}; {summary['embedded']} texts embedded, {summary['seconds']:.1f} s")
        for clash in summary["clashes"][:10]:
            typer.echo(
                f"  {clash['item']}: another document has the id {clash['id']!r}; stored as {clash['stored_as']!r}"
            )
        for failure in summary["failures"][:10]:
            typer.echo(f"  left out: {failure['reason']}")
        if summary["failed"] > 10:
            typer.echo(f"  ... and {summary['failed'] - 10} more; --json lists the first hundred")
