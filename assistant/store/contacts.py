"""Everybody who wrote in, once each: what they said, why, and where it belongs.

A contact is written in one transaction and found again by its token, so hearing it twice changes nothing. Its vector
lies with all others, under the hash of its text; labels carry the stamp of the model that gave them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from assistant.errors import NotFound
from assistant.records import WITHDRAWN, Contact, Counted, NewContact, NewSignal, Reason
from assistant.seams import Vectors
from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.contact_rows import (
    COUNTED,
    ContactFilter,
    counted_contact,
    filtered,
    label_columns,
    shown_contact,
)
from assistant.store.corpus import insert_embeddings, pieces, vector_of
from assistant.store.database import Database
from assistant.store.encoding import vectors_from_bytes
from assistant.store.persons import hashed_person
from assistant.store.signals import write_signals
from assistant.store.theme_ids import theme_number


class Contacts:
    """Writes contacts and reads them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, contact: NewContact) -> int:
        """Store one contact and return its id; see `add_all`."""
        return self.add_all([contact])[0]

    def add_all(self, contacts: Sequence[NewContact]) -> list[int]:
        """Store contacts, one transaction for every few hundred; returns their ids in order.

        A known token keeps its id: changed words are taken over and wait for new labels, and what the knowledge made
        of it is brought up to date; anything that a person decided stays.
        """
        found: list[int] = []
        for piece in pieces(contacts):
            with self._database.write() as connection:
                found += [write_contact(connection, contact) for contact in piece]
        return found

    def get(self, contact_id: int) -> Contact:
        """The contact.

        Raises:
            NotFound: no contact has that id.
        """
        found = self.many([contact_id])
        if not found:
            raise NotFound(f"No contact {contact_id}.")
        return found[0]

    def many(self, contact_ids: Sequence[int]) -> list[Contact]:
        """Those of the contacts that exist, in the order asked for."""
        found: dict[int, Contact] = {}
        with self._database.read() as connection:
            for piece in pieces(list(contact_ids)):
                rows = connection.execute(select(g.Contact).where(g.Contact.id.in_(piece)))
                found.update({row.id: shown_contact(row) for row in rows})
        return [found[i] for i in contact_ids if i in found]

    def ids_of(self, tokens: Sequence[str]) -> dict[str, int]:
        """The id of each token that is known."""
        found: dict[str, int] = {}
        with self._database.read() as connection:
            for piece in pieces(list(tokens)):
                rows = connection.execute(select(g.Contact.token, g.Contact.id).where(g.Contact.token.in_(piece)))
                found.update({row[0]: int(row[1]) for row in rows})
        return found

    def page(self, wanted: ContactFilter, *, limit: int, offset: int = 0) -> list[Contact]:
        """Contacts that fit, latest first."""
        query = filtered(select(g.Contact), wanted).order_by(g.Contact.at.desc(), g.Contact.id.desc())
        with self._database.read() as connection:
            return [shown_contact(row) for row in connection.execute(query.limit(limit).offset(offset))]

    def count(self, wanted: ContactFilter) -> int:
        """How many contacts fit."""
        with self._database.read() as connection:
            return int(connection.scalar(filtered(select(func.count(g.Contact.id)), wanted)) or 0)

    def counted(self, wanted: ContactFilter) -> list[Counted]:
        """Contacts that fit without their words, oldest first."""
        query = filtered(select(*COUNTED), wanted).order_by(g.Contact.at, g.Contact.id)
        with self._database.read() as connection:
            return [counted_contact(row) for row in connection.execute(query)]

    def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the latest contact came; None without any.

        What a wrong clock dates beyond tomorrow counts only where there is nothing else: it would hide all the rest.
        """
        query = select(func.min(g.Contact.at), func.max(g.Contact.at))
        with self._database.read() as connection:
            first, last = connection.execute(query.where(g.Contact.at <= datetime.now(UTC) + timedelta(days=1))).one()
            if first is None:
                first, last = connection.execute(query).one()
        return None if first is None else (first, last)

    def unlabelled(self, stamp: str, limit: int | None = None) -> list[Contact]:
        """Contacts that the triage model `stamp` has not labelled, oldest first."""
        query = select(g.Contact).where(g.Contact.labelled_by != stamp).order_by(g.Contact.id)
        with self._database.read() as connection:
            return [shown_contact(row) for row in connection.execute(query.limit(limit) if limit else query)]

    def count_unlabelled(self, stamp: str) -> int:
        """How many contacts the triage model `stamp` has not labelled."""
        with self._database.read() as connection:
            query = select(func.count(g.Contact.id)).where(g.Contact.labelled_by != stamp)
            return int(connection.scalar(query) or 0)

    def label(self, reasons: Mapping[int, Reason]) -> None:
        """Store labels by contact, in one transaction; what a person said about a contact stays."""
        with self._database.write() as connection:
            said = decided_columns(connection, list(reasons))
            for contact_id, reason in reasons.items():
                values = label_columns(reason) | said.get(contact_id, {})
                connection.execute(update(g.Contact).where(g.Contact.id == contact_id).values(**values))

    def add_vectors(self, model_id: str, vectors: Mapping[int, Vectors]) -> None:
        """Store vectors by contact under `model_id`; one that is there stays."""
        with self._database.write() as connection:
            hashes = _hashes(connection, list(vectors))
            insert_embeddings(connection, model_id, {hashes[i]: v for i, v in vectors.items() if i in hashes})

    def vectors(self, model_id: str, contact_ids: Sequence[int]) -> dict[int, Vectors]:
        """The vector of each of the contacts that has one under `model_id`."""
        found: dict[int, Vectors] = {}
        with self._database.read() as connection:
            for piece in pieces(list(contact_ids)):
                query = select(g.Contact.id, vector_of(g.Contact.content_hash, model_id))
                rows = [row for row in connection.execute(query.where(g.Contact.id.in_(piece))) if row[1] is not None]
                stacked = vectors_from_bytes([row[1] for row in rows])
                found.update({int(row[0]): vector for row, vector in zip(rows, stacked, strict=True)})
        return found

    def unembedded(self, model_id: str, limit: int | None = None) -> list[tuple[int, str]]:
        """Id and words of contacts without a vector under `model_id`."""
        query = (
            select(g.Contact)
            .join(t.Embedding, _same_text(model_id), isouter=True)
            .where(t.Embedding.content_hash.is_(None))
            .order_by(g.Contact.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit) if limit else query)
            return [(row.id, shown_contact(row).full_text) for row in rows]

    def unplaced(self) -> list[int]:
        """Contacts that nobody looked for a theme for yet."""
        query = select(g.Contact.id).where(g.Contact.theme_id.is_(None), g.Contact.placed_by == "")
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(g.Contact.id)))

    def first_of(self, theme: str, count: int) -> list[int]:
        """The contacts of a theme that were heard first."""
        query = select(g.Contact.id).where(g.Contact.theme_id == theme_number(theme)).order_by(g.Contact.id)
        with self._database.read() as connection:
            return list(connection.scalars(query.limit(count)))

    def place(self, places: Mapping[int, str | None]) -> None:
        """Put contacts into themes by day, None for no theme; one that has a theme stays where it is."""
        with self._database.write() as connection:
            for contact_id, theme in places.items():
                free = update(g.Contact).where(g.Contact.id == contact_id, g.Contact.theme_id.is_(None))
                number = None if theme is None else theme_number(theme)
                connection.execute(free.values(theme_id=number, placed_by="day"))

    def forget(self, document_keys: Sequence[str]) -> int:
        """Erase the contacts of these documents with their signals and overrides; returns how many there were."""
        gone = 0
        with self._database.write() as connection:
            for piece in pieces(list(document_keys)):
                gone += connection.execute(delete(g.Contact).where(g.Contact.document_key.in_(piece))).rowcount
        return gone


def write_contact(connection: Connection, contact: NewContact) -> int:
    """Store one contact within the caller's transaction and return its id; see `Contacts.add_all`."""
    row = connection.execute(select(g.Contact).where(g.Contact.token == contact.token)).first()
    if row is None:
        values = _new_values(contact, contact.person_hash or hashed_person(connection, contact.person))
        contact_id = int(connection.execute(insert(g.Contact).values(**values).returning(g.Contact.id)).scalar_one())
        if contact.kind in ("review", "survey"):
            write_signals(connection, [_review(contact_id, contact)])
        return contact_id
    changes = _later_news(row, contact)
    if changes:
        connection.execute(update(g.Contact).where(g.Contact.id == row.id).values(**changes))
    return int(row.id)


