"""What the commands of `waypost eval` share: two options, and how they speak."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import UsageError
from eval.baselines.names import BASELINES
from eval.folder import PRODUCT

Data = Annotated[Path | None, typer.Option("--data", envvar="WAYPOST_DATA", help="The data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def say(value: object, words: str, *, as_json: bool) -> None:
    """Print the words, or the value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False) if as_json else words)


def progress(done: int, total: int | None, what: str) -> None:
    """Show on a terminal how far a long work is; elsewhere say nothing."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{done}/{total} {what}" if total else f"\r\x1b[K{what}")
        sys.stderr.flush()


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas, each once.

    >>> names_in("waypost, plain,,plain")
    ('waypost', 'plain')
    """
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def systems_named(names: str) -> tuple[str, ...]:
    """Return the systems of a list with commas. Raises `UsageError` for none or an unknown one."""
    chosen = names_in(names)
    unknown = [name for name in chosen if name != PRODUCT and name not in BASELINES]
    if unknown or not chosen:
        raise UsageError(f"expected systems among {PRODUCT}, {', '.join(BASELINES)}, found {names!r}")
    return chosen
