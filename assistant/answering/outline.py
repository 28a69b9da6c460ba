"""From retrieved passages to units: what a draft may say, in pieces that must not be torn apart.

A procedure keeps its steps, their notes and its lead-in sentence; a list keeps its lead-in. Passages of one
document version are read as one text, so overlapping chunks never say a thing twice and a procedure that a
chunk's edge cuts is whole again when its neighbour (or the whole version) is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.answering.language import Span, sentences, words
from assistant.domain import Block, Candidate, Passage

UnitKind = Literal["procedure", "list", "prose"]
VersionKey = tuple[str, int]
"""Document key and version."""

_FURNITURE = re.compile(
    r"^(table of contents|contents|see also|related (articles|information|content|links)|more (help|information)|"
    r"further reading|share this article|was this (article )?helpful.*|these fine people.*|volunteer.*)\W*$",
    re.IGNORECASE,
)
_MAX_BLOCK_CHARS = 6_000  # a longer paragraph is a log or a dump; its beginning is enough to judge it


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, step or item: the span `[start, end)` of one block, with the version's text there."""

    block: Block
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines that belong together, from one section of one document version.

    `headings` is the path to the section, outermost first. `place` is the rank of the best candidate that
    touches the unit (0 is best) and `dense` that candidate's cosine.
    """

    kind: UnitKind
    passage: Passage
    headings: tuple[str, ...]
    lead: tuple[Line, ...]
    lines: tuple[Line, ...]
    place: int
    dense: float

    @property
    def start(self) -> int:
        """Where the unit begins in its version."""
        return min(line.start for line in (*self.lead, *self.lines))

    @property
    def text(self) -> str:
        """All of the unit's own words."""
        return "\n".join(line.text for line in (*self.lead, *self.lines))


@dataclass(frozen=True, slots=True)
class _Version:
    """What is at hand of one document version: the passages, widest first, and the blocks they hold."""

    passages: tuple[Passage, ...]
    candidates: tuple[tuple[int, Candidate], ...]

    def slice(self, start: int, end: int) -> tuple[int, int, str]:
        """The span and its text, clipped to the passage that holds most of it."""
        best = max(self.passages, key=lambda passage: min(end, passage.end) - max(start, passage.start))
        left, right = max(start, best.start), min(end, best.end)
        return left, right, best.text[left - best.start : right - best.start]

    def blocks(self) -> list[Block]:
        """The blocks of all passages in the order of the text, each once."""
        known: dict[Span, Block] = {}
        for passage in self.passages:
            for block in passage.blocks:
                if block.start < passage.end and block.end > passage.start:
                    known.setdefault((block.start, block.end), block)
        return sorted(known.values(), key=lambda block: (block.start, -block.end))

    def nearest(self, start: int, end: int) -> tuple[int, Candidate] | None:
        """Rank and candidate of the best candidate that touches `[start, end)`, None when none does."""
        for place, candidate in self.candidates:
            if candidate.passage.start < end and candidate.passage.end > start:
                return place, candidate
        return None


def units(candidates: Sequence[Candidate], whole: Mapping[VersionKey, Passage] | None = None) -> list[Unit]:
    """Everything that the candidates (best first) can say, by document in their order, then by place in the text.

    `whole` gives complete versions of documents: units that a candidate touches are then read to their end.
    """
    grouped: dict[VersionKey, list[tuple[int, Candidate]]] = {}
    for place, candidate in enumerate(candidates):
        passage = candidate.passage
        if passage.kind != "ticket" and passage.text.strip():
            grouped.setdefault((passage.document_key, passage.version), []).append((place, candidate))
    found: list[Unit] = []
    for key, ranked in grouped.items():
        passages = [candidate.passage for _, candidate in ranked]
        complete = (whole or {}).get(key)
        if complete is not None:
            passages.insert(0, complete)
        found.extend(_version_units(_Version(tuple(passages), tuple(ranked))))
    return found


def _version_units(version: _Version) -> Iterator[Unit]:
    for headings, blocks in _sections(version):
        if headings and _FURNITURE.match(headings[-1].strip()):
            continue
        for kind, lead, body in _groups(blocks):
            unit = _unit(version, kind, headings, lead, body)
            if unit is not None:
                yield unit


def _sections(version: _Version) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    """Heading paths with the blocks directly below them; a gap between passages also ends a section."""
    path: list[tuple[int, str]] = []
    blocks: list[Block] = []
    for block in version.blocks() or _unstructured(version):
        if block.kind == "heading":
            if blocks:
                yield _headings(version, path, blocks), blocks
            path = [(level, text) for level, text in path if level < block.level]
            path.append((block.level, version.slice(block.start, block.end)[2]))
            blocks = []
        else:
            blocks.append(block)
    if blocks:
        yield _headings(version, path, blocks), blocks


