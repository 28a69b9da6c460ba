"""What people said about contacts: kept for ever, counted as truth at once, and read for training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from assistant.errors import NotFound
from assistant.records import WITHDRAWN, NewSignal, Override
from assistant.store import gap_tables as g
from assistant.store.contacts import decided_columns
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.signals import write_signals


class Overrides:
    """Writes words about contacts and reads them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        contact_id: int,
        actor: str,
        *,
        cause: str | None = None,
        stage: str | None = None,
        prevented_by: str | None = None,
    ) -> Override:
        """Record what `actor` says; None is no opinion, an empty cause or stage takes the earlier word back.

        The contact shows the new word in the same transaction, which also writes the signal; a word taken back waits
        for the model's label.

        Raises:
            NotFound: no contact has that id.
        """
        words = {"cause": _word(cause), "stage": _word(stage)}
        with self._database.write() as connection:
            if connection.scalar(select(g.Contact.id).where(g.Contact.id == contact_id)) is None:
                raise NotFound(f"No contact {contact_id}.")
            values = {**words, "prevented_by": prevented_by or "", "actor": actor, "at": datetime.now(UTC)}
            row = insert(g.Override).values(contact_id=contact_id, **values)
            override_id = int(connection.execute(row.returning(g.Override.id)).scalar_one())
            _show(connection, contact_id, words)
            said = {"cause": cause or "", "stage": stage or "", "prevented_by": prevented_by or ""}
            token, at = f"flagged:override:{override_id}", datetime.now(UTC)
            write_signals(connection, [NewSignal(token, "flagged", at, contact_id, actor=actor, evidence=said)])
        return Override(id=override_id, contact_id=contact_id, **values)  # type: ignore[arg-type]

    def of(self, contact_ids: Sequence[int]) -> dict[int, list[Override]]:
        """Everything that was said about each of the contacts, oldest first."""
        found: dict[int, list[Override]] = {}
        with self._database.read() as connection:
            for piece in pieces(list(contact_ids)):
                query = select(g.Override).where(g.Override.contact_id.in_(piece)).order_by(g.Override.id)
                for row in connection.execute(query):
                    found.setdefault(row.contact_id, []).append(_shown(row))
        return found

    def decided(self) -> dict[int, tuple[str | None, str | None]]:
        """Cause and stage that people decided, by contact; None where nobody did. This is what training learns from."""
        with self._database.read() as connection:
            ids = list(connection.scalars(select(g.Override.contact_id).distinct()))
            said = decided_columns(connection, ids)
        return {i: (columns.get("cause"), columns.get("stage")) for i, columns in said.items() if columns}


def _word(given: str | None) -> str:
    return "" if given is None else given or WITHDRAWN


def _show(connection: Connection, contact_id: int, words: dict[str, str]) -> None:
    values = decided_columns(connection, [contact_id]).get(contact_id, {})
    if WITHDRAWN in words.values():
        taken = [field for field, word in words.items() if word == WITHDRAWN]
        values = {**_of_model(connection, contact_id, taken), **values, "labelled_by": ""}
    if values:
        connection.execute(update(g.Contact).where(g.Contact.id == contact_id).values(**values))


def _of_model(connection: Connection, contact_id: int, fields: Sequence[str]) -> dict[str, Any]:
    """What the model last said of these fields, from the distribution that stands beside its labels."""
    kept = connection.scalar(select(g.Contact.shares).where(g.Contact.id == contact_id))
    found: dict[str, Any] = {}
    for field in fields:
        shares: dict[str, float] = (json.loads(kept) if kept else {}).get(field) or {}
        if shares:
            label = max(shares, key=shares.__getitem__)
            found |= {field: label, f"{field}_probability": shares[label]}
    return found


def _shown(row: Any) -> Override:
    names = ("id", "contact_id", "actor", "cause", "stage", "prevented_by", "at")
    return Override(**{name: getattr(row, name) for name in names})
