"""Documents to chunks, the spans that are embedded and found as a whole: cut where the structure cuts.

A section is filled up to the target size with whole paragraphs, lists, tables and code; what is larger
than the model reads is cut between steps, rows or sentences. Sizes: docs/decisions/0004-chunk-size.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from assistant.domain import Block, Chunk, Document, Role

TARGET = 220
LIMIT = 254

_SENTENCE_END = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])[\"')\]\u201d\u2019]*\s+|\n+|(?<=[\u3002\uff01\uff1f])")
_WHOLE = {"step", "item", "row"}
_MIN_BUDGET = 48
_MAX_ABOVE = 300  # characters of a title or heading path; a longer one would leave no room for the text
_MAX_RESOLUTIONS = 2
# Running text has 3.5 to 5 characters a token: outside these bounds counting decides nothing worth its time.
_MIN_CHARS_PER_TOKEN = 3
_MAX_CHARS_PER_TOKEN = 6

Count = Callable[[Sequence[str]], list[int]]


def chunks(document: Document, count: Count, *, target: int = TARGET, limit: int = LIMIT) -> tuple[Chunk, ...]:
    """The chunks of `document` in order; every block but headings lies in exactly one (tickets: see below).

    `target` and `limit` are in tokens of the model, title and heading path included; no chunk is embedded
    with more than `limit` unless its title alone nearly fills it. `count` is called once. Of a ticket only
    the first thing the customer wrote (role "problem") and the agents' first and last answers (role
    "resolution") become chunks.
    """
    if document.kind == "ticket":
        return _ticket_chunks(document, count, limit)
    if document.kind == "faq":
        target = limit
    sections = _sections(document)
    if not sections:
        return _headings_alone(document)
    _count_pieces(document, sections, count)
    made: list[Chunk] = []
    for section in _merged(sections, target):
        budget = max(limit - section.overhead, _MIN_BUDGET)
        section.atoms = [[part for piece in atom for part in _fitting(piece, budget)] for atom in section.atoms]
        wanted = max(min(target - section.overhead, budget), _MIN_BUDGET)
        made.extend(_chunk(document, section, pieces) for pieces in _packed(section.atoms, wanted, budget))
    return tuple(made)


@dataclass(slots=True)
class _Piece:
    """A block, or a sentence or more of one too long; `header` is the header row of its table."""

    start: int
    end: int
    tokens: int = 0
    header: _Piece | None = None

    @property
    def repeated(self) -> _Piece | None:
        """The header that is embedded again when a chunk starts with this row."""
        return self.header if self.header and self.header.start < self.start else None


@dataclass(slots=True)
class _Section:
    """What stands under one heading path, as atoms: runs of pieces that stay together where they fit."""

    path: tuple[str, ...]
    anchor: str
    heading: _Piece | None
    atoms: list[list[_Piece]]
    overhead: int = 0

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for atom in self.atoms for piece in atom)


def _sections(document: Document) -> list[_Section]:
    """The sections that hold more than headings."""
    open_headings: list[Block] = []
    sections: list[_Section] = []
    run: list[Block] = []

    def close() -> None:
        if run:
            path = tuple(_line(document, block) for block in open_headings)
            anchor = next((block.anchor for block in reversed(open_headings) if block.anchor), "")
            last = open_headings[-1] if open_headings else None
            heading = _Piece(last.start, last.end) if last else None
            sections.append(_Section(path, anchor, heading, _atoms(document, run)))
            run.clear()

    for block in document.blocks:
        if block.kind != "heading":
            run.append(block)
            continue
        close()
        while open_headings and open_headings[-1].level >= block.level:
            open_headings.pop()
        open_headings.append(block)
    close()
    return sections


def _line(document: Document, block: Block | _Piece) -> str:
    return " ".join(document.text[block.start : block.end].split())


def _atoms(document: Document, blocks: Sequence[Block]) -> list[list[_Piece]]:
    """Lists and tables whole, with the paragraph that introduces them; all else block by block."""
    atoms: list[list[_Piece]] = []
    header: _Piece | None = None
    previous: Block | None = None
    for block in blocks:
        header = header if block.kind == "row" else None
        pieces = [_Piece(start, end, header=header) for start, end in _bounded(document.text, block)]
        if block.kind == "row" and block.level == 1:  # a header too long for one piece is not worth repeating
            header = pieces[0] if len(pieces) == 1 else None
        if previous is not None and _continues(document.text, previous, block):
            atoms[-1].extend(pieces)
        else:
            atoms.append(pieces)
        previous = block
    return atoms


def _continues(text: str, previous: Block, block: Block) -> bool:
    if text[previous.end - 1] == ":":
        return True
    if block.kind in _WHOLE or block.level:
        return previous.kind in _WHOLE or previous.level > 0
    return False


def _bounded(text: str, block: Block) -> Iterator[tuple[int, int]]:
    """The block, or its sentences when it might be longer than the model reads; a token is a character at least."""
    if block.end - block.start <= LIMIT:
        yield block.start, block.end
        return
    start = block.start
    for match in _SENTENCE_END.finditer(text, block.start, block.end):
        if match.start() > start:
            yield from _cut(text, start, match.start())
        start = max(start, match.end())
    if start < block.end:
        yield from _cut(text, start, block.end)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` in parts of at most `LIMIT` characters when it is no sentence a person wrote."""
    while end - start > 4 * LIMIT:
        space = text.rfind(" ", start, start + LIMIT)
        middle = space if space > start else start + LIMIT
        yield start, middle
        start = middle + 1 if space > start else middle
    yield start, end


