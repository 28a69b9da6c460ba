"""Macros and canned responses of every helpdesk, under one rule for who may see them.

They are internal unless the desk says that they are written for customers: `macros=public` of a source, or `[sources]
macros` in the settings, for all and for exported files. What one agent or one team keeps for itself stays internal.
"""

from __future__ import annotations

import re

from assistant.answering.language import sentences
from assistant.domain import Audience
from ingest.sources.api import Record

_PLACEHOLDER = re.compile(r"\{\{|\{%|\{[A-Za-z_]+\}|<%|\[\[")


def macro_line(macro: Record, *, key: str, title: object, text: str, audience: Audience, is_shared: bool) -> Record:
    """A macro as a line of `documents.jsonl`; for customers without what the helpdesk would fill in."""
    seen_by: Audience = audience if is_shared else "internal"
    return {
        "id": key,
        "title": title or "",
        "text": without_placeholders(text) if seen_by == "public" else text,
        "audience": seen_by,
        "updated_at": macro.get("updated_at"),
        "created_at": macro.get("created_at"),
    }


def without_placeholders(text: str) -> str:
    r"""The text without sentences that hold a placeholder: they cannot be quoted to anybody.

    >>> without_placeholders("Hi {{ticket.requester.first_name}},\nRestart it. Your number is {{ticket.id}}.")
    'Restart it.'
    """
    lines = ([line[start:end] for start, end in sentences(line)] for line in text.split("\n"))
    kept = (" ".join(one for one in line if not _PLACEHOLDER.search(one)) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
