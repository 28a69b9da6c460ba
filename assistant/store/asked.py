"""What one question leaves behind: its draft, its gap, its contact and its signal, all of it or nothing.

One transaction: a process killed at any moment has neither lost a contact that it answered nor counted it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from assistant.domain import Answer
from assistant.records import NewContact, NewSignal
from assistant.seams import Vectors
from assistant.store import gap_tables as g
from assistant.store.contacts import write_contact
from assistant.store.corpus import insert_embeddings
from assistant.store.database import Database
from assistant.store.drafts import write_draft
from assistant.store.gaps import write_gap
from assistant.store.persons import tells_apart
from assistant.store.signals import write_signals
from assistant.store.theme_ids import theme_number


@dataclass(frozen=True, slots=True)
class Place:
    """A contact's vector under the model that themes are read with, and the theme that it fell into by day."""

    model_id: str
    vector: Vectors
    theme_id: str | None


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """What is kept with a draft besides the answer."""

    ticket_id: str | None
    asked_by: str
    settings: Mapping[str, Any]


class Asked:
    """Writes what questions leave behind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        answer: Answer,
        vector: Vectors,
        model_id: str,
        *,
        token: str,
        draft: DraftRecord | None,
        place: Place | None = None,
    ) -> int | None:
        """Store everything and return the gap's id, None where there is no gap; the same `token` is one contact.

        Without `draft` no draft is stored. `vector` under `model_id` is the question's for joining gaps.
        """
        with self._database.write() as connection:
            if draft is not None:
                kept = {"ticket_id": draft.ticket_id, "asked_by": draft.asked_by, "settings": draft.settings}
                write_draft(connection, answer, **kept)  # type: ignore[arg-type]
            draft_id = answer.id if draft is not None else None
            gap_id = None
            if answer.gap is not None:
                gap_id = write_gap(
                    connection, answer.question, answer.gap, vector, model_id, token=token, draft_id=draft_id
                )
            contact_id = write_contact(connection, _contact(answer, token, draft, gap_id))
            if place is not None:
                _place(connection, contact_id, place)
            if answer.gap is not None:
                write_signals(connection, [_abstained(answer, contact_id, draft_id)])
        return gap_id


def ticket_token(ticket_id: str) -> str:
    """A ticket is one contact, whether it came in by ingest or was asked about, and however often."""
    return f"ticket:{ticket_id}"


def _contact(answer: Answer, token: str, draft: DraftRecord | None, gap_id: int | None) -> NewContact:
    question = answer.question
    ticket_id = draft.ticket_id if draft else None
    return NewContact(
        token=ticket_token(ticket_id) if ticket_id else f"ask:{token}", kind="question",
        channel=question.channel or "unknown", at=question.created or datetime.now(UTC), text=question.text,
        title=question.title,
        person=question.requester if tells_apart(question.requester) else "", draft_id=answer.id if draft else None,
        gap_id=gap_id, verdict=answer.verdict, confidence=answer.confidence, nearest=_nearest(answer),
    )  # fmt: skip


def _nearest(answer: Answer) -> tuple[str, ...]:
    """What answers it, or came nearest."""
    if answer.gap is not None:
        return answer.gap.nearest
    return tuple(dict.fromkeys(source.document_key for source in answer.sources))


def _place(connection: Connection, contact_id: int, place: Place) -> None:
    text_hash = connection.scalar(select(g.Contact.content_hash).where(g.Contact.id == contact_id))
    insert_embeddings(connection, place.model_id, {str(text_hash): place.vector})
    free = update(g.Contact).where(g.Contact.id == contact_id, g.Contact.theme_id.is_(None))
    number = None if place.theme_id is None else theme_number(place.theme_id)
    connection.execute(free.values(theme_id=number, placed_by="day"))


def _abstained(answer: Answer, contact_id: int, draft_id: str | None) -> NewSignal:
    reason = answer.gap.reason if answer.gap else ""
    nearest = list(answer.gap.nearest) if answer.gap else []
    return NewSignal(
        token=f"abstained:{contact_id}", type="abstained", at=answer.question.created or datetime.now(UTC),
        contact_id=contact_id, value=answer.confidence,
        evidence={"reason": reason, "nearest": nearest, "draft_id": draft_id},
    )  # fmt: skip