def _new_values(contact: NewContact, person: str) -> dict[str, Any]:
    return {
        "token": contact.token, "kind": contact.kind, "channel": contact.channel, "at": contact.at,
        "person": person, "title": contact.title, "text": contact.text,
        "rating": contact.rating, "document_key": contact.document_key, "draft_id": contact.draft_id,
        "gap_id": contact.gap_id, "verdict": contact.verdict, "confidence": contact.confidence,
        "nearest": list(contact.nearest), "minutes": contact.minutes, "content_hash": _hash(contact.full_text),
        **label_columns(Reason()), "mined_by": "", "theme_id": None, "pinned": False, "placed_by": "",
    }  # fmt: skip


def _later_news(row: Any, contact: NewContact) -> dict[str, Any]:
    """What a second hearing of the same contact adds; nothing is taken away."""
    heard = {"document_key", "draft_id", "gap_id", "verdict", "confidence", "rating", "minutes"}
    news = {name: getattr(contact, name) for name in heard if getattr(contact, name) not in (None, "")}
    changes = {name: value for name, value in news.items() if getattr(row, name) != value}
    if contact.person_hash and not row.person:
        changes["person"] = contact.person_hash
    if contact.nearest and list(contact.nearest) != list(row.nearest):
        changes["nearest"] = list(contact.nearest)
    if contact.kind == "ticket" and row.kind != "ticket":
        changes["kind"] = "ticket"
    if contact.kind == "ticket" and _hash(contact.full_text) != row.content_hash:
        changes |= {"title": contact.title, "text": contact.text, "labelled_by": "", "mined_by": ""}
        changes |= {"content_hash": _hash(contact.full_text), "at": contact.at}
    return changes


