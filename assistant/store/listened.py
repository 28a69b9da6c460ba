"""Who has listened to which contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from assistant.errors import NotFound
from assistant.store import gap_tables as g
from assistant.store.corpus import pieces
from assistant.store.database import Database


class Listened:
    """Remembers what was read, once per reader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, contact_id: int, actor: str) -> list[str]:
        """Remember that `actor` read the contact; returns everybody who did, first reader first.

        Raises:
            NotFound: no contact has that id.
        """
        with self._database.write() as connection:
            if connection.scalar(select(g.Contact.id).where(g.Contact.id == contact_id)) is None:
                raise NotFound(f"No contact {contact_id}.")
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            row = {"contact_id": contact_id, "actor": actor, "at": datetime.now(UTC)}
            connection.execute(dialect.insert(g.ContactRead).on_conflict_do_nothing(), [row])
        return self.readers([contact_id])[contact_id]

    def readers(self, contact_ids: Sequence[int]) -> dict[int, list[str]]:
        """Who read each of the contacts, first reader first; contacts that nobody read are absent."""
        found: dict[int, list[str]] = {}
        with self._database.read() as connection:
            for piece in pieces(list(contact_ids)):
                query = select(g.ContactRead.contact_id, g.ContactRead.actor).order_by(g.ContactRead.at)
                for contact_id, actor in connection.execute(query.where(g.ContactRead.contact_id.in_(piece))):
                    found.setdefault(contact_id, []).append(actor)
        return found
