"""Files and folders: each file is read by its suffix; a file may hold one document or many records."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.cleaning import cleaned
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
MAX_KEY_CHARS = 500
_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.){1,1000}"|-?\d{1,18})')
_ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
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

    def items(self) -> Iterator[Item]:
        """Items of every readable file, by path."""
        if self.path.is_file():
            yield from _file_items(self.path, self.path.name, self.defaults, named=True)
            return
        failed: list[OSError] = []
        for path in _walk(self.path, failed.append):
            yield from _file_items(path, _spelt(path.relative_to(self.path)), self.defaults, named=False)
        for error in failed:
            yield _closed_folder(error, self.path, self.defaults)


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
    return _unreadable(f"{key}/", key or _spelt(top), reason, b"", defaults, covers=f"{key}/" if key else "")


def _file_items(path: Path, key: str, defaults: Defaults, *, named: bool) -> Iterator[Item]:
    """Items of one file; one that fails stands for all that it held."""
    suffix = path.suffix.lower()
    prefix = "" if named else f"{key}#"
    try:
        if suffix in (".jsonl", ".ndjson"):
            yield from _jsonl_items(path, key, prefix, defaults)
        elif suffix == ".csv":
            yield from _csv_items(path, key, prefix, defaults)
        else:
            yield _page_item(path, key, defaults)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}. Check the file and its permissions."
        yield _unreadable(key, key, reason, b"", defaults, covers=prefix)


def _unreadable(
    key: str, where: str, reason: str, raw: bytes, defaults: Defaults, *, covers: str | None = None
) -> Item:
    def load() -> Document:
        raise UnreadableItem(f"{where}: {reason}")

    return Item(key, revision_of(raw, defaults), where, load, covers)


def _page_item(path: Path, key: str, defaults: Defaults) -> Item:
    size = path.stat().st_size
    if size > MAX_ITEM_BYTES:
        return _unreadable(key, key, _too_big(size), str(size).encode(), defaults)
    raw = path.read_bytes()
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
    number = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield _jsonl_item(raw, number, name, prefix, defaults, seen)
    if number and not seen:
        reason = f"none of its {number} lines is a JSON object in UTF-8 with an id. Save it as JSON Lines in UTF-8."
        yield _unreadable(f"{prefix}{name}", name, reason, b"", defaults, covers=prefix)


def _jsonl_item(raw: bytes, number: int, name: str, prefix: str, defaults: Defaults, seen: dict[str, int]) -> Item:
    where = f"{name}, line {number}"
    try:
        record = _record(raw)
        key = _key(record)
    except UnreadableItem as error:
        # An edit gone wrong must not look like a deletion: where the id can be made out, it is this record's.
        key = _id_in(raw)
        known = key and key not in seen
        return _unreadable(f"{prefix}{key if known else f'line {number}'}", where, str(error), raw, defaults)
    if key in seen:
        again = f"the id {key!r} was already used in line {seen[key]}; the first record is kept. Give each its own id."
        return _unreadable(f"{prefix}line {number}", where, again, raw, defaults)
    seen[key] = number
    revision = revision_of(raw, defaults)
    reader = _reader(record, defaults, where)
    return Item(f"{prefix}{key}", revision, where, lambda: reader(record, revision))


def _record(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_ITEM_BYTES:
        raise UnreadableItem(_too_big(len(raw)))
    try:
        record = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableItem(f"expected one JSON object in UTF-8, found {error}.") from error
    if not isinstance(record, dict):
        raise UnreadableItem(f"expected one JSON object, found {type(record).__name__}.")
    return _without_halves(record) if _ESCAPED_HALF.search(raw) else record


def _without_halves(record: dict[str, Any]) -> dict[str, Any]:
    """The record without lone surrogates, which JSON can spell and nothing can store."""
    whole: dict[str, Any] = json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "ignore"))
    return whole


def _key(record: Mapping[str, Any]) -> str:
    """The record's id as it is stored."""
    found = record.get("id")
    key = cleaned(str(found)).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""
    if not key or len(key) > MAX_KEY_CHARS:
        raise UnreadableItem(
            f'expected an object with an "id" of 1 to {MAX_KEY_CHARS} characters, found {str(found)[:80]!r}.'
        )
    return key


def _id_in(raw: bytes) -> str:
    """The id in a line that is not JSON, or none."""
    found = _ID.search(raw[:65_536])
    if found is None:
        return ""
    try:
        return _key({"id": json.loads(found[1].decode("utf-8"))})
    except (ValueError, UnreadableItem):
        return ""


def _reader(record: Mapping[str, Any], defaults: Defaults, where: str) -> Callable[[Mapping[str, Any], str], Document]:
    if "messages" in record or record.get("kind", defaults.kind) == "ticket":
        return lambda r, _revision: ticket_document(r, defaults.rules)
    return lambda r, revision: article_document(r, None, revision, defaults, where=where)


def _csv_items(path: Path, name: str, prefix: str, defaults: Defaults) -> Iterator[Item]:
    size = path.stat().st_size
    raw = path.read_bytes() if size <= MAX_ITEM_BYTES else str(size).encode()
    try:
        if size > MAX_ITEM_BYTES:
            raise UnreadableItem(_too_big(size))
        columns, rows = _table(raw)
    except (csv.Error, UnreadableItem) as error:
        yield _unreadable(f"{prefix}{name}", name, str(error), raw, defaults, covers=prefix)
        return
    seen: dict[str, int] = {}
    for number, row in rows:
        values = {low: cleaned(row[column]) for low, column in columns.items() if row.get(column)}
        yield _csv_item(values, number, name, prefix, defaults, seen)


def _table(raw: bytes) -> tuple[dict[str, str], list[tuple[int, dict[str, str]]]]:
    """Column by its lower-case name, and each row with its number; read whole, since half a table is no table."""
    csv.field_size_limit(MAX_ITEM_BYTES)
    reader = csv.DictReader(io.StringIO(decoded(raw), newline=""), strict=True)
    columns = {(column or "").strip().lower(): column for column in reader.fieldnames or ()}
    if not {"question", "answer"} <= set(columns):
        found = ", ".join(columns) or "nothing"
        raise UnreadableItem(f"expected columns 'question' and 'answer', found {found[:200]}.")
    try:
        return columns, list(enumerate(reader, 2))
    except csv.Error as error:
        raise UnreadableItem(f"expected a CSV table, found in line {reader.line_num}: {error}.") from error


def _csv_item(
    values: Mapping[str, str], number: int, name: str, prefix: str, defaults: Defaults, seen: dict[str, int]
) -> Item:
    where = f"{name}, row {number}"
    raw = json.dumps(values, sort_keys=True).encode()
    key = values.get("id", "").strip() or f"{Path(name).stem}-{number - 1}"
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
