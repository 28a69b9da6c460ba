"""What the commands of `waypost eval` share: two options, and how they speak."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

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
