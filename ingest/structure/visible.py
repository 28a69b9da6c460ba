"""What every parser here returns, and the builder they share: visible text cut into blocks.

A parser writes runs of text and ends a block; the builder normalises whitespace, keeps the offsets, and
turns runs that hold under a condition into the block's condition or its variants.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.cleaning import cleaned
from assistant.domain import Block, BlockKind, Variant
from ingest.structure.conditions import combined, heading_condition

_CLOSE = ("step", "item", "row")


@dataclass(frozen=True, slots=True)
class Visible:
    """The visible text of one document and its blocks, in order, never overlapping.

    `text[block.start:block.end]` is stripped, not empty, and contiguous in the source's visible text once
    whitespace is normalised. `links` are the targets as written, each once; `title` is the document's own
    title, empty when it has none.
    """

    text: str
    blocks: tuple[Block, ...]
    links: tuple[str, ...]
    title: str


class VisibleBuilder:
    """Accumulates blocks. Text is written in runs; `end` makes the runs since the last `end` a block."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._blocks: list[Block] = []
        self._links: dict[str, None] = {}
        self._length = 0
        self._together = False
        self._headings: list[tuple[int, str]] = []
        self._line = _Line()
        self.title = ""

    def write(self, text: str, condition: str = "") -> None:
        """Adds a run of text that holds under `condition` (all of it, outer conditions included)."""
        self._line.write(cleaned(text), condition)

    def line_break(self) -> None:
        """A forced line break inside the block."""
        self._line.line_break()

    def cell(self) -> None:
        """The border between two cells of a row."""
        self._line.cell()

    def link(self, target: str) -> None:
        """Notes a link's target."""
        self._links.setdefault(target)

    def new_group(self) -> None:
        """The next block does not continue the list or table before it."""
        self._together = False

    @property
    def pending(self) -> bool:
        """Whether a block is open: something visible was written since the last `end`."""
        return bool(self._line.spans)

    @property
    def broken(self) -> bool:
        """Whether the last thing written was a line break, so that a second one ends the block."""
        return self.pending and self._line.gap == "\n"

    def end(
        self,
        kind: BlockKind,
        *,
        level: int = 0,
        number: int | None = None,
        condition: str = "",
        anchor: str = "",
    ) -> bool:
        """Ends the open block, limited as a whole to `condition`; False when nothing was written."""
        line, self._line = self._line, _Line()
        if not line.spans:
            return False
        text = "".join(line.parts)
        own = {span.condition for span in line.spans}
        base = own.pop() if len(own) == 1 else condition
        start = self._append(text, kind)
        variants = tuple(
            Variant(start + span.start, start + span.end, span.condition)
            for span in line.spans
            if span.condition != base
        )
        self._add(Block(kind, start, start + len(text), level, number, base, anchor, variants), text)
        return True

    def end_code(self, lines: str, *, level: int = 0, condition: str = "") -> None:
        """Adds a code block; its line breaks and indentation stay."""
        text = "\n".join(line.rstrip() for line in cleaned(lines).expandtabs(4).split("\n")).strip()
        if text:
            start = self._append(text, "code")
            self._add(Block("code", start, start + len(text), level, condition=condition), text)

    def built(self) -> Visible:
        """All of it; blocks still open are the caller's to end."""
        return Visible("".join(self._texts), tuple(self._blocks), tuple(self._links), self.title)

    def _append(self, text: str, kind: BlockKind) -> int:
        if self._texts:
            close = self._together and kind in _CLOSE and self._blocks[-1].kind in _CLOSE
            gap = "\n" if close else "\n\n"
            self._texts.append(gap)
            self._length += len(gap)
        start = self._length
        self._texts.append(text)
        self._length += len(text)
        self._together = True
        return start

    def _add(self, block: Block, text: str) -> None:
        if block.kind == "heading":
            while self._headings and self._headings[-1][0] >= block.level:
                self._headings.pop()
        around = ""
        for _, condition in self._headings:
            around = combined(around, condition)
        if around:
            block = _under(block, around)
        self._blocks.append(block)
        if block.kind == "heading":
            self._headings.append((block.level, heading_condition(text)))


def _under(block: Block, condition: str) -> Block:
    variants = tuple(Variant(v.start, v.end, combined(condition, v.condition)) for v in block.variants)
    return Block(
        block.kind, block.start, block.end, block.level, block.number,
        combined(condition, block.condition), block.anchor, variants,
    )  # fmt: skip


@dataclass(slots=True)
class _Span:
    start: int
    end: int
    condition: str


class _Line:
    """The runs of one block, whitespace normalised as they come."""

    __slots__ = ("gap", "length", "parts", "spans")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.spans: list[_Span] = []
        self.length = 0
        self.gap = ""

    def write(self, text: str, condition: str) -> None:
        words = text.split()
        if not words:
            self.gap = self.gap or (" " if text else "")
            return
        if text[0].isspace() or self._two_variants_meet(condition):
            self.gap = self.gap or " "
        if self.spans and self.gap:
            self.parts.append(self.gap)
            self.length += len(self.gap)
        self._extend(" ".join(words), condition)
        self.gap = " " if text[-1].isspace() else ""

    def line_break(self) -> None:
        if "\t" not in self.gap:
            self.gap = "\n"

    def cell(self) -> None:
        self.gap = "\t" * (self.gap.count("\t") + 1)

    def _two_variants_meet(self, condition: str) -> bool:
        return bool(self.spans) and bool(condition) and self.spans[-1].condition not in ("", condition)

    def _extend(self, words: str, condition: str) -> None:
        start, self.length = self.length, self.length + len(words)
        self.parts.append(words)
        if self.spans and self.spans[-1].condition == condition:
            self.spans[-1].end = self.length
        else:
            self.spans.append(_Span(start, self.length, condition))
