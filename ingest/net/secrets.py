"""Keys of helpdesks: never stored, only where they are found: an environment variable or a file.

The database, its backups and every list therefore hold no key.
"""

from __future__ import annotations

import os
from pathlib import Path

from assistant.errors import SourceError


def secret(variable: str, file: str) -> str:
    """The key in the environment variable `variable`, else in the first line of `file`.

    Raises:
        SourceError: none is named, or nothing is there; retrying does not help.
    """
    if variable:
        found = os.environ.get(variable, "").strip()
        if not found:
            raise SourceError(
                f"Expected a key in the environment variable {variable}, found nothing. Set it for the process that "
                "syncs (`waypost serve`, when it runs).",
                retry=False,
            )
    elif file:
        found = _first_line(Path(file).expanduser())
    else:
        raise SourceError("Expected a key: name where it is with --token-env or --token-file.", retry=False)
    if not found.isascii() or not found.isprintable():
        raise SourceError("Expected a key of printable ASCII characters, found others. Copy it again.", retry=False)
    return found


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            found = file.readline(10_000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The key file {path} cannot be read: {error}.", retry=False) from error
    if not found:
        raise SourceError(f"Expected a key in the first line of {path}, found nothing.", retry=False)
    return found
