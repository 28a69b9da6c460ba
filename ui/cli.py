"""`waypost`: parses, calls, prints. Exit codes: 0 done, 1 could not do it, 2 used wrongly."""

from __future__ import annotations

import logging
import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from assistant.errors import UsageError, WaypostError
from ui.commands import answers, gaps, index, ingest, keys, serve, sources, tune

log = logging.getLogger(__name__)

app = typer.Typer(
    name="waypost",
    help="Cited draft replies for support agents, and a log of what makes people write in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("ingest")(ingest.ingest)
app.command("search")(answers.search)
app.command("ask")(answers.ask)
app.command("tune")(tune.tune)
app.command("serve")(serve.serve)
app.command("demo")(serve.demo)
app.command("doctor")(index.doctor)
app.add_typer(gaps.app, name="gaps", help="What people asked and the knowledge could not answer.")
app.add_typer(index.app, name="index", help="The disposable search index.")
app.add_typer(keys.app, name="keys", help="API keys.")
app.add_typer(sources.app, name="sources", help="Websites, helpdesks and folders that are kept in step.")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"waypost {metadata.version('waypost')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what is being done.")] = False,
) -> None:
    """Cited draft replies for support agents, and a log of what makes people write in."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")


def main() -> None:
    """Run the command line; our own errors become one line on stderr and an exit code."""
    if {"eval", "--help"} & set(sys.argv[1:2]):
        _add_eval()
    try:
        app()
    except UsageError as error:
        _end(error, 2)
    except WaypostError as error:
        _end(error, 1)
    except KeyboardInterrupt:
        print("Stopped. What was committed is kept; run the same command again to go on.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough; closing stdout again would raise once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        log.info("unexpected failure", exc_info=error)
        print(
            f"waypost: unexpected failure: {type(error).__name__}: {error}. This is a fault of Waypost; "
            "`waypost -v ...` shows where. What was committed is kept.",
            file=sys.stderr,
        )
        sys.exit(1)


def _add_eval() -> None:
    """Add `waypost eval` only when it is called: what it imports would slow every other command."""
    from eval.cli import build_app
    from ui.workbench import HomeProduct

    app.add_typer(build_app(HomeProduct()), name="eval")


def _end(error: WaypostError, code: int) -> None:
    print(f"waypost: {error}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
