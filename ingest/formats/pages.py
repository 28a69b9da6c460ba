"""Pages of text as the sandbox calls them: HTML, Markdown, plain text, reStructuredText."""

from __future__ import annotations

from typing import Any

from ingest.decode import decoded
from ingest.formats.wire import to_wire
from ingest.structure.html import from_html
from ingest.structure.markdown import from_markdown
from ingest.structure.plain import from_text


def html(raw: bytes) -> dict[str, Any]:
    """A page."""
    return to_wire(from_html(decoded(raw)))


def markdown(raw: bytes) -> dict[str, Any]:
    """A page with its front matter."""
    visible, front = from_markdown(decoded(raw))
    return to_wire(visible, front={name: str(value) for name, value in front.items() if isinstance(value, str | int)})


def text(raw: bytes) -> dict[str, Any]:
    """Plain text."""
    return to_wire(from_text(decoded(raw)))


def rst(raw: bytes) -> dict[str, Any]:
    """A page of reStructuredText."""
    from ingest.formats.rst import from_rst

    return to_wire(from_rst(decoded(raw)))
