"""Files that appear whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from assistant.errors import UsageError


@contextmanager
def whole_file(out: Path) -> Iterator[TextIO]:
    """A UTF-8 file that takes the name `out` when the block has come to its end; its folder is made.

    Raises:
        UsageError: it cannot be written.
    """
    if out.is_dir():
        raise UsageError(f"Expected a file to write at {out}, found a folder. Give another place with --out.")
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with refusing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            file = aside.open("w", encoding="utf-8", newline="\n")
        with file:
            yield file
            with refusing(out):
                file.flush()
                os.fsync(file.fileno())
        with refusing(out):
            aside.replace(out)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def saved(out: Path, text: str) -> None:
    """Write `text` to the file `out`, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    with whole_file(out) as file, refusing(out):
        file.write(text)


@contextmanager
def refusing(out: Path) -> Iterator[None]:
    """What the operating system refuses while `out` is written, as our own error."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. Give another file with --out.") from error