def _review(contact_id: int, contact: NewContact) -> NewSignal:
    said = {"channel": contact.channel, "rating": contact.rating}
    return NewSignal(f"review:{contact_id}", "review", contact.at, contact_id, value=contact.rating, evidence=said)


def decided_columns(connection: Connection, contact_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The columns of cause and stage that people decided, by contact: the latest word on each counts."""
    found: dict[int, dict[str, Any]] = {}
    for piece in pieces(contact_ids):
        rows = connection.execute(select(g.Override).where(g.Override.contact_id.in_(piece)).order_by(g.Override.id))
        for row in rows:
            mine = found.setdefault(row.contact_id, {})
            for field in ("cause", "stage"):
                _take_word(mine, field, getattr(row, field))
    return found


def _take_word(decided: dict[str, Any], field: str, word: str) -> None:
    if word == WITHDRAWN:
        decided.pop(field, None)
        decided.pop(f"{field}_probability", None)
    elif word:
        decided |= {field: word, f"{field}_probability": 1.0}


def _hashes(connection: Connection, contact_ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for piece in pieces(contact_ids):
        rows = connection.execute(select(g.Contact.id, g.Contact.content_hash).where(g.Contact.id.in_(piece)))
        found.update({int(row[0]): str(row[1]) for row in rows})
    return found


def _same_text(model_id: str) -> Any:
    return (t.Embedding.content_hash == g.Contact.content_hash) & (t.Embedding.model_id == model_id)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
