"""Keeps hostile markup from costing more than its length: limits nesting before the HTML parser sees it.

The parser follows the HTML standard, which looks through all open elements for many a tag; 100,000 nested
`<div>` take it 48 s, 512 levels (the limit of browsers) next to nothing.
"""

from __future__ import annotations

import re

from assistant.errors import UnreadableItem

MAX_DEPTH = 512
MAX_TAGS = 1_000_000
_MAX_FORMATTING = 64

_FORMATTING = frozenset([
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
])  # fmt: skip
# Elements that never hold others, and those that the parser closes when the next of their kind opens.
_NEVER_DEEP = frozenset([
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "colgroup", "option", "optgroup", "rt", "rp",
    "html", "head", "body",
])  # fmt: skip
_TAG = re.compile(r"<(/?)([a-z][^\s/>]*)[^>]*>?", re.IGNORECASE)


def shallow(html: str) -> str:
    """`html` unless it nests deeper than browsers allow; then the tags beyond that are left out, their text stays.

    Raises:
        UnreadableItem: more than `MAX_TAGS` tags.
    """
    tags = html.count("<")
    if tags > MAX_TAGS:
        raise UnreadableItem(
            f"Expected a page of at most {MAX_TAGS:,} tags, found {tags:,}. Split the page, or give its text."
        )
    if tags <= _MAX_FORMATTING:
        return html
    depth = _Depth()
    if all(depth.admits(match) for match in _TAG.finditer(html)):
        return html
    depth = _Depth()
    return _TAG.sub(lambda match: match[0] if depth.admits(match) else "", html)


class _Depth:
    """Open elements by name; an end tag closes only its own name, so the true depth is never above the count."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._dropped: dict[str, int] = {}
        self._levels = 0
        self._formatting = 0

    def admits(self, match: re.Match[str]) -> bool:
        name = match[2].lower()
        if name in _NEVER_DEEP:
            return True
        if match[1]:
            return self._close(name)
        formatting = name in _FORMATTING
        if (self._formatting >= _MAX_FORMATTING) if formatting else (self._levels >= MAX_DEPTH):
            self._dropped[name] = self._dropped.get(name, 0) + 1
            return False
        self._open[name] = self._open.get(name, 0) + 1
        self._count(formatting, 1)
        return True

    def _close(self, name: str) -> bool:
        if self._dropped.get(name):
            self._dropped[name] -= 1
            return False
        if self._open.get(name):
            self._open[name] -= 1
            self._count(name in _FORMATTING, -1)
        return True

    def _count(self, formatting: bool, step: int) -> None:
        if formatting:
            self._formatting += step
        else:
            self._levels += step
