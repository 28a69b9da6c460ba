"""Reads `documents.jsonl` the way an afternoon's script would: tags dropped, entities resolved, blanks folded."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path

from eval.cases import read_records
from eval.systems import Source

_TAG = re.compile(r"<[^>]+>")
_BLANKS = re.compile(r"[ \t]+")


def read_sources(path: Path) -> tuple[Source, ...]:
    """Return the file's documents as plain text, in order."""
    return tuple(
        Source(str(record["id"]), str(record.get("title") or ""), plain_text(record))
        for _, record in read_records(path)
    )


def plain_text(record: Mapping[str, object]) -> str:
    """Return the record's text, or its Markdown or HTML without tags.

    >>> plain_text({"html": "<p>Save &amp;  close</p>"})
    ' Save & close '
    """
    if text := record.get("text"):
        return str(text)
    body = str(record.get("markdown") or "") or _TAG.sub(" ", str(record.get("html") or ""))
    return _BLANKS.sub(" ", html.unescape(body))
