"""Files and folders: each file is read by its suffix; a file may hold one document or many records."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.domain import Document
from assistant.errors import UnreadableItem, UsageError
from ingest.decode import decoded
from ingest.records import article_document, faq_document
from ingest.sources.item import Defaults, Item, revision_of
from ingest.structure.html import from_html
from ingest.structure.markdown import from_markdown
from ingest.structure.plain import from_text
from ingest.structure.visible import Visible
from ingest.tickets import ticket_document

MAX_ITEM_BYTES = 20_000_000
_MARKDOWN = {".md", ".markdown", ".mdx"}
_HTML = {".html", ".htm", ".xhtml"}
_TEXT = {".txt", ".text"}
SUFFIXES = _MARKDOWN | _HTML | _TEXT | {".jsonl", ".ndjson", ".csv"}


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, or a folder with everything readable below it; links to elsewhere are not followed."""

    path: Path
    defaults: Defaults

    @property
    def name(self) -> str:
        """The absolute path: the same place is the same source."""
        return str(self.path)

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

    def items(self) -> Iterator[Item]:
        """Items of every readable file, by path."""
        if self.path.is_file():
            yield from _file_items(self.path, self.path.name, self.defaults, named=True)
            return
        for path in _walk(self.path):
            yield from _file_items(path, path.relative_to(self.path).as_posix(), self.defaults, named=False)


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


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if (
                path.suffix.lower() in SUFFIXES
                and not name.startswith(".")
                and path.is_file()
                and not path.is_symlink()
            ):
                yield path


def _file_items(path: Path, key: str, defaults: Defaults, *, named: bool) -> Iterator[Item]:
    suffix = path.suffix.lower()
    prefix = "" if named else f"{key}#"
    if suffix in (".jsonl", ".ndjson"):
        yield from _jsonl_items(path, key, prefix, defaults)
    elif suffix == ".csv":
        yield from _csv_items(path, key, prefix, defaults)
    else:
        yield _page_item(path, key, defaults)


def _unreadable(key: str, where: str, reason: str, raw: bytes, defaults: Defaults) -> Item:
    def load() -> Document:
        raise UnreadableItem(f"{where}: {reason}")

    return Item(key, revision_of(raw, defaults), where, load)


def _page_item(path: Path, key: str, defaults: Defaults) -> Item:
    size = path.stat().st_size
    if size > MAX_ITEM_BYTES:
        return _unreadable(key, key, _too_big(size), str(size).encode(), defaults)
    try:
        raw = path.read_bytes()
    except OSError as error:
        return _unreadable(key, key, f"cannot be read: {error.strerror}", b"", defaults)
    revision = revision_of(raw, defaults)
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def load() -> Document:
        visible, front = _page(path.suffix.lower(), decoded(raw))
        return article_document(
            {"id": key, "title": visible.title or path.stem, "updated_at": modified, **_known(front)},
            visible, revision, defaults, where=key,
        )  # fmt: skip

    return Item(key, revision, key, load)


def _known(front: Mapping[str, object]) -> dict[str, object]:
    names = ("id", "title", "url", "audience", "kind", "updated_at", "product", "locale")
    return {name: front[name] for name in names if front.get(name) not in (None, "")}


def _page(suffix: str, text: str) -> tuple[Visible, Mapping[str, object]]:
    if suffix in _MARKDOWN:
        return from_markdown(text)
    return (from_html(text) if suffix in _HTML else from_text(text)), {}


def _jsonl_items(path: Path, name: str, prefix: str, defaults: Defaults) -> Iterator[Item]:
    seen: dict[str, int] = {}
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield _jsonl_item(raw, number, name, prefix, defaults, seen)


def _jsonl_item(raw: bytes, number: int, name: str, prefix: str, defaults: Defaults, seen: dict[str, int]) -> Item:
    where = f"{name}, line {number}"
    fallback = f"{prefix}line {number}"
    if len(raw) > MAX_ITEM_BYTES:
        return _unreadable(fallback, where, _too_big(len(raw)), raw, defaults)
    try:
        record = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return _unreadable(fallback, where, f"expected one JSON object in UTF-8, found {error}", raw, defaults)
    if not isinstance(record, dict) or not isinstance(record.get("id"), str | int) or record["id"] in ("", True, False):
        return _unreadable(fallback, where, 'expected an object with a non-empty "id"', raw, defaults)
    key = str(record["id"])
    if key in seen:
        again = f"the id {key!r} was already used in line {seen[key]}; the first record is kept. Give each its own id."
        return _unreadable(fallback, where, again, raw, defaults)
    seen[key] = number
    revision = revision_of(raw, defaults)
    reader = _reader(record, defaults, where)
    return Item(f"{prefix}{key}", revision, where, lambda: reader(record, revision))


def _reader(record: Mapping[str, Any], defaults: Defaults, where: str) -> Callable[[Mapping[str, Any], str], Document]:
    if "messages" in record or record.get("kind", defaults.kind) == "ticket":
        return lambda r, _revision: ticket_document(r)
    return lambda r, revision: article_document(r, None, revision, defaults, where=where)


def _csv_items(path: Path, name: str, prefix: str, defaults: Defaults) -> Iterator[Item]:
    size = path.stat().st_size
    if size > MAX_ITEM_BYTES:
        yield _unreadable(name, name, _too_big(size), str(size).encode(), defaults)
        return
    raw = path.read_bytes()
    try:
        rows = csv.DictReader(io.StringIO(decoded(raw), newline=""), strict=True)
        columns = {(column or "").strip().lower(): column for column in rows.fieldnames or ()}
        if not {"question", "answer"} <= set(columns):
            found = ", ".join(columns) or "nothing"
            raise UnreadableItem(f"expected columns 'question' and 'answer', found {found[:200]}")
        seen: dict[str, int] = {}
        for number, row in enumerate(rows, 2):
            values = {low: row[column] for low, column in columns.items() if row.get(column)}
            yield _csv_item(values, number, name, prefix, defaults, seen)
    except (csv.Error, UnreadableItem) as error:
        yield _unreadable(f"{prefix}{name}", name, str(error), raw, defaults)


def _csv_item(
    values: Mapping[str, str], number: int, name: str, prefix: str, defaults: Defaults, seen: dict[str, int]
) -> Item:
    where = f"{name}, row {number}"
    raw = json.dumps(values, sort_keys=True).encode()
    key = values.get("id") or f"{Path(name).stem}-{number - 1}"
    if key in seen:
        again = f"the id {key!r} was already used in row {seen[key]}; the first is kept. Give each row its own id."
        return _unreadable(f"{prefix}row {number}", where, again, raw, defaults)
    seen[key] = number
    revision = revision_of(raw, defaults)
    return Item(
        f"{prefix}{key}", revision, where, lambda: faq_document({**values, "id": key}, revision, defaults, where)
    )


def _too_big(size: int) -> str:
    return f"expected at most {MAX_ITEM_BYTES:,} bytes, found {size:,}. Split it into several documents."
