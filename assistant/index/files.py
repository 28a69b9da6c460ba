"""Digests of a closed generation's files: whatever changed them since is noticed before anything is asked of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PASSING = ("-shm", "-wal", "-journal", ".lock")


def digests(folder: Path) -> dict[str, str]:
    """sha256 of each file below `folder` by relative path; empty while a log beside one holds part of its content."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(("-wal", "-journal")) and path.stat().st_size:
            return {}
        if path.is_file() and not path.name.endswith(_PASSING):
            found[path.relative_to(folder).as_posix()] = digest(path)
    return found


def digest(path: Path) -> str:
    """sha256 of one file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
