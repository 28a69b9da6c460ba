"""From a line of an outline to the text a reader sees, with the quotes that it rests on.

Adds nothing but conditions ("On Windows: …"): a variant that cannot be the reader's is left out, and then
each piece is quoted by itself, since a quote never spans something left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from assistant.answering.conditions import Reader, beyond, phrase
from assistant.answering.language import Span, one_line
from assistant.answering.outline import Line
from assistant.domain import Passage, Quote

_OPENS_SENTENCE = re.compile(r"(?:^|[.!?:\u3002]['\")\]]*)\s*$")
_SPACE_BEFORE_STOP = re.compile(r"\s+([.,;:!?)])(?=\s|$|[.,;:!?)])")
_ENDS_SENTENCE = (".", "!", "?", ":", ".)", "\u3002")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a line says to this reader; `quotes` are in the order of the text."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A span of the line that holds under one condition; empty means under the block's own."""

    span: Span
    text: str
    condition: str = ""


def rendered(line: Line, passage: Passage, reader: Reader, *, conditioned: bool = True) -> Rendered | None:
    """The line for the reader, None when nothing of it concerns them; without the block's condition on request."""
    if reader.excludes(line.block.condition):
        return None
    pieces = [piece for piece in _pieces(line) if not reader.excludes(piece.condition)]
    written = _written(pieces, reader)
    text = one_line(_cells(written) if line.block.kind == "row" else written)
    if not any(char.isalnum() for char in text):
        return None
    if conditioned and line.block.condition:
        text = f"{_capital(phrase(line.block.condition))}: {text}"
    quotes = (_quote(line, passage, span) for span in _joined(line, pieces))
    return Rendered(text, tuple(quote for quote in quotes if any(char.isalnum() for char in quote.text)))


def _cells(row: str) -> str:
    r"""A table's row as a line: what it is about, then what the other cells say.

    >>> _cells("Basic\tTen photos\ta month")
    'Basic: Ten photos, a month'
    """
    first, *others = [cell.strip() for cell in row.split("\t") if cell.strip()] or [""]
    return f"{first.rstrip(':')}: {', '.join(others)}" if others else first


def _pieces(line: Line) -> list[_Piece]:
    """The line cut at the edges of its block's variants; they never overlap."""
    pieces: list[_Piece] = []
    place = line.start
    for variant in sorted(line.block.variants, key=lambda variant: variant.start):
        start, end = max(variant.start, place), min(variant.end, line.end)
        if start >= end:
            continue
        pieces.extend(_piece(line, place, start, ""))
        pieces.extend(_piece(line, start, end, beyond(variant.condition, line.block.condition)))
        place = end
    pieces.extend(_piece(line, place, line.end, ""))
    return pieces


def _piece(line: Line, start: int, end: int, condition: str) -> list[_Piece]:
    return [_Piece((start, end), line.text[start - line.start : end - line.start], condition)] if end > start else []


def _written(pieces: Sequence[_Piece], reader: Reader) -> str:
    """The pieces as text, each run of neighbouring variants told apart by their conditions."""
    written = ""
    runs = [(bare, list(run)) for bare, run in groupby(_solid(pieces), key=lambda piece: not piece.condition)]
    for number, (bare, run) in enumerate(runs):
        if bare or (len(run) == 1 and reader.is_certain(run[0].condition)):
            written += "".join(piece.text for piece in run)
        else:
            opens = _OPENS_SENTENCE.search(written[-4:]) is not None
            written += f" {_run(run, reader, opens=opens, last=number == len(runs) - 1)} "
    return _SPACE_BEFORE_STOP.sub(r"\1", written).replace("( ", "(")


def _run(run: Sequence[_Piece], reader: Reader, *, opens: bool, last: bool) -> str:
    """Variants side by side: what all of them need is said first, then what each needs."""
    shared = _shared([piece.condition for piece in run])
    if shared and len(run) > 1:
        inside = _written([_Piece(p.span, f"{p.text} ", beyond(p.condition, shared)) for p in run], reader).strip()
        return f"{_capital(phrase(shared))}: {inside}" if opens and last else f"({phrase(shared)}: {inside})"
    if opens and _are_sentences(run, last=last):
        return " ".join(f"{_capital(phrase(piece.condition))}: {piece.text}" for piece in _told_once(run))
    return _bracketed(run)


def _shared(conditions: Sequence[str]) -> str:
    """The parts that all the conditions have.

    >>> _shared(["Mailer 9 or later; Windows", "Mailer 9 or later; macOS"]), _shared(["Windows", "macOS"])
    ('Mailer 9 or later', '')
    """
    parts = [condition.split("; ") for condition in conditions]
    return "; ".join(part for part in parts[0] if all(part in others for others in parts))


def _solid(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Pieces without the bare white space between two variants and without labels on mere punctuation."""
    kept: list[_Piece] = []
    for place, piece in enumerate(pieces):
        between = bool(kept) and bool(kept[-1].condition) and any(other.condition for other in pieces[place + 1 :][:1])
        if piece.condition or piece.text.strip() or not between:
            worded = any(char.isalnum() for char in piece.text)
            kept.append(piece if worded or not piece.condition else _Piece(piece.span, piece.text))
    return kept


def _are_sentences(run: Sequence[_Piece], *, last: bool) -> bool:
    ends = [piece.text.rstrip().endswith(_ENDS_SENTENCE) for piece in run]
    return all(ends) or (last and all(ends[:-1]))


def _told_once(run: Sequence[_Piece]) -> list[_Piece]:
    """Neighbours under one condition as one piece."""
    told: list[_Piece] = []
    for piece in run:
        if told and told[-1].condition == piece.condition:
            told[-1] = _Piece((told[-1].span[0], piece.span[1]), f"{told[-1].text} {piece.text}", piece.condition)
        else:
            told.append(piece)
    return told


def _bracketed(run: Sequence[_Piece]) -> str:
    inside = "; ".join(f"{phrase(piece.condition)}: {_unbracketed(piece.text)}" for piece in _told_once(run))
    return f"({inside})"


def _unbracketed(text: str) -> str:
    bare = text.strip().lstrip(",;").lstrip()  # "click Done (, sign in)": the comma joined it to what another reads
    return bare[1:-1] if bare.startswith("(") and bare.endswith(")") else bare


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(line: Line, pieces: Sequence[_Piece]) -> list[Span]:
    """The pieces' spans, those made one that nothing worded stands between, so that no quote spans what is left out."""
    joined: list[Span] = []
    for start, end in (piece.span for piece in pieces if piece.text.strip()):
        if joined and not line.text[joined[-1][1] - line.start : start - line.start].strip():
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _quote(line: Line, passage: Passage, span: Span) -> Quote:
    text = line.text[span[0] - line.start : span[1] - line.start]
    start = span[0] + len(text) - len(text.lstrip())
    kept = text.strip()
    return Quote(passage.document_key, passage.version, start, start + len(kept), kept)
