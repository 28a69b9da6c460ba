"""A chat model's opinions on why contacts were made, by contact and judge, each with the words that it read.

Opinions and what they cost are written in one transaction, so that a spending limit is never blind to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select

from assistant.domain import Usage
from assistant.records import Contact
from assistant.seams import Opinion
from assistant.store import gap_tables as g
from assistant.store.contact_rows import shown_contact
from assistant.store.corpus import pieces
from assistant.store.database import Database

_PURPOSE = "second opinion"


class Opinions:
    """Writes and reads the opinions of the judge `judge`."""

    def __init__(self, database: Database, judge: str) -> None:
        self._database = database
        self._judge = judge

    def add(self, opinions: Mapping[int, Opinion], usage: Usage | None) -> None:
        """Store opinions by contact, in place of earlier ones of the same judge, and what they cost.

        A contact that is gone meanwhile is left out; without opinions only the cost is kept.
        """
        now = datetime.now(UTC)
        with self._database.write() as connection:
            if usage is not None and usage.calls:
                paid = {"purpose": _PURPOSE, "model": self._judge, "usage": asdict(usage), "at": now}
                connection.execute(insert(g.ModelCall).values(**paid))
            for piece in pieces(sorted(opinions)):
                mine = g.Opinion.contact_id.in_(piece) & (g.Opinion.judge == self._judge)
                connection.execute(delete(g.Opinion).where(mine))
                hashes = select(g.Contact.id, g.Contact.content_hash).where(g.Contact.id.in_(piece))
                rows = [
                    {"contact_id": i, "judge": self._judge, "content_hash": read, **asdict(opinions[i]), "at": now}
                    for i, read in connection.execute(hashes)
                ]
                if rows:
                    connection.execute(insert(g.Opinion), rows)

    def of(self, contact_ids: Sequence[int]) -> dict[int, Opinion]:
        """The opinion on each of the contacts whose words are still those that were read."""
        found: dict[int, Opinion] = {}
        query = select(g.Opinion.contact_id, g.Opinion.cause, g.Opinion.stage).join(g.Contact, self._on_its_words())
        with self._database.read() as connection:
            for piece in pieces(list(contact_ids)):
                rows = connection.execute(query.where(g.Contact.id.in_(piece)))
                found.update({int(i): Opinion(cause, stage) for i, cause, stage in rows})
        return found

    def waiting(self, limit: int) -> list[Contact]:
        """Contacts without an opinion on their words, at most `limit`, latest first."""
        query = (
            select(g.Contact)
            .join(g.Opinion, self._on_its_words(), isouter=True)
            .where(g.Opinion.contact_id.is_(None))
            .order_by(g.Contact.at.desc(), g.Contact.id.desc())
        )
        with self._database.read() as connection:
            return [shown_contact(row) for row in connection.execute(query.limit(limit))]

    def _on_its_words(self) -> ColumnElement[bool]:
        return and_(
            g.Opinion.contact_id == g.Contact.id,
            g.Opinion.judge == self._judge,
            g.Opinion.content_hash == g.Contact.content_hash,
        )