def _count_pieces(document: Document, sections: Sequence[_Section], count: Count) -> None:
    """Fills in all token counts with one call."""
    pieces = [piece for section in sections for atom in section.atoms for piece in atom]
    pieces += [section.heading for section in sections if section.heading]
    counted = count(
        [*(document.text[piece.start : piece.end] for piece in pieces), *(_above(document, s.path) for s in sections)]
    )
    for piece, tokens in zip(pieces, counted[: len(pieces)], strict=True):
        piece.tokens = tokens
    for section, tokens in zip(sections, counted[len(pieces) :], strict=True):
        section.overhead = tokens


def _fitting(piece: _Piece, budget: int) -> Iterator[_Piece]:
    """The piece, or equal parts of it when it is more than one chunk may hold: no sentence, but a run of data."""
    if piece.tokens <= budget:
        yield piece
        return
    parts = -(-piece.tokens * 5 // (budget * 4))
    width = -(-(piece.end - piece.start) // parts)
    for start in range(piece.start, piece.end, width):
        end = min(start + width, piece.end)
        yield _Piece(start, end, -(-piece.tokens // parts), piece.header)


def _above(document: Document, path: Sequence[str]) -> str:
    """Title and heading path as the model reads them above the text, each within bounds."""
    return "\n".join(part[:_MAX_ABOVE] for part in (document.title, " > ".join(path)) if part)


def _merged(sections: Sequence[_Section], target: int) -> Iterator[_Section]:
    """Neighbouring sections as one where together they stay within the target: a heading alone finds little."""
    current: _Section | None = None
    for section in sections:
        joined = _joined(current, section) if current else None
        if joined and joined.tokens + joined.overhead <= target:
            current = joined
            continue
        if current:
            yield current
        current = section
    if current:
        yield current


def _joined(first: _Section, second: _Section) -> _Section:
    """Both under what their paths share; a heading that is no longer above the text moves into it."""
    shared = 0
    for mine, other in zip(first.path, second.path, strict=False):
        if mine != other:
            break
        shared += 1
    atoms = list(first.atoms)
    if len(first.path) > shared and first.heading:
        atoms[0] = [first.heading, *atoms[0]]
    following = list(second.atoms)
    if len(second.path) > shared and second.heading:
        following[0] = [second.heading, *following[0]]
    path = first.path[:shared]
    heading = first.heading if len(first.path) == shared else None
    return _Section(path, first.anchor, heading, [*atoms, *following], min(first.overhead, second.overhead))


def _packed(atoms: Iterable[list[_Piece]], wanted: int, budget: int) -> Iterator[list[_Piece]]:
    """Runs of pieces of about `wanted` tokens; none over `budget` unless one piece alone is."""
    run: list[_Piece] = []
    size = 0
    for atom in atoms:
        tokens = sum(piece.tokens for piece in atom)
        if run and size + tokens > wanted:
            yield run
            run, size = [], 0
        if tokens <= budget:
            run.extend(atom)
            size += tokens
            continue
        *full, run = _split(atom, budget)
        yield from full
        size = sum(piece.tokens for piece in run)
    if run:
        yield run


def _split(atom: Sequence[_Piece], budget: int) -> list[list[_Piece]]:
    """An atom too large for one chunk, in parts of about equal size."""
    total = sum(piece.tokens for piece in atom)
    share = total / -(-total // budget)
    parts: list[list[_Piece]] = [[]]
    size = 0
    for piece in atom:
        if parts[-1] and (size + piece.tokens > budget or size >= share):
            parts.append([])
            size = 0
        if not parts[-1] and piece.repeated:
            size = piece.repeated.tokens
        parts[-1].append(piece)
        size += piece.tokens
    return parts


def _chunk(document: Document, section: _Section, pieces: Sequence[_Piece]) -> Chunk:
    header = pieces[0].repeated
    above = _above(document, section.path)
    if header:
        above = f"{above}\n{_line(document, header)}"
    return _made(document, pieces[0].start, pieces[-1].end, "body", section.path, section.anchor, above)


def _made(
    document: Document, start: int, end: int, role: Role, path: tuple[str, ...], anchor: str, above: str
) -> Chunk:
    embedded = f"{above}\n{document.text[start:end]}".strip()
    digest = hashlib.sha256(embedded.encode("utf-8")).hexdigest()
    return Chunk(start, end, role, path, anchor, embedded, digest)


def _headings_alone(document: Document) -> tuple[Chunk, ...]:
    if not document.blocks:
        return ()
    start, end = document.blocks[0].start, document.blocks[-1].end
    return (_made(document, start, end, "body", (), document.blocks[0].anchor, _above(document, ())),)


def _ticket_chunks(document: Document, count: Count, limit: int) -> tuple[Chunk, ...]:
    chosen = list(_evidence(document.blocks))
    spans = [_first_pieces(document.text, run, most * limit * _MAX_CHARS_PER_TOKEN) for _, run, most in chosen]
    budget = max(limit - len(document.title) // _MIN_CHARS_PER_TOKEN, _MIN_BUDGET)
    large = [piece for run in spans if not _surely_fits(document.text, run, budget) for piece in run]
    counted = count([document.text[piece.start : piece.end] for piece in large]) if large else []
    for piece, tokens in zip(large, counted, strict=True):
        piece.tokens = tokens
    above = _above(document, ())
    made: list[Chunk] = []
    for (role, _, most), run in zip(chosen, spans, strict=True):
        fitting = [[part] for piece in run for part in _fitting(piece, budget)]
        parts = list(_packed(fitting, budget, budget))[:most]
        made.extend(_made(document, part[0].start, part[-1].end, role, (), "", above) for part in parts)
    return tuple(sorted(made, key=lambda chunk: chunk.start))


def _evidence(blocks: Sequence[Block]) -> Iterator[tuple[Role, list[Block], int]]:
    """What of a ticket is embedded, each with its largest number of chunks."""
    runs = [(side, list(run)) for side, run in groupby(blocks, key=lambda block: block.kind)]
    problems = [run for side, run in runs if side == "customer"]
    answers = [run for side, run in runs if side == "agent"]
    if problems:
        yield "problem", problems[0], 1
    if len(answers) == 1:
        yield "resolution", answers[0], _MAX_RESOLUTIONS
    elif answers:
        yield "resolution", answers[0], 1
        yield "resolution", answers[-1], 1


def _surely_fits(text: str, run: Sequence[_Piece], budget: int) -> bool:
    """Whether the run is so short that counting can be spared, as most messages are."""
    passage = text[run[0].start : run[-1].end]
    return len(passage.encode("utf-8", "replace")) <= min(budget * _MIN_CHARS_PER_TOKEN, 1.2 * len(passage))


def _first_pieces(text: str, run: Sequence[Block], most: int) -> list[_Piece]:
    """The pieces of the run's first `most` characters, at least one."""
    pieces: list[_Piece] = []
    for block in run:
        for start, end in _bounded(text, block):
            if pieces and end - run[0].start > most:
                return pieces
            pieces.append(_Piece(start, end))
    return pieces
