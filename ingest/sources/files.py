"""Files and folders: each readable file is read by its suffix, and may hold one document or many."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from ingest.parsing import FORMATS
from ingest.sources.archives import archive_items
from ingest.sources.item import Defaults, Item
from ingest.sources.lines import json_items, jsonl_items
from ingest.sources.mailbox import mail_items
from ingest.sources.pages import page_item
from ingest.sources.piece import Piece, file_piece, unreadable
from ingest.sources.suffixes import ARCHIVES, EXPORTS, LINES, MAIL, SUFFIXES, TABLES
from ingest.sources.tables import table_items


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, or a folder with everything readable below it; links to elsewhere are not followed."""

    path: Path
    defaults: Defaults

    @property
    def name(self) -> str:
        """The absolute path: the same place is the same source."""
        return _spelt(self.path)

    @property
    def kind(self) -> str:
        """What the place is."""
        return "folder" if self.path.is_dir() else "file"

    @property
    def options(self) -> Mapping[str, Any]:
        """What the reading depends on."""
        return {"kind": self.defaults.kind, "audience": self.defaults.audience}

    def size(self) -> int | None:
        """Unknown before reading, since one file may hold many records."""
        return None

    def present(self) -> Set[str] | None:
        """The keys of all readable files in the folder."""
        if self.path.is_file():
            return None
        return {_spelt(path.relative_to(self.path)) for path in _walk(self.path, lambda _: None)}

    def items(self) -> Iterator[Item]:
        """Items of every readable file, by path; mail last, since one conversation may be in many files."""
        if self.path.is_file():
            yield from self._from_file(self.path, self.path.name, "")
            return
        failed: list[OSError] = []
        mail: list[Piece] = []
        for path in _walk(self.path, failed.append):
            key = _spelt(path.relative_to(self.path))
            if path.suffix.lower() in MAIL:
                mail.append(file_piece(path, key))
            else:
                yield from self._from_file(path, key, f"{key}#")
        yield from mail_items(mail, self.defaults)
        for error in failed:
            yield _closed_folder(error, self.path, self.defaults)

    def _from_file(self, path: Path, key: str, prefix: str) -> Iterator[Item]:
        """Items of one file; one that fails stands for all that it held."""
        try:
            yield from items_of(file_piece(path, key), prefix, self.defaults)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}. Check the file and its permissions."
            yield unreadable(key, key, reason, b"", self.defaults, covers=prefix)


def items_of(piece: Piece, prefix: str, defaults: Defaults, more: Mapping[str, object] | None = None) -> Iterator[Item]:
    """Items of one file by its suffix; `prefix` goes before the keys of its records, `more` are a page's fields."""
    if piece.suffix in LINES:
        yield from jsonl_items(piece, prefix, defaults)
    elif piece.suffix in EXPORTS:
        yield from json_items(piece, prefix, defaults)
    elif piece.suffix in TABLES:
        yield from table_items(piece, prefix, defaults)
    elif piece.suffix in MAIL:
        yield from mail_items([piece], defaults)
    elif piece.suffix in ARCHIVES:
        yield from archive_items(piece, defaults, lambda p, fields: items_of(p, f"{p.key}#", defaults, fields))
    elif piece.suffix in FORMATS:
        yield page_item(piece, defaults, more)


def open_path(location: str, defaults: Defaults) -> FileSource:
    """The file or folder at `location`.

    Raises:
        UsageError: nothing is there, or it is neither a file nor a folder.
    """
    path = Path(location).expanduser()
    if not path.exists():
        raise UsageError(f"Expected a file or folder at {location}, found nothing. Check the path.")
    if not (path.is_file() or path.is_dir()):
        raise UsageError(f"Expected a file or folder at {location}, found something else (a device or pipe).")
    if path.is_file() and path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{location}: expected one of {', '.join(sorted(SUFFIXES))}, found {path.suffix or 'no suffix'!r}. "
            "Convert the file, or rename it to what it holds."
        )
    return FileSource(path.resolve(), defaults)


def _spelt(path: Path) -> str:
    """The path with bytes that are no UTF-8 written out, since no database stores them."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _walk(folder: Path, failed: Callable[[OSError], None]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=failed, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and _may_be_read(path):
                yield path


def _may_be_read(path: Path) -> bool:
    """Whether it is a regular file; what cannot even be looked at is left for reading to complain about."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True


def _closed_folder(error: OSError, top: Path, defaults: Defaults) -> Item:
    found = Path(os.fsdecode(error.filename or top))
    key = _spelt(found.relative_to(top)) if found != top else ""
    reason = f"the folder cannot be listed: {error.strerror}. Its documents stay as they were; check its permissions."
    return unreadable(f"{key}/", key or _spelt(top), reason, b"", defaults, covers=f"{key}/" if key else "")
