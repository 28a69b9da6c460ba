"""From bytes of a known format to visible text: small text here, everything else in the sandbox.

A parser in this process costs microseconds and has read small texts of every kind; binary formats, archives, mail
and whatever is large go to the child with its limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ingest.decode import decoded
from ingest.formats.wire import from_wire
from ingest.sandbox import shared
from ingest.structure.html import from_html
from ingest.structure.markdown import from_markdown
from ingest.structure.plain import from_text
from ingest.structure.visible import Visible

SMALL = {"markdown": 32_000, "html": 100_000, "text": 1_000_000, "csv": 1_000_000}
"""Bytes up to which a format is parsed in this process: a few kilobytes of brackets take a Markdown parser seconds."""

FORMATS = {
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".txt": "text", ".text": "text", ".rst": "rst", ".pdf": "pdf", ".docx": "docx",
}  # fmt: skip
"""Files that are one document, by suffix."""

_HERE: Mapping[str, Callable[[str], tuple[Visible, Mapping[str, object]]]] = {
    "markdown": from_markdown,
    "html": lambda text: (from_html(text), {}),
    "text": lambda text: (from_text(text), {}),
}


def visible(kind: str, raw: bytes) -> tuple[Visible, Mapping[str, object]]:
    """The visible text, and the front matter where the format has one.

    Raises:
        UnreadableItem: it is not what its name says, or not within the limits.
    """
    if len(raw) <= SMALL.get(kind, 0):
        return _HERE[kind](decoded(raw))
    found = shared().parse(kind, raw)
    return from_wire(found), found.get("front", {})


def of_text(kind: str, text: str) -> Visible:
    """The same of text that is decoded already: a record's field."""
    if len(text) <= SMALL.get(kind, 0):
        return _HERE[kind](text)[0]
    return visible(kind, text.encode("utf-8", "replace"))[0]


def table(kind: str, raw: bytes) -> dict[str, Any]:
    """Columns and rows of a CSV or XLSX table.

    Raises:
        UnreadableItem: it is no table, or not within the limits.
    """
    if len(raw) <= SMALL.get(kind, 0):
        from ingest.formats.tables import csv_rows

        return csv_rows(raw)
    found: dict[str, Any] = shared().parse(kind, raw)
    return found
