"""JSON Lines: one record a line, each an article, a ticket or a review by its shape."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from assistant.cleaning import cleaned
from assistant.domain import Document
from assistant.errors import UnreadableItem
from ingest.records import article_document
from ingest.reviews import is_review, rating_in, review_contact, top_rating
from ingest.sources.exports import as_line, exported_lines
from ingest.sources.item import Defaults, Item, no_document, revision_of
from ingest.sources.piece import MAX_ITEM_BYTES, Piece, too_big, unreadable
from ingest.tickets import ticket_document

MAX_KEY_CHARS = 500
_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.){1,1000}"|-?\d{1,18})')
_CASE = frozenset({"relevant", "split", "expected", "answerable"})  # keys of a case of `waypost eval`
_ASKED = frozenset({"created", "channel", "requester"})  # keys of a question and of a ticket, never of an article
_ARTICLE = frozenset({"html", "markdown", "url", "updated_at"})  # keys of an article, never of a question
_ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def jsonl_items(piece: Piece, prefix: str, defaults: Defaults) -> Iterator[Item]:
    """An item a line; a line that is no record stands for itself."""
    seen: dict[str, int] = {}
    number = 0
    with piece.opened() as file:
        while raw := file.readline(MAX_ITEM_BYTES + 2):
            number += 1
            size = len(raw) if raw.endswith(b"\n") else len(raw) + _rest(file)
            if raw.strip() and (item := _item(raw, size, number, piece, prefix, defaults, seen)) is not None:
                yield item
    if number and not seen:
        reason = f"none of its {number} lines is a JSON object in UTF-8 with an id. Save it as JSON Lines in UTF-8."
        yield unreadable(f"{prefix}{piece.key}", piece.key, reason, b"", defaults, covers=prefix)


def json_items(piece: Piece, prefix: str, defaults: Defaults) -> Iterator[Item]:
    """The items of a helpdesk's export in one JSON file; of any other JSON in a folder, none."""
    try:
        lines = b"\n".join(exported_lines(piece.read()))
    except UnreadableItem as error:
        yield unreadable(f"{prefix}{piece.key}", piece.key, str(error), b"", defaults, covers=prefix)
        return
    if lines:
        yield from jsonl_items(replace(piece, size=len(lines), opened=lambda: io.BytesIO(lines)), prefix, defaults)
    elif not prefix:
        reason = "expected an export of a helpdesk, found other JSON. Save records as JSON Lines (.jsonl)."
        yield unreadable(piece.key, piece.key, reason, b"", defaults, covers=prefix)


def _rest(file: BinaryIO) -> int:
    """Passes over what is left of a line too long; returns its length."""
    size = 0
    while part := file.readline(1 << 20):
        size += len(part)
        if part.endswith(b"\n"):
            break
    return size


def _item(
    raw: bytes, size: int, number: int, piece: Piece, prefix: str, defaults: Defaults, seen: dict[str, int]
) -> Item | None:
    where = f"{piece.key}, line {number}"
    try:
        given = _record(raw, size)
        record = as_line(given, defaults.macros)
        key = _key(record or given)
    except UnreadableItem as error:
        # An edit gone wrong must not look like a deletion: where the id can be made out, it is this record's.
        key = _id_in(raw)
        known = key and key not in seen
        return unreadable(f"{prefix}{key if known else f'line {number}'}", where, str(error), raw, defaults)
    if key in seen:
        again = f"the id {key!r} was already used in line {seen[key]}; the first record is kept. Give each its own id."
        return unreadable(f"{prefix}line {number}", where, again, raw, defaults)
    seen[key] = number
    if record is None:  # a draft is no document, and one that was published is none any more
        return None
    revision = revision_of(raw, defaults)
    if is_review(record):
        return Item(f"{prefix}{key}", revision, where, no_document, contact=lambda: _review(record, piece, defaults))
    reader = _reader(record, defaults, where)
    return Item(f"{prefix}{key}", revision, where, lambda: reader(record, revision))


def _review(record: Mapping[str, Any], piece: Piece, defaults: Defaults) -> Any:
    given = rating_in(record)
    top = record.get("scale") or record.get("out_of") or top_rating([given] if given is not None else [])
    return review_contact(record, defaults.rules, origin=piece.stem, top=float(top))


def _record(raw: bytes, size: int) -> dict[str, Any]:
    if size > MAX_ITEM_BYTES:
        raise UnreadableItem(too_big(size))
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
    return lambda r, revision: _article(r, revision, defaults, where)


def _article(record: Mapping[str, Any], revision: str, defaults: Defaults, where: str) -> Document:
    if is_question(record, defaults):
        raise UnreadableItem(
            f"{where}: expected an article with a title, or a ticket with messages; found what looks like a question "
            f"({', '.join(sorted(map(str, record)))[:120]}). Ask it with `waypost ask --batch`; if it is an article, "
            'give it a title and "kind": "doc".'
        )
    return article_document(record, None, revision, defaults, where=where)


def is_question(record: Mapping[str, Any], defaults: Defaults = Defaults()) -> bool:
    """Whether a line is what somebody asks, as `ask --batch` and `eval` take it, and not an article.

    A line or an option that says the kind is believed; so is a line that says its audience. Of others without a key
    that only articles have, one asks that has a question mark and no title, or what is known of somebody who asks.

    >>> is_question({"id": "q1", "text": "How?"}), is_question({"id": "a1", "title": "Print", "text": "Press P."})
    (True, False)
    >>> is_question({"id": "q2", "title": "Print", "text": "How?", "channel": "email"})
    True
    """
    if defaults.kind is not None or "kind" in record or "audience" in record:
        return False
    if _CASE & set(record):
        return True
    is_plain = not _ARTICLE & set(record)
    asks = "?" in f"{record.get('title', '')} {record.get('text', '')}"
    return is_plain and asks and ("title" not in record or bool(_ASKED & set(record)))
