"""Tables as rows by column name: CSV, and every sheet of an XLSX workbook that has a header row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem
from ingest.decode import decoded

MAX_COLUMNS = 1000
MAX_ROWS = 200_000
_MAX_FIELD = 5_000_000


def csv_rows(raw: bytes) -> dict[str, Any]:
    """`columns` in lower case and `rows` as [number, fields by column]; read whole, since half a table is no table.

    Raises:
        UnreadableItem: it is no table, or too wide or too long.
    """
    csv.field_size_limit(_MAX_FIELD)
    text = decoded(raw)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
    try:
        return _table(reader, "CSV table")
    except csv.Error as error:
        raise UnreadableItem(f"expected a CSV table, found in line {reader.line_num}: {error}.") from error


def xlsx_rows(raw: bytes) -> dict[str, Any]:
    """The same of the first sheet that has rows under a header.

    Raises:
        UnreadableItem: it is no workbook, a bomb, or too wide or too long.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    from ingest.formats.archive import refuse_bomb

    refuse_bomb(raw)
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, OSError) as error:
        raise UnreadableItem(f"expected a workbook (.xlsx), found {error}. Save it anew as .xlsx.") from error
    for sheet in book.worksheets:
        if (sheet.max_column or 0) > 16_384:
            raise UnreadableItem(f"expected at most {MAX_COLUMNS} columns, found {sheet.max_column:,}.")
        found = _table(_cells(sheet), "workbook")
        if found["rows"]:
            return found
    return {"columns": [], "rows": []}


def _cells(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1):
        cells = [_shown(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _delimiter(text: str) -> str:
    """Of comma, semicolon and tab the one that the header has most of."""
    header = text.split("\n", 1)[0][:100_000]
    return max(",;\t", key=header.count)


def _table(lines: Iterable[Sequence[str]], what: str) -> dict[str, Any]:
    columns: list[str] = []
    rows: list[list[Any]] = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            if len(cells) > MAX_COLUMNS:
                raise UnreadableItem(f"expected a {what} of at most {MAX_COLUMNS} columns, found {len(cells):,}.")
            columns = [cleaned(cell).strip().lower() for cell in cells]
            continue
        if len(rows) >= MAX_ROWS:
            raise UnreadableItem(f"expected a {what} of at most {MAX_ROWS:,} rows, found more. Split it.")
        fields = {name: cleaned(cell) for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
        rows.append([len(rows) + 2, fields])
    return {"columns": columns, "rows": rows}
