"""From retrieved passages to units: what a draft may say, in pieces that must not be torn apart.

A procedure keeps its steps, their notes and its lead-in sentence; a list keeps its lead-in. Passages of one
document version are read as one text, so overlapping chunks never say a thing twice and a procedure that a
chunk's edge cuts is whole again when its neighbour (or the whole version) is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from assistant.answering.language import Span, content_stems, one_line, sentences, words
from assistant.domain import Block, Candidate, Passage

UnitKind = Literal["procedure", "list", "prose"]
VersionKey = tuple[str, int]
"""Document key and version."""

_FURNITURE = re.compile(
    r"^(table of contents|contents|see also|related (articles|information|content|links)|more (help|information)|"
    r"further reading|share this article|was this (article )?helpful.*|these fine people.*|volunteer.*)\W*$",
    re.IGNORECASE,
)
_MOST_BETWEEN_STEPS = 2  # blocks that may stand between two steps of one procedure: a note, a picture's caption
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

    `headings` is the path to the section, outermost first, as far as the passages show it, and `heading` its last
    where it stands in the text; `stems` are those of all the unit's own words.
    """

    kind: UnitKind
    headings: tuple[str, ...]
    lead: tuple[Line, ...]
    lines: tuple[Line, ...]
    stems: frozenset[str]
    heading: Line | None = None

    @property
    def start(self) -> int:
        """Where the unit begins in its version."""
        return (self.lead or self.lines)[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.lines[-1].end


@dataclass(frozen=True, slots=True)
class Found:
    """A unit with the best candidate that touches it, or else its document's best; `place` is its rank, 0 the best."""

    unit: Unit
    candidate: Candidate
    place: int
    touched: bool

    @property
    def document_key(self) -> str:
        """The document that the unit is from."""
        return self.candidate.passage.document_key

    @property
    def headings(self) -> tuple[str, ...]:
        """The path to the unit's section: as chunked when the unit itself shows none, else the document's title."""
        passage = self.candidate.passage
        return self.unit.headings or (passage.heading_path if self.touched else ()) or (passage.title,)


def found_units(candidates: Sequence[Candidate], whole: Mapping[VersionKey, Passage], *, documents: int) -> list[Found]:
    """What the candidates (best first) of the first documents can say, by document in their order, then by place.

    `whole` gives complete versions of documents: units that a candidate touches are then read to their end, and
    the others are there too, marked as not touched.
    """
    grouped: dict[VersionKey, list[tuple[int, Candidate]]] = {}
    for place, candidate in enumerate(candidates):
        passage = candidate.passage
        key = (passage.document_key, passage.version)
        if passage.kind != "ticket" and passage.text.strip() and (key in grouped or len(grouped) < documents):
            grouped.setdefault(key, []).append((place, candidate))
    return [found for key, ranked in grouped.items() for found in _of_version(ranked, whole.get(key))]


def _of_version(ranked: Sequence[tuple[int, Candidate]], complete: Passage | None) -> Iterator[Found]:
    at_hand = [complete] if complete else sorted({c.passage for _, c in ranked}, key=lambda p: (p.start, p.end))
    place, best = ranked[0]
    for unit in outline(tuple(at_hand)):
        for rank, candidate in ranked:
            if candidate.passage.start < unit.end and candidate.passage.end > unit.start:
                yield Found(unit, candidate, rank, touched=True)
                break
        else:
            yield Found(unit, best, place, touched=False)


@lru_cache(maxsize=512)
def outline(passages: tuple[Passage, ...]) -> tuple[Unit, ...]:
    """The units of passages of one version, in the order of the text; remembered, since versions never change."""
    version = _Version(passages)
    return tuple(
        unit
        for path, blocks in _sections(version)
        if not (path and _FURNITURE.match(one_line(path[-1].text)))
        for kind, lead, body in _groups(blocks)
        if (unit := _unit(version, kind, path, lead, body)) is not None
    )


@dataclass(frozen=True, slots=True)
class _Version:
    """What is at hand of one document version."""

    passages: tuple[Passage, ...]

    def slice(self, start: int, end: int) -> tuple[int, int, str]:
        """The span and its text, clipped to the passage that holds most of it."""
        best = max(self.passages, key=lambda passage: min(end, passage.end) - max(start, passage.start))
        left, right = max(start, best.start), min(end, best.end)
        return left, right, best.text[left - best.start : right - best.start]

    def blocks(self) -> list[Block]:
        """The blocks of all passages in the order of the text, each once; plain paragraphs where there are none."""
        known: dict[Span, Block] = {}
        for passage in self.passages:
            for block in passage.blocks or (Block("paragraph", passage.start, passage.end),):
                if block.start < passage.end and block.end > passage.start:
                    known.setdefault((block.start, block.end), block)
        return sorted(known.values(), key=lambda block: (block.start, -block.end))


def _sections(version: _Version) -> Iterator[tuple[tuple[Line, ...], list[Block]]]:
    """Heading paths with the blocks directly below them."""
    path: list[Line] = []
    blocks: list[Block] = []
    for block in version.blocks():
        if block.kind != "heading":
            blocks.append(block)
            continue
        if blocks:
            yield tuple(path), blocks
        path = [heading for heading in path if heading.block.level < block.level]
        path.append(Line(block, *version.slice(block.start, block.end)))
        blocks = []
    if blocks:
        yield tuple(path), blocks


def _groups(blocks: Sequence[Block]) -> Iterator[tuple[UnitKind, list[Block], list[Block]]]:
    """Runs of steps, items or rows with their lead-in, and the paragraphs, notes and code between them."""
    place = 0
    while place < len(blocks):
        first = place + 1 if place + 1 < len(blocks) and _introduces(blocks[place], blocks[place + 1]) else place
        if blocks[first].kind in ("step", "item", "row"):
            end = _table_end(blocks, first) if blocks[first].kind == "row" else _list_end(blocks, first)
            body = list(blocks[first:end])
            yield _kind(body), list(blocks[place:first]), body
            place = end
        else:
            yield "prose", [], [blocks[place]]
            place += 1


def _kind(body: Sequence[Block]) -> UnitKind:
    return "procedure" if any(block.kind == "step" for block in body) else "list"


def _introduces(block: Block, following: Block) -> bool:
    begins_list = following.kind in ("step", "item", "row") and (following.number or 1) == 1
    return block.kind == "paragraph" and begins_list


def _table_end(blocks: Sequence[Block], begin: int) -> int:
    """Where the run of rows ends."""
    return next((place for place in range(begin, len(blocks)) if blocks[place].kind != "row"), len(blocks))


def _list_end(blocks: Sequence[Block], begin: int) -> int:
    """Where the list that begins at `begin` ends. What is nested belongs, and what stands between two of its steps."""
    first, last, number = blocks[begin], begin, blocks[begin].number or 0
    for place in range(begin + 1, len(blocks)):
        block = blocks[place]
        if block.kind == first.kind and block.level == first.level:
            if first.kind == "step" and block.number not in (number, number + 1):
                break
            number, last = block.number or 0, place
        elif block.level > first.level or (block.level == first.level and block.kind not in ("step", "item")):
            last = place
        elif (
            block.kind in ("step", "item")
            or place - last > _MOST_BETWEEN_STEPS
            or (first.kind == "item" and block.kind == "paragraph")
        ):
            break
    while blocks[last].kind == "row":
        last -= 1  # a table after the last step stands by itself
    return last + 1


def _unit(
    version: _Version, kind: UnitKind, path: tuple[Line, ...], lead: list[Block], body: list[Block]
) -> Unit | None:
    """The unit with its lines cut into sentences; None when it is empty or a procedure's beginning is missing."""
    if kind == "procedure" and next(block.number or 1 for block in body if block.kind == "step") > 1:
        return None
    lines = tuple(line for block in body for line in _lines(version, block, kind))
    introduction = tuple(line for block in lead for line in _lines(version, block, "prose"))
    stems = frozenset(stem for line in (*introduction, *lines) for stem in content_stems(line.text))
    headings = tuple(one_line(heading.text) for heading in path)
    return Unit(kind, headings, introduction, lines, stems, path[-1] if path else None) if lines else None


def _lines(version: _Version, block: Block, kind: UnitKind) -> list[Line]:
    start, _, text = version.slice(block.start, min(block.end, block.start + _MAX_BLOCK_CHARS))
    if not text.strip():
        return []
    if block.kind in ("step", "item", "row", "code") or kind == "procedure":
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
    asks = passage.kind == "faq" and line.text.rstrip().endswith("?")
    return asks or words(line.text) == words(passage.title)
