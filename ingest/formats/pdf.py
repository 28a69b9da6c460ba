"""PDF to visible text: lines by position, headings by size, what repeats on every page left out.

A PDF has glyphs, no paragraphs: lines are joined again over line and page breaks, and split where the gap, a list
mark or the size says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem
from ingest.formats.wire import to_wire
from ingest.structure.visible import Visible, VisibleBuilder

MAX_PAGES = 3000
MAX_CHARS = 5_000_000
_EDGE_LINES = 2
_HEADING_RATIO = 1.12
_MAX_HEADING = 140
_GAP_RATIO = 1.65  # of the usual distance of two lines, from which on a paragraph ends
_STEP = re.compile(r"(\d{1,3})[.)]\s+(?=\S)")
_ITEM = re.compile(r"[•‣●▪◦–\-*\u00b7\uf0b7]\s+(?=\S)")
_NUMBER = re.compile(r"\d+")
_SENTENCE_END = (".", "!", "?", ":", ";", "”", '"', ")")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: its size in points, the height of its baseline on the page, where it starts and ends."""

    text: str
    size: float
    bottom: float
    left: float
    right: float
    page: int


def pdf(raw: bytes) -> dict[str, Any]:
    """The visible text of a PDF with its blocks.

    Raises:
        UnreadableItem: encrypted, damaged, too long, or pictures only.
    """
    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        reason = "protected by a password" if "password" in str(error).lower() else "damaged"
        raise UnreadableItem(f"expected a readable PDF, found one that is {reason}. Save an open copy.") from error
    if len(document) > MAX_PAGES:
        raise UnreadableItem(f"expected at most {MAX_PAGES:,} pages, found {len(document):,}. Split the file.")
    title = " ".join(cleaned(str(document.get_metadata_dict().get("Title", ""))).split())
    pages = [_page_lines(document, page) for page in range(len(document))]
    if not any(pages):
        raise UnreadableItem("expected a PDF with text, found pictures only. Run text recognition on it first.")
    body = _body_size(line for page in pages for line in page)
    return to_wire(_visible(_without_repeated(pages, body), body, title))


def _page_lines(document: pypdfium2.PdfDocument, number: int) -> list[_Line]:
    page = document[number]
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        return list(_lines(textpage, text, number)) if len(text) <= MAX_CHARS else []
    finally:
        textpage.close()
        page.close()


def _lines(textpage: pypdfium2.PdfTextPage, text: str, page: int) -> Iterator[_Line]:
    at = 0
    for whole in text.split("\n"):
        shown = " ".join(cleaned(whole.replace("\ufffe", "-").replace("\x02", "-")).split())
        if shown:
            first = at + len(whole) - len(whole.lstrip())
            last = at + len(whole.rstrip()) - 1
            left, bottom, _, _ = textpage.get_charbox(first)
            _, _, right, _ = textpage.get_charbox(last)
            yield _Line(shown, _size(textpage, first, last), bottom, left, right, page)
        at += len(whole.encode("utf-16-le")) // 2 + 1


def _size(textpage: pypdfium2.PdfTextPage, first: int, last: int) -> float:
    """The larger of two places of a line, in points as they are seen: a bold start or a small note does not decide."""
    sizes = [float(pdfium.FPDFText_GetFontSize(textpage, at)) for at in {first, (first + last) // 2}]
    if max(sizes) > 1.5:
        return float(round(max(sizes), 1))
    box = textpage.get_charbox(first, loose=True)  # the size is in the matrix, not in the font
    return float(round(box[3] - box[1], 1))


def _without_repeated(pages: Sequence[Sequence[_Line]], body: float) -> list[_Line]:
    """All lines but headers, footers and page numbers: what stands at the edge of at least half of the pages."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_marks(line) for line in (*page[:_EDGE_LINES], *page[-_EDGE_LINES:])})
    often = max(3, (len(pages) + 1) // 2)

    def is_repeated(line: _Line) -> bool:
        marks = _marks(line)
        return marks == "#" or (seen[marks] >= often and line.size <= body and not _STEP.match(line.text))

    kept: list[_Line] = []
    for page in pages:
        start, end = 0, len(page)
        while start < min(_EDGE_LINES, end) and is_repeated(page[start]):
            start += 1
        while end > max(len(page) - _EDGE_LINES, start) and is_repeated(page[end - 1]):
            end -= 1
        kept += page[start:end]
    return kept


def _marks(line: _Line) -> str:
    return _NUMBER.sub("#", line.text)


def _body_size(lines: Iterable[_Line]) -> float:
    """The size that most characters have."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    return weights.most_common(1)[0][0]


def _visible(lines: Sequence[_Line], body: float, title: str) -> Visible:
    sizes = sorted({line.size for line in lines if _is_heading(line, body)}, reverse=True)[:6]
    gap = _usual_gap(lines)
    width = max((line.right for line in lines), default=0.0)
    builder = VisibleBuilder()
    builder.title = title
    run: list[_Line] = []
    for line in lines:
        if run and not _continues(run[-1], line, body, gap, width):
            _write(builder, run, body, sizes)
            run = []
        run.append(line)
    _write(builder, run, body, sizes)
    visible = builder.built()
    return visible if title else _titled(visible)


def _is_heading(line: _Line, body: float) -> bool:
    return line.size >= _HEADING_RATIO * body and len(line.text) <= _MAX_HEADING


def _usual_gap(lines: Sequence[_Line]) -> float:
    gaps = [round(a.bottom - b.bottom, 1) for a, b in pairwise(lines) if a.page == b.page and a.bottom > b.bottom]
    return Counter(gaps).most_common(1)[0][0] if gaps else 0.0


def _continues(before: _Line, line: _Line, body: float, gap: float, width: float) -> bool:
    """Whether `line` goes on with the paragraph, list entry or heading that `before` belongs to."""
    if before.size != line.size and (_is_heading(before, body) or _is_heading(line, body)):
        return False
    if _STEP.match(line.text) or _ITEM.match(line.text):
        return False
    if before.page != line.page:
        return not before.text.endswith(_SENTENCE_END) and (line.text[0].islower() or before.text.endswith(","))
    if _is_heading(line, body):
        return before.bottom - line.bottom <= _GAP_RATIO * line.size * 1.2
    apart = before.bottom - line.bottom
    short = before.right < 0.75 * width and before.text.endswith(_SENTENCE_END)
    return 0 <= apart <= max(_GAP_RATIO * gap, 1.0) and not short


def _write(builder: VisibleBuilder, run: Sequence[_Line], body: float, sizes: Sequence[float]) -> None:
    if not run:
        return
    text = run[0].text
    for line in run[1:]:
        broken = text.endswith("-") and text[-2:-1].isalpha() and line.text[0].islower()
        text = text[:-1] + line.text if broken else f"{text} {line.text}"
    step, item = _STEP.match(text), _ITEM.match(text)
    if _is_heading(run[0], body):
        builder.write(text)
        builder.end("heading", level=sizes.index(run[0].size) + 1 if run[0].size in sizes else 6)
    elif step:
        builder.write(text[step.end() :])
        builder.end("step", level=1, number=int(step[1]))
    elif item:
        builder.write(text[item.end() :])
        builder.end("item", level=1)
    else:
        builder.new_group()
        builder.write(text)
        builder.end("paragraph")


def _titled(visible: Visible) -> Visible:
    first = next((b for b in visible.blocks if b.kind == "heading"), None)
    title = visible.text[first.start : first.end] if first else ""
    return Visible(visible.text, visible.blocks, visible.links, title)
