"""The map of the knowledge as a table for a spreadsheet, guarded against formulas like the export of themes."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.gaps.export import csv_table
from assistant.gaps.silence import Mapped, SilenceMap

_COLUMNS = (
    "document_id", "title", "url", "audience", "updated", "findings", "asked", "cited", "edited", "rewritten",
    "edit_distance", "views", "against",
)  # fmt: skip


def as_csv(found: SilenceMap) -> str:
    """One line an article, those that need work first; several findings are parted by semicolons."""
    return csv_table(_COLUMNS, (tuple(_cells(mapped)) for mapped in found.articles))


def _cells(mapped: Mapped) -> Iterator[str]:
    article = mapped.article
    yield from (article.key, article.title, article.url, article.audience)
    yield article.updated_at.date().isoformat() if article.updated_at else ""
    yield "; ".join(mapped.findings)
    yield from (str(count) for count in (article.contacts, article.cited, article.edited, article.rewritten))
    yield "" if article.edit_distance is None else f"{article.edit_distance:.2f}"
    yield "" if article.views is None else f"{article.views:g}"
    yield "; ".join(f"{other.title or other.key}: {other.said or 'nearly the same'}" for other in mapped.against)
