"""Drafts beside what people answered: the text that was sent, or the agent's reply in the synced ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.drafts import Drafts, sources_of
from assistant.store.heard_tickets import HeardTickets


@dataclass(frozen=True, slots=True)
class AnsweredDraft:
    """Our draft and the human's answer; `origin` is "sent" or "ticket", `actor` who sent it where that is known."""

    draft_id: str
    contact_id: int
    at: datetime
    ours: str
    theirs: str
    sources: tuple[str, ...]
    origin: str
    actor: str


class AnsweredDrafts:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> list[AnsweredDraft]:
        """Those of contacts that have no signal `differs` yet."""
        told = select(g.Signal.contact_id).where(g.Signal.type == "differs", g.Signal.contact_id.is_not(None))
        query = select(g.Contact.id, g.Contact.at, g.Contact.draft_id, g.Contact.document_key)
        query = query.where(g.Contact.draft_id.is_not(None), g.Contact.id.not_in(told))
        with self._database.read() as connection:
            contacts = connection.execute(query.order_by(g.Contact.id)).all()
            sent = _sent(connection, [row.draft_id for row in contacts])
        tickets = HeardTickets(self._database).many([row.document_key for row in contacts if row.document_key])
        found = []
        for row in contacts:
            theirs, actor = sent.get(row.draft_id, ("", ""))
            ticket = tickets.get(row.document_key)
            origin = "sent" if theirs else "ticket"
            if not theirs and ticket is not None and ticket.answers:
                theirs = ticket.answers[-1]
            if theirs:
                answer = Drafts(self._database).load(row.draft_id)
                ours = "\n".join(part.text for part in answer.parts)
                found.append(
                    AnsweredDraft(row.draft_id, row.id, row.at, ours, theirs, sources_of(answer), origin, actor)
                )
        return found


def _sent(connection: Any, draft_ids: list[str]) -> dict[str, tuple[str, str]]:
    """The last text that was sent in place of each draft, and by whom."""
    query = select(t.DraftEvent).where(t.DraftEvent.kind == "sent", t.DraftEvent.final_text.is_not(None))
    rows = connection.execute(query.where(t.DraftEvent.draft_id.in_(draft_ids)).order_by(t.DraftEvent.id))
    return {row.draft_id: (row.final_text, row.actor) for row in rows}
