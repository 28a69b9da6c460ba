"""Files that are one document each: Markdown, HTML, text, reStructuredText, PDF, Word."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.domain import Document
from assistant.errors import UnreadableItem
from ingest.parsing import FORMATS, visible
from ingest.records import article_document
from ingest.sources.item import Defaults, Item, revision_of
from ingest.sources.piece import Piece, told_where, unreadable

_FRONT_MATTER = ("id", "title", "url", "audience", "kind", "updated_at", "product", "locale")


def page_item(piece: Piece, defaults: Defaults, more: Mapping[str, object] | None = None) -> Item:
    """The item of one page; `more` are fields that its place gives it, which its own front matter overrules."""
    try:
        raw = piece.read()
    except UnreadableItem as error:
        return unreadable(piece.key, piece.key, str(error), str(piece.size).encode(), defaults)
    revision = revision_of(raw, defaults)

    def load() -> Document:
        with told_where(piece.key):
            shown, front = visible(FORMATS[piece.suffix], raw)
        given = {"id": piece.key, "title": shown.title or piece.stem, "updated_at": piece.modified, **(more or {})}
        return article_document({**given, **_known(front)}, shown, revision, defaults, where=piece.key)

    return Item(piece.key, revision, piece.key, load)


def _known(front: Mapping[str, object]) -> dict[str, object]:
    return {name: front[name] for name in _FRONT_MATTER if front.get(name) not in (None, "")}
