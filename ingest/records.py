"""Validates one record of `documents.jsonl`, of front matter or of a FAQ table, and makes it a Document."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.cleaning import cleaned
from assistant.domain import Document
from assistant.errors import UnreadableItem
from ingest.parsing import of_text
from ingest.sources.item import Defaults
from ingest.sources.piece import told_where
from ingest.structure.visible import Visible
from ingest.tickets import instant

MAX_CHARS = 5_000_000


class Record(BaseModel):
    """The fields that an article record may have; others are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str = Field(min_length=1, max_length=1000)
    title: str = Field("", max_length=2000)
    text: str | None = None
    html: str | None = None
    markdown: str | None = None
    url: str = Field("", max_length=2000)
    kind: Literal["doc", "faq"] = "doc"
    audience: Literal["public", "internal"] = "public"
    updated_at: datetime | None = None
    created_at: datetime | None = None
    locale: str = ""
    product: str = ""
    tags: tuple[str, ...] = ()

    @field_validator("updated_at", "created_at", mode="before")
    @classmethod
    def _time(cls, value: object) -> object:
        return parsed_time(value)

    @field_validator("id", "title", "url", "locale", "product")
    @classmethod
    def _clean(cls, value: str) -> str:
        return cleaned(value).strip()


def parsed_time(value: object) -> object:
    """An aware time from ISO 8601 or `2024-07-01 12:13:00 +0000`; no zone means UTC. Others are left to pydantic."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return instant(value)
    return value or None


def article_document(
    record: Mapping[str, Any], visible: Visible | None, revision: str, defaults: Defaults, *, where: str
) -> Document:
    """The document of a record; `visible` when its text was read already.

    Raises:
        UnreadableItem: a field is missing or wrong, or there is no text.
    """
    values = _validated({"kind": _kind(defaults), "audience": defaults.audience, **record}, where)
    visible = visible or _visible(values, where)
    if not visible.text.strip():
        raise UnreadableItem(f"{where}: expected some text, found an empty document.")
    if len(visible.text) > MAX_CHARS:
        raise UnreadableItem(
            f"{where}: expected at most {MAX_CHARS:,} characters of text, found {len(visible.text):,}. Split it."
        )
    return Document(
        key=values.id,
        kind=values.kind,
        audience=values.audience,
        title=values.title or visible.title or values.id,
        text=visible.text,
        blocks=visible.blocks,
        revision=revision,
        url=values.url,
        created_at=values.created_at,
        updated_at=values.updated_at,
        locale=values.locale,
        product=values.product,
        tags=values.tags,
    )


def faq_document(row: Mapping[str, str], revision: str, defaults: Defaults, where: str) -> Document:
    """The document of a FAQ row: the question is the title, the answer is the text."""
    if not str(row.get("question", "")).strip() or not str(row.get("answer", "")).strip():
        raise UnreadableItem(f"{where}: expected a question and an answer, found one of them empty.")
    record = {**row, "kind": "faq", "title": row["question"], "text": row["answer"]}
    return article_document(record, None, revision, defaults, where=where)


def _kind(defaults: Defaults) -> str:
    return "faq" if defaults.kind == "faq" else "doc"


def _validated(record: Mapping[str, Any], where: str) -> Record:
    try:
        return Record.model_validate(record)
    except ValidationError as error:
        raise UnreadableItem(f"{where}: {problems(error)}") from error


def problems(error: ValidationError) -> str:
    """Field, expectation and finding of every problem, on one line."""
    return "; ".join(
        f"{'.'.join(map(str, p['loc']))}: {p['msg']}, found {str(p['input'])[:80]!r}" for p in error.errors()
    )


def _visible(values: Record, where: str) -> Visible:
    for kind, content in (("html", values.html), ("markdown", values.markdown), ("text", values.text)):
        if content is not None:
            with told_where(where):
                return of_text(kind, content)
    raise UnreadableItem(f"{where}: expected one of 'text', 'html', 'markdown', found none of them.")
