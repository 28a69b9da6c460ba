"""JSON Lines in and out for the batch forms: order and ids kept, a bad line refused by its number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from assistant.domain import Question
from assistant.errors import UsageError
from assistant.files import refusing, whole_file
from ingest.records import parsed_time

MAX_QUESTION_CHARS = 100_000
_LONE = re.compile("[\ud800-\udfff]")


def questions(path: Path) -> list[Question]:
    """Every question of a batch file.

    Raises:
        UsageError: the file is missing, or a line is not an object with "id" and "text"; names the line.
    """
    if not path.is_file():
        raise UsageError(f"Expected a JSON Lines file at {path}, found none. Check the path.")
    found: list[Question] = []
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                found.append(_question(raw, f"{path.name}, line {number}"))
    return found


def _question(raw: bytes, where: str) -> Question:
    try:
        record: Any = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: expected one JSON object in UTF-8, found {error}.") from error
    if not isinstance(record, dict) or "id" not in record or not isinstance(record.get("text"), str):
        raise UsageError(f'{where}: expected an object with "id" and a string "text", found {raw[:80]!r}.')
    return question_of(record)


def question_of(record: Mapping[str, Any]) -> Question:
    """A question from a record; its text is cut at `MAX_QUESTION_CHARS`, its other fields are information."""
    from assistant.cleaning import cleaned

    created: Any = parsed_time(record.get("created"))
    return Question(
        text=cleaned(str(record.get("text", ""))[:MAX_QUESTION_CHARS]),
        title=cleaned(str(record.get("title") or "")[:2000]),
        id=str(record.get("id", "")),
        created=created if hasattr(created, "tzinfo") else None,
        channel=cleaned(str(record.get("channel") or "")[:80]),
        locale=cleaned(str(record.get("locale") or "")[:40]),
        product=cleaned(str(record.get("product") or "")[:200]),
        requester=cleaned(str(record.get("requester") or "")[:200]),
    )


@contextmanager
def written(out: Path | None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that writes one line; a file appears whole at the end or not at all.

    Raises:
        UsageError: the file cannot be written; found before any work is done where it can be.
    """
    if out is None:
        yield lambda record: print(line_of(record))
        return
    with whole_file(out) as file:
        yield lambda record: _write(file, record, out)


def line_of(record: Mapping[str, Any]) -> str:
    """One line of JSON; characters as they are, escaped where UTF-8 has none for them (half an emoji in an id)."""
    line = json.dumps(record, ensure_ascii=False)
    return json.dumps(record) if _LONE.search(line) else line


def _write(file: TextIO, record: Mapping[str, Any], out: Path) -> None:
    with refusing(out):
        print(line_of(record), file=file)
