"""From a line of an outline to the text a reader sees, with the quotes that it rests on.

Adds nothing but conditions ("On Windows: …"): a variant for another platform than the reader's is left out,
and then each piece is quoted by itself, since a quote never spans something left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.language import Span, one_line, words
from assistant.answering.outline import Line
from assistant.domain import Passage, Question, Quote, Variant

_PLATFORMS: dict[str, tuple[str, ...]] = {
    "windows": ("windows", "win", "win7", "win8", "win10", "win11", "vista", "xp"),
    "macos": ("macos", "mac", "osx", "macbook", "imac", "apple"),
    "linux": ("linux", "ubuntu", "debian", "fedora", "mint", "arch", "gnome", "kde", "opensuse"),
    "android": ("android", "pixel", "galaxy"),
    "ios": ("ios", "iphone", "ipad"),
}
_PLATFORM_OF = {word: platform for platform, spoken in _PLATFORMS.items() for word in spoken}
_OPENS_SENTENCE = re.compile(r"(?:^|[.!?:\u3002]['\")\]]*)\s*$")


@dataclass(frozen=True, slots=True)
class Reader:
    """What the question says about the reader's surroundings: platforms by name, and all its words."""

    platforms: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, question: Question) -> Reader:
        """The reader as far as the question tells."""
        said = frozenset(words(f"{question.title} {question.text[:6000]} {question.product}"))
        return cls(frozenset(_PLATFORM_OF[word] for word in said if word in _PLATFORM_OF), said)

    def excludes(self, condition: str) -> bool:
        """Whether the condition names platforms, and none is one that the reader named.

        >>> reader = Reader.of(Question("On my Mac I cannot print"))
        >>> reader.excludes("Windows, Linux"), reader.excludes("macOS"), reader.excludes("Pro plan")
        (True, False, False)
        """
        named = {_PLATFORM_OF[word] for word in words(condition) if word in _PLATFORM_OF}
        if not named or not self.platforms:
            return False
        if re.search(r"\b(?:not|except)\b", condition, re.IGNORECASE):
            return self.platforms <= named
        return not named & self.platforms


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a line says to this reader; `quotes` are in the order of the text."""

    text: str
    quotes: tuple[Quote, ...]


def rendered(line: Line, passage: Passage, reader: Reader, *, conditioned: bool = True) -> Rendered | None:
    """The line for the reader, None when it does not concern them; without the block's condition on request."""
    if reader.excludes(line.block.condition):
        return None
    pieces = _pieces(line, reader)
    if not pieces:
        return None
    text = "".join(piece.text for piece in pieces)
    quotes = tuple(_quote(line, passage, span) for span in _joined([piece.span for piece in pieces]))
    prefix = prefixed(line.block.condition) if conditioned else ""
    shown = one_line(prefix + text)
    return Rendered(shown, quotes) if any(char.isalnum() for char in shown) else None


def prefixed(condition: str) -> str:
    """The words that put a condition before a sentence.

    >>> prefixed("Windows"), prefixed("Pro plan"), prefixed("")
    ('On Windows: ', 'For Pro plan: ', '')
    """
    if not condition:
        return ""
    named = [word for word in words(condition) if word in _PLATFORM_OF]
    return f"{'On' if named else 'For'} {condition}: "


@dataclass(frozen=True, slots=True)
class _Piece:
    span: Span
    text: str
    condition: str = ""


def _pieces(line: Line, reader: Reader) -> list[_Piece]:
    """The line cut at the edges of its variants, those that do not concern the reader left out."""
    variants = sorted(
        (variant for variant in line.block.variants if variant.start < line.end and variant.end > line.start),
        key=lambda variant: (variant.start, -variant.end),
    )
    return list(_cut(line, line.start, line.end, variants, reader))


def _cut(line: Line, start: int, end: int, variants: Sequence[Variant], reader: Reader) -> list[_Piece]:
    pieces: list[_Piece] = []
    place = start
    for variant in variants:
        if variant.start < place:
            continue  # inside one that was taken as a whole
        _append(pieces, line, place, variant.start)
        place = min(variant.end, end)
        if not reader.excludes(variant.condition):
            span = (max(variant.start, start), place)
            pieces.append(_conditional(line, span, variant.condition, "".join(piece.text for piece in pieces)))
    _append(pieces, line, place, end)
    return pieces


def _append(pieces: list[_Piece], line: Line, start: int, end: int) -> None:
    if end > start:
        pieces.append(_Piece((start, end), line.text[start - line.start : end - line.start]))


def _conditional(line: Line, span: Span, condition: str, before: str) -> _Piece:
    """The variant with its condition: before a sentence, inside its own brackets, or in brackets of ours."""
    text = line.text[span[0] - line.start : span[1] - line.start]
    bare = text.strip()
    label = prefixed(condition)
    inside = label[:1].lower() + label[1:]
    if _OPENS_SENTENCE.search(before):
        return _Piece(span, f" {label}{bare} ", condition)
    if bare.startswith("(") and bare.endswith(")"):
        return _Piece(span, f" ({inside}{bare[1:]} ", condition)
    return _Piece(span, f" ({inside}{bare}) ", condition)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans with those that touch made one, so that nothing left out lies inside any."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _quote(line: Line, passage: Passage, span: Span) -> Quote:
    text = line.text[span[0] - line.start : span[1] - line.start]
    left = len(text) - len(text.lstrip())
    kept = text.strip()
    start = span[0] + left
    return Quote(passage.document_key, passage.version, start, start + len(kept), kept)
