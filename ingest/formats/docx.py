"""DOCX to visible text: headings, lists and tables by their styles, in the document's order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx as python_docx
from docx.document import Document
from docx.table import Table
from docx.text.hyperlink import Hyperlink
from docx.text.paragraph import Paragraph

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem
from ingest.formats.archive import refuse_bomb
from ingest.formats.wire import to_wire
from ingest.structure.visible import Visible, VisibleBuilder

_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop)\s*(\d)", re.IGNORECASE)
_NUMBERED = re.compile(r"list number|listennummer|liste à numéros", re.IGNORECASE)
_LISTED = re.compile(r"list (?:bullet|paragraph|number|continue)|aufzählung|liste à puces", re.IGNORECASE)


def docx(raw: bytes) -> dict[str, Any]:
    """The visible text of a DOCX file.

    Raises:
        UnreadableItem: it is damaged, encrypted, or a bomb.
    """
    refuse_bomb(raw)
    try:
        document = python_docx.Document(io.BytesIO(raw))
    except (KeyError, ValueError, OSError) as error:
        raise UnreadableItem(f"expected a Word document (.docx), found {error}. Save it anew as .docx.") from error
    return to_wire(_visible(document))


def _visible(document: Document) -> Visible:
    builder = VisibleBuilder()
    title = " ".join(cleaned(document.core_properties.title or "").split())
    numbers: dict[int, int] = {}
    for part in _parts(document):
        if isinstance(part, Table):
            numbers.clear()
            _write_table(builder, part)
        else:
            title = title or _own_title(part)
            _write_paragraph(builder, part, numbers)
    builder.title = title
    return builder.built()


def _parts(document: Document) -> Iterator[Paragraph | Table]:
    yield from document.iter_inner_content()


def _own_title(paragraph: Paragraph) -> str:
    return " ".join(cleaned(paragraph.text).split()) if _style(paragraph).lower() in ("title", "heading 1") else ""


def _style(paragraph: Paragraph) -> str:
    style = paragraph.style
    return (style.name if style is not None else "") or ""


def _write_paragraph(builder: VisibleBuilder, paragraph: Paragraph, numbers: dict[int, int]) -> None:
    style = _style(paragraph)
    heading = _HEADING.match(style)
    level = _list_level(paragraph, style)
    if level == 0:
        numbers.clear()
        builder.new_group()
    for piece in paragraph.iter_inner_content():
        if isinstance(piece, Hyperlink) and piece.address:
            builder.link(piece.address)
        for at, line in enumerate(piece.text.split("\n")):
            if at:
                builder.line_break()
            builder.write(line)
    if heading or style.lower() in ("title", "titel"):
        builder.end("heading", level=min(int(heading[1]) if heading else 1, 6))
    elif level and _is_numbered(paragraph, style):
        numbers[level] = numbers.get(level, 0) + 1
        if not builder.end("step", level=level, number=numbers[level]):
            numbers[level] -= 1
    elif level:
        builder.end("item", level=level)
    else:
        builder.end("paragraph")


def _numbering(paragraph: Paragraph) -> tuple[str, int] | None:
    """The list that Word counts the paragraph in, and its depth there from 0."""
    properties: Any = paragraph._p.pPr
    found = properties.numPr if properties is not None else None
    if found is None or found.numId is None or not found.numId.val:
        return None
    return str(int(found.numId.val)), int(found.ilvl.val) if found.ilvl is not None else 0


def _list_level(paragraph: Paragraph, style: str) -> int:
    """Depth in a list from 1; 0 for what is in none."""
    numbering = _numbering(paragraph)
    if numbering:
        return numbering[1] + 1
    if not _LISTED.match(style):
        return 0
    last = style[-1]
    return int(last) if last.isdigit() else 1


def _is_numbered(paragraph: Paragraph, style: str) -> bool:
    numbering = _numbering(paragraph)
    counted = _format_of(paragraph, *numbering) if numbering else ""
    return bool(_NUMBERED.match(style)) or counted not in ("bullet", "none", "")


def _format_of(paragraph: Paragraph, number: str, level: int) -> str:
    """How the numbering part says that this list counts: "decimal", "bullet", ..."""
    try:
        part: Any = paragraph.part
        root = part.numbering_part.element
    except (AttributeError, KeyError, NotImplementedError):
        return ""
    found = root.xpath(
        f"w:abstractNum[@w:abstractNumId=../w:num[@w:numId='{number}']/w:abstractNumId/@w:val]"
        f"/w:lvl[@w:ilvl='{level}']/w:numFmt/@w:val"
    )
    return str(found[0]) if found else ""


def _write_table(builder: VisibleBuilder, table: Table) -> None:
    builder.new_group()
    for at, row in enumerate(table.rows):
        seen: set[Any] = set()
        wrote = False
        for cell in row.cells:
            if cell._tc in seen:  # a merged cell stands once for each column it spans
                continue
            seen.add(cell._tc)
            if wrote:
                builder.cell()
            builder.write(" ".join(cell.text.split()))
            wrote = True
        builder.end("row", level=1 if at == 0 else 0)
