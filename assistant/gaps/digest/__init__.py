"""The weekly list as a designer gets it: one frozen record rendered as Markdown, HTML or JSON.

Last step of the week: `assistant.gaps.records.Digest` is complete before it comes here, and the rendered texts are
stored and never change. Words of people stay words: nothing that they wrote can become markup.
"""

from __future__ import annotations

from assistant.gaps.digest.as_html import as_html
from assistant.gaps.digest.as_json import as_json
from assistant.gaps.digest.as_markdown import as_markdown
from assistant.gaps.records import Digest, DigestFormat

__all__ = ["as_html", "as_json", "as_markdown", "render"]


def render(digest: Digest, format_: DigestFormat) -> str:
    """The whole digest as text; the same record gives the same bytes."""
    return {"md": as_markdown, "html": as_html, "json": as_json}[format_](digest)
