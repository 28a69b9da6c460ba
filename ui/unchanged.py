"""Answers "has anything changed?" with nothing but the standard library, so that a re-run costs milliseconds.

A source whose bytes, defaults and settings are those of its last complete run has nothing new. That is
only believed when the schema is current and the index is clean and complete; otherwise, and with any
other database than SQLite, the full comparison runs.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from assistant.store.schema import HEAD
from ingest.sources.version import READER_VERSION

_PLAIN = {"WAYPOST_DATA", "WAYPOST_BENCH", "WAYPOST_API_KEY", "WAYPOST_URL"}
"""Variables that change nothing about reading. Any other may, or may be refused, which the full run does."""


def data_folder(given: Path | None) -> Path:
    """The data directory: `--data`, else `WAYPOST_DATA`, else the platform's user data folder."""
    if given is not None:
        return given.expanduser().absolute()
    from_environment = os.environ.get("WAYPOST_DATA", "").strip()
    if from_environment:
        return Path(from_environment).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("waypost")


def fingerprint(path: Path, kind: str | None, audience: str, data: Path) -> str:
    """sha256 over the source's files and over all else that its reading depends on."""
    digest = hashlib.sha256(repr((READER_VERSION, kind, audience, _settings(data))).encode())
    for file in _files(path):
        name = os.fsencode(file.relative_to(path)) if file != path else b""
        digest.update(repr((name, file.stat().st_size)).encode())
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def unchanged_summaries(data: Path | None, request: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The summaries of a run that finds nothing new, or None when a real run is needed."""
    folder = data_folder(data)
    database = folder / "waypost.sqlite"
    if "WAYPOST_DATABASE" in os.environ or b"database" in _settings(folder)[0] or not database.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            connection.execute("BEGIN")
            if not _is_whole(connection, folder):
                return None
            found = [_summary(connection, Path(place).resolve(), request, folder) for place in request["sources"]]
    except (sqlite3.Error, OSError, ValueError):
        return None  # whatever it is, the full run says it better
    return [summary for summary in found if summary is not None] if None not in found else None


def _summary(
    connection: sqlite3.Connection, path: Path, request: Mapping[str, Any], data: Path
) -> dict[str, Any] | None:
    begin = time.perf_counter()
    row = connection.execute("SELECT id, fingerprint FROM sources WHERE name = ?", (str(path),)).fetchone()
    if row is None or not row[1] or not path.exists():
        return None
    if fingerprint(path, request["kind"], request["audience"], data) != row[1]:
        return None
    count = "SELECT count(*) FROM documents WHERE source_id = ? AND deleted_at IS NULL"
    (live,) = connection.execute(count, (row[0],)).fetchone()
    query = "SELECT item, reason FROM quarantine WHERE source_id = ? ORDER BY id"
    left_out = [{"item": i, "reason": r} for i, r in connection.execute(query, (row[0],))]
    return {
        "source": str(path), "added": 0, "updated": 0, "unchanged": live, "removed": 0, "failed": len(left_out),
        "embedded": 0, "chunks": 0, "characters": 0, "contacts": 0, "moved": 0,
        "seconds": round(time.perf_counter() - begin, 3),
        "failures": left_out[:100], "clashes": [],
    }  # fmt: skip


def _is_whole(connection: sqlite3.Connection, folder: Path) -> bool:
    """Whether the schema is the current one and a clean index holds all that was committed."""
    if connection.execute("SELECT version_num FROM alembic_version").fetchone() != (HEAD,):
        return False
    row = connection.execute("SELECT id, clean, applied_seq FROM generations WHERE state = 'live'").fetchone()
    if row is None or not row[1]:
        return False
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM index_changes").fetchone()
    generation = folder / "index" / f"gen-{row[0]:06d}"
    files = (generation / "keywords.sqlite", generation / "chroma" / "chroma.sqlite3")
    return row[2] >= last and all(file.is_file() for file in files)


def _settings(data: Path) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The settings file's bytes and the environment's overrides: a change of either is a change of reading."""
    path = data / "waypost.toml"
    overrides = ((k, v) for k, v in os.environ.items() if k.upper().startswith("WAYPOST_") and k not in _PLAIN)
    return (path.read_bytes() if path.is_file() else b""), tuple(sorted(overrides))


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for root, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(root) / name
            if not name.startswith(".") and file.is_file() and not file.is_symlink():
                yield file
