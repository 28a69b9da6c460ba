"""What the answer half left behind about contacts, as causes are weighed with it: which ones, and from what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update

from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.theme_ids import theme_id


class Outcomes:
    """Reads what is known of contacts' answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> list[int]:
        """Contacts that were asked of the knowledge, or that have a signal."""
        signalled = select(g.Signal.contact_id).where(g.Signal.contact_id.is_not(None))
        query = select(g.Contact.id).where(or_(g.Contact.verdict != "", g.Contact.id.in_(signalled)))
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(g.Contact.id)))

    def public(self, keys: Collection[str]) -> set[str]:
        """Those of the documents that are public articles."""
        found: set[str] = set()
        with self._database.read() as connection:
            for piece in pieces(sorted(keys)):
                query = select(t.Document.key).where(t.Document.key.in_(piece), t.Document.kind != "ticket")
                found.update(connection.scalars(query.where(t.Document.audience == "public")))
        return found

    def asked_often(self) -> dict[str, list[datetime]]:
        """When each theme was seen to be answered well and still asked often."""
        found: dict[str, list[datetime]] = {}
        query = select(g.Signal.theme_id, g.Signal.at).where(g.Signal.type == "asked_often")
        with self._database.read() as connection:
            for number, at in connection.execute(query.where(g.Signal.theme_id.is_not(None))):
                found.setdefault(str(theme_id(number)), []).append(at)
        return found

    def wait(self, contact_ids: Sequence[int]) -> None:
        """Let contacts wait for a label anew, in one transaction."""
        with self._database.write() as connection:
            for piece in pieces(list(contact_ids)):
                waiting = update(g.Contact).where(g.Contact.id.in_(piece))
                connection.execute(waiting.values(labelled_by=""))
