"""Plain text to blocks: paragraphs, lists by their marks, underlined headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from assistant.cleaning import cleaned
from ingest.structure.visible import Visible, VisibleBuilder

_STEP = re.compile(r"\s*(\d{1,3})[.)]\s+(?=\S)")
_ITEM = re.compile(r"\s*[-*\u2022\u2013\u25cf\u25aa]\s+(?=\S)")
_UNDERLINE = re.compile(r"([=\-~^\"#*+])\1{2,}\s*")
_RULE = re.compile(r"\s*(?:[=\-_*~#]\s*){3,}")
_MIN_WRAPPED = 50
_MAX_WRAPPED = 100


def from_text(text: str) -> Visible:
    """The visible text of `text`: list marks and the rules under headings are left out, nothing else.

    Lines that an editor or a mail program wrapped at a fixed width are joined; other line breaks stay.
    """
    builder = VisibleBuilder()
    levels: dict[str, int] = {}
    for paragraph in paragraphs(cleaned(text)):
        _paragraph(builder, paragraph, levels)
    return builder.built()


def paragraphs(text: str) -> Iterator[list[str]]:
    """Runs of lines between empty lines, trailing whitespace taken off."""
    lines: list[str] = []
    for line in text.split("\n"):
        stripped = line.rstrip()
        if stripped:
            lines.append(stripped)
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def is_wrapped(lines: Sequence[str]) -> bool:
    """Whether a program broke the lines at a fixed width: all but the last about equally long, 50 to 100 wide."""
    if len(lines) < 2:
        return False
    widest = max(map(len, lines))
    full = sum(len(line) + len(after.split(maxsplit=1)[0]) >= 0.85 * widest for line, after in pairwise(lines))
    return _MIN_WRAPPED <= widest <= _MAX_WRAPPED and full >= 0.8 * (len(lines) - 1)


def write_lines(builder: VisibleBuilder, lines: Sequence[str], *, joined: bool = False) -> None:
    """Writes `lines` into the open block, with their breaks unless they are wrapped or to be `joined`."""
    wrapped = joined or is_wrapped(lines)
    for number, line in enumerate(lines):
        if number and not wrapped:
            builder.line_break()
        builder.write(f" {line} ")


def _paragraph(builder: VisibleBuilder, lines: list[str], levels: dict[str, int]) -> None:
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]) and not _RULE.fullmatch(lines[0]) and len(lines[0]) < 100:
        builder.write(lines[0])
        builder.end("heading", level=levels.setdefault(lines[1][0], min(len(levels) + 1, 6)))
        lines = lines[2:]
    builder.new_group()
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or _STEP.match(lines[end]) or _ITEM.match(lines[end]):
            _entry(builder, lines[start:end])
            start = end


def _entry(builder: VisibleBuilder, lines: list[str]) -> None:
    """One list entry with the lines that continue it, or a plain paragraph."""
    lines = [line for line in lines if not _RULE.fullmatch(line)]
    if not lines:
        return
    step, item = _STEP.match(lines[0]), _ITEM.match(lines[0])
    mark = step or item
    if mark:
        lines[0] = lines[0][mark.end() :]
    write_lines(builder, lines, joined=mark is not None)
    if step:
        builder.end("step", level=1, number=int(step[1]))
    elif item:
        builder.end("item", level=1)
    else:
        builder.end("paragraph")
