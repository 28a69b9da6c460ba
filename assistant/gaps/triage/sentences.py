"""Sentences of a contact as spans of its own text, so that a quote is verbatim."""

from __future__ import annotations

import re

Span = tuple[int, int]

_BREAK = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])\s*|[\r\n\x00]+")
_QUOTED = ">"  # somebody else's words, answered below them
_MAX_SENTENCES = 24
_MAX_CHARS = 400
_READ_CHARS = 8000  # the rest of a very long contact is logs and quoted mail


def sentence_spans(text: str) -> tuple[Span, ...]:
    r"""Half-open spans of the first 24 sentences of its writer, each of 3 to 400 characters, without outer blanks.

    Lines behind ">" are another's.

    >>> [("> Try this.\nIt broke.")[a:b] for a, b in sentence_spans("> Try this.\nIt broke.")]
    ['It broke.']
    >>> [("It broke. Why?")[a:b] for a, b in sentence_spans("It broke. Why?")]
    ['It broke.', 'Why?']
    """
    spans: list[Span] = []
    start = 0
    read = text[:_READ_CHARS]
    for end, following in [*(match.span() for match in _BREAK.finditer(read)), (len(read), len(read))]:
        span = _trimmed(read, start, end)
        if span[1] - span[0] >= 3 and not read.startswith(_QUOTED, span[0]):
            spans.append((span[0], min(span[1], span[0] + _MAX_CHARS)))
        if len(spans) == _MAX_SENTENCES:
            break
        start = following
    return tuple(spans)


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
