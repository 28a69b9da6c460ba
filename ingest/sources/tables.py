"""Tables with a header: questions with answers are FAQ articles, ratings with comments are contacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import UnreadableItem
from ingest.parsing import table
from ingest.records import faq_document
from ingest.reviews import is_review, rating_in, review_contact, top_rating
from ingest.sources.item import Defaults, Item, no_document, revision_of
from ingest.sources.piece import Piece, unreadable
from ingest.sources.suffixes import TABLES


def table_items(piece: Piece, prefix: str, defaults: Defaults) -> Iterator[Item]:
    """An item a row; a table that cannot be read stands for all of them."""
    raw = b""
    try:
        raw = piece.read()
        found = table(TABLES[piece.suffix], raw)
        columns = found["columns"]
        if not ({"question", "answer"} <= set(columns) or is_review(columns)):
            names = ", ".join(columns) or "nothing"
            raise UnreadableItem(
                f"expected columns 'question' and 'answer', found {names[:200]}. Reviews have a rating and a text."
            )
    except UnreadableItem as error:
        raw = raw or str(piece.size).encode()
        yield unreadable(f"{prefix}{piece.key}", piece.key, str(error), raw, defaults, covers=prefix)
        return
    rows: list[tuple[int, dict[str, str]]] = [(number, fields) for number, fields in found["rows"]]
    top = _top(rows) if is_review(columns) else None
    seen: dict[str, int] = {}
    for number, fields in rows:
        yield _item(fields, number, piece, prefix, defaults, seen, top)


def _top(rows: list[tuple[int, dict[str, str]]]) -> float:
    """The best rating of the table's scale."""
    ratings = []
    for _, fields in rows:
        try:
            ratings.append(rating_in(fields))
        except UnreadableItem:
            continue
    return top_rating([rating for rating in ratings if rating is not None])


def _item(
    values: Mapping[str, str],
    number: int,
    piece: Piece,
    prefix: str,
    defaults: Defaults,
    seen: dict[str, int],
    top: float | None,
) -> Item:
    where = f"{piece.key}, row {number}"
    raw = json.dumps(values, sort_keys=True).encode()
    key = values.get("id", "").strip() or f"{piece.stem}-{number - 1}"
    if key in seen:
        again = f"the id {key!r} was already used in row {seen[key]}; the first is kept. Give each row its own id."
        return unreadable(f"{prefix}row {number}", where, again, raw, defaults)
    seen[key] = number
    revision = revision_of(raw, defaults)
    record: Mapping[str, Any] = {**values, "id": key}
    if top is not None:
        return Item(
            f"{prefix}{key}", revision, where, no_document,
            contact=lambda: review_contact(record, defaults.rules, origin=piece.stem, top=top),
        )  # fmt: skip
    return Item(f"{prefix}{key}", revision, where, lambda: faq_document(record, revision, defaults, where))
