"""Domain values to and from the shapes that columns hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from assistant.domain import Block, Variant
from assistant.seams import Vectors

_LANGUAGES = frozenset(
    "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk "
    "km "
    "kn ko ky lo lt lv mk ml mn mr ms my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz "
    "vi zh zu".split()
)
"""ISO 639 codes that help centres use in paths; a list, since "kb" and "faq" look like codes too."""
_LOCALE = re.compile(r"^([a-z]{2,3})([-_][a-z]{2,4})?$")


def blocks_to_rows(blocks: Sequence[Block]) -> list[Any]:
    """Blocks as JSON lists, shorter than objects by half."""
    return [
        [
            b.kind,
            b.start,
            b.end,
            b.level,
            b.number,
            b.condition,
            b.anchor,
            [[v.start, v.end, v.condition] for v in b.variants],
        ]
        for b in blocks
    ]


def blocks_from_rows(rows: Sequence[Any]) -> tuple[Block, ...]:
    """The inverse of `blocks_to_rows`."""
    return tuple(
        Block(kind, start, end, level, number, condition, anchor, tuple(Variant(*v) for v in variants))
        for kind, start, end, level, number, condition, anchor, variants in rows
    )


def vector_to_bytes(vector: Vectors) -> bytes:
    """Little-endian float32, 4 bytes a dimension."""
    return vector.astype("<f4", copy=False).tobytes()


def vectors_from_bytes(rows: Sequence[bytes]) -> Vectors:
    """Shape `(len(rows), d)`."""
    if not rows:
        return np.zeros((0, 0), np.float32)
    return np.frombuffer(b"".join(rows), "<f4").reshape(len(rows), -1).astype(np.float32, copy=False)


def url_key(url: str) -> str:
    """What two addresses of one page share: host and path, without scheme, `www.`, locale, query, fragment.

    >>> url_key("https://help.example.com/en-US/kb/Reset-Password/?x=1#top")
    'help.example.com/kb/reset-password'
    >>> url_key("http://www.help.example.com/kb/reset-password")
    'help.example.com/kb/reset-password'
    """
    try:
        parts = urlsplit(url.strip().lower())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    segments = [s for s in parts.path.split("/") if s]
    locale = _LOCALE.match(segments[0]) if len(segments) > 1 else None
    if locale and locale[1] in _LANGUAGES:
        segments = segments[1:]
    return "/".join([parts.netloc.removeprefix("www."), *segments])[:2000]
