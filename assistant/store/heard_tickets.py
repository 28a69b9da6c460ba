"""Tickets as the gap log hears them: what the customer wanted, what the human answered, when, through which channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from assistant.domain import Block
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.encoding import blocks_from_rows


@dataclass(frozen=True, slots=True)
class HeardTicket:
    """A live ticket in its current version; `problem` is what the customer wrote before the first answer.

    `rating` is how satisfied they were, 1 to 5, None where they were not asked or did not say; `person` is the keyed
    hash of who wrote, empty where nobody knows.
    """

    key: str
    version_id: int
    title: str
    problem: str
    answers: tuple[str, ...]
    channel: str
    status: str
    created_at: datetime | None
    stored_at: datetime
    rating: float | None = None
    person: str = ""


class HeardTickets:
    """Reads tickets from the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, version_id: int, limit: int = 500) -> list[HeardTicket]:
        """Live tickets whose current version is newer than `version_id`, oldest version first."""
        query = _columns().where(t.Version.id > version_id).order_by(t.Version.id).limit(limit)
        with self._database.read() as connection:
            return [_heard(row) for row in connection.execute(query)]

    def count_after(self, version_id: int) -> int:
        """How many live tickets have a current version newer than `version_id`."""
        query = select(func.count(t.Version.id)).join(t.Document, t.Document.version_id == t.Version.id)
        query = query.where(t.Document.kind == "ticket", t.Document.deleted_at.is_(None), t.Version.id > version_id)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def order(self) -> dict[str, int]:
        """Each live ticket's place in time, from 0; those without a time come first."""
        query = select(t.Document.key, t.Version.created_at).join(t.Version, t.Version.id == t.Document.version_id)
        query = query.where(t.Document.kind == "ticket", t.Document.deleted_at.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(t.Version.created_at.nulls_first(), t.Document.id)).all()
        return {row[0]: place for place, row in enumerate(rows)}

    def many(self, keys: Sequence[str]) -> dict[str, HeardTicket]:
        """Those of the tickets that are live, by key."""
        found: dict[str, HeardTicket] = {}
        with self._database.read() as connection:
            for piece in pieces(list(keys)):
                rows = connection.execute(_columns().where(t.Document.key.in_(piece)))
                found.update({row.key: _heard(row) for row in rows})
        return found


def _columns() -> Any:
    return (
        select(t.Version, t.Document.key)
        .join(t.Document, t.Document.version_id == t.Version.id)
        .where(t.Document.kind == "ticket", t.Document.deleted_at.is_(None))
    )


def _heard(row: Any) -> HeardTicket:
    blocks = blocks_from_rows(row.blocks)
    return HeardTicket(
        key=row.key, version_id=row.id, title=row.title, problem=_problem(row.text, blocks),
        answers=tuple(row.text[b.start : b.end] for b in blocks if b.kind == "agent"),
        channel=str(row.attributes.get("channel", "")), status=str(row.attributes.get("status", "")),
        created_at=row.created_at, stored_at=row.stored_at, rating=row.attributes.get("rating"),
        person=str(row.attributes.get("person", "")),
    )  # fmt: skip


def _problem(text: str, blocks: Sequence[Block]) -> str:
    """The customer's words before the first answer; all of them where an agent began."""
    said: list[str] = []
    for block in blocks:
        if block.kind == "agent" and said:
            break
        if block.kind == "customer":
            said.append(text[block.start : block.end])
    return "\n".join(said)