def _headings(version: _Version, path: list[tuple[int, str]], blocks: list[Block]) -> tuple[str, ...]:
    """The path that the chunker recorded where it did, else the headings seen on the way."""
    touching = version.nearest(blocks[0].start, blocks[-1].end)
    if touching is not None and touching[1].passage.heading_path and not path:
        return touching[1].passage.heading_path
    return tuple(text for _, text in path)


def _unstructured(version: _Version) -> list[Block]:
    return [Block("paragraph", passage.start, passage.end) for passage in version.passages[:3]]


def _groups(blocks: Sequence[Block]) -> Iterator[tuple[UnitKind, list[Block], list[Block]]]:
    """Runs of steps or items with their lead-in, and the paragraphs, notes, rows and code between them."""
    place = 0
    while place < len(blocks):
        if blocks[place].kind in ("step", "item"):
            end = _list_end(blocks, place)
            yield _kind(blocks[place]), [], list(blocks[place:end])
            place = end
        elif place + 1 < len(blocks) and _introduces(blocks[place], blocks[place + 1]):
            end = _list_end(blocks, place + 1)
            yield _kind(blocks[place + 1]), [blocks[place]], list(blocks[place + 1 : end])
            place = end
        else:
            yield "prose", [], [blocks[place]]
            place += 1


def _kind(block: Block) -> UnitKind:
    return "procedure" if block.kind == "step" else "list"


def _introduces(block: Block, following: Block) -> bool:
    return block.kind == "paragraph" and following.kind in ("step", "item") and (following.number or 1) == 1


def _list_end(blocks: Sequence[Block], begin: int) -> int:
    """Where the list that begins at `begin` ends: nested lists and what stands between two of its steps belong."""
    first, last, number = blocks[begin], begin, blocks[begin].number or 0
    for place in range(begin + 1, len(blocks)):
        block = blocks[place]
        if block.kind in ("step", "item") and block.level > first.level:
            last = place
        elif block.kind == first.kind and block.level == first.level:
            if first.kind == "step" and (block.number or 0) != number + 1:
                break
            number, last = block.number or 0, place
        elif block.kind not in ("note", "code", "row", "paragraph") or place - last > 2:  # noqa: PLR2004
            break
    return last + 1


def _unit(
    version: _Version, kind: UnitKind, headings: tuple[str, ...], lead: list[Block], body: list[Block]
) -> Unit | None:
    """The unit with its lines cut into sentences, None when no candidate touches it or its beginning is missing."""
    touching = version.nearest((lead or body)[0].start, body[-1].end)
    if touching is None or (kind == "procedure" and (body[0].number or 1) != 1):
        return None
    place, candidate = touching
    lines = tuple(line for block in body for line in _lines(version, block, kind))
    introduction = tuple(line for block in lead for line in _lines(version, block, "prose"))
    if not lines:
        return None
    return Unit(kind, candidate.passage, headings, introduction, lines, place, candidate.dense)


def _lines(version: _Version, block: Block, kind: UnitKind) -> list[Line]:
    start, end, text = version.slice(block.start, min(block.end, block.start + _MAX_BLOCK_CHARS))
    if not text.strip():
        return []
    if block.kind in ("step", "item", "row", "code") and kind != "prose":
        spans = [_trimmed(text)]
    elif block.kind in ("row", "code"):
        spans = [_trimmed(text)]
    else:
        spans = _outside_variants(sentences(text), block, start)
    cut = start > block.start  # a passage that begins inside a block begins inside a sentence
    return [Line(block, start + a, start + b, text[a:b]) for a, b in spans[1 if cut and len(spans) > 1 else 0 :]]


def _trimmed(text: str) -> Span:
    left = len(text) - len(text.lstrip())
    return left, left + len(text.strip())


def _outside_variants(spans: list[Span], block: Block, offset: int) -> list[Span]:
    """Sentences joined where a conditional span crosses their edge, so that each variant stays in one line."""
    joined: list[Span] = []
    for start, end in spans:
        edge = joined[-1][1] + offset if joined else -1
        if any(variant.start < edge and variant.end > start + offset for variant in block.variants):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def is_question_of(line: Line, passage: Passage) -> bool:
    """Whether the line only repeats the document's title or a FAQ's question."""
    said, title = words(line.text), words(passage.title)
    return said == title or (passage.kind == "faq" and line.text.rstrip().endswith("?") and line.start == 0)


def without_lead(unit: Unit) -> Unit:
    """The unit without its lead-in."""
    return replace(unit, lead=())
