"""What asking a ticket of the knowledge alone left behind: verdict, gap, signals; one transaction a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from assistant.domain import Answer, GapFound
from assistant.records import Contact, NewSignal
from assistant.seams import Vectors
from assistant.store import gap_tables as g
from assistant.store.contact_rows import ContactFilter, filtered, shown_contact
from assistant.store.database import Database
from assistant.store.gaps import write_gap
from assistant.store.signals import write_signals


@dataclass(frozen=True, slots=True)
class HumanAnswer:
    """How the human's answer compares with ours: cosine of both replies, and the articles that each rests on."""

    likeness: float
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    differs: bool


class Mined:
    """Reads tickets that wait to be mined, and writes what came out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, since: datetime | None, until: datetime | None, limit: int) -> list[Contact]:
        """Tickets of the period that were not mined yet, oldest first."""
        query = filtered(select(g.Contact), ContactFilter(since=since, until=until, kind="ticket"))
        query = query.where(g.Contact.mined_by == "").order_by(g.Contact.at, g.Contact.id).limit(limit)
        with self._database.read() as connection:
            return [shown_contact(row) for row in connection.execute(query)]

    def count(self, since: datetime | None, until: datetime | None, *, done: bool) -> int:
        """How many tickets of the period were mined, or wait for it."""
        query = filtered(select(func.count(g.Contact.id)), ContactFilter(since=since, until=until, kind="ticket"))
        with self._database.read() as connection:
            mined = g.Contact.mined_by
            return int(connection.scalar(query.where(mined != "" if done else mined == "")) or 0)

    def verdicts(self, since: datetime | None, until: datetime | None) -> dict[str, int]:
        """How the mined tickets of the period came out."""
        query = filtered(
            select(g.Contact.verdict, func.count()), ContactFilter(since=since, until=until, kind="ticket")
        )
        with self._database.read() as connection:
            rows = connection.execute(query.where(g.Contact.mined_by != "").group_by(g.Contact.verdict)).all()
        return {row[0]: int(row[1]) for row in rows}

    def again(self, since: datetime | None, until: datetime | None) -> None:
        """Let the tickets of the period wait anew; what they left behind is brought up to date, not doubled."""
        ids = filtered(select(g.Contact.id), ContactFilter(since=since, until=until, kind="ticket"))
        with self._database.write() as connection:
            connection.execute(update(g.Contact).where(g.Contact.id.in_(ids)).values(mined_by=""))

    def write(
        self,
        contact: Contact,
        answer: Answer,
        vector: Vectors,
        model_id: str,
        human: HumanAnswer | None,
        *,
        is_gap: bool,
    ) -> None:
        """Store what the knowledge alone made of the ticket; one that it could not answer enters the gap log, once."""
        nearest = answer.gap.nearest if answer.gap else tuple(dict.fromkeys(s.document_key for s in answer.sources))
        values = {"verdict": answer.verdict, "confidence": answer.confidence, "nearest": list(nearest)}
        with self._database.write() as connection:
            if is_gap:
                found = answer.gap or GapFound("weak_evidence", nearest)
                values["gap_id"] = write_gap(
                    connection, answer.question, found, vector, model_id,
                    token=f"ticket:{contact.document_key}"[:100], draft_id=None,
                )  # fmt: skip
            connection.execute(
                update(g.Contact).where(g.Contact.id == contact.id).values(mined_by=answer.model or "mined", **values)
            )
            write_signals(connection, _signals(contact, answer, human, is_gap=is_gap))


def _signals(contact: Contact, answer: Answer, human: HumanAnswer | None, *, is_gap: bool) -> Sequence[NewSignal]:
    found = []
    if is_gap:
        reason = answer.gap.reason if answer.gap else ""
        nearest = list(answer.gap.nearest) if answer.gap else []
        evidence = {"reason": reason, "nearest": nearest, "ticket": contact.document_key}
        token = f"unanswerable:{contact.id}"
        found.append(
            NewSignal(token, "unanswerable", contact.at, contact.id, value=answer.confidence, evidence=evidence)
        )
    if human is not None and human.differs:
        evidence = {"ours": list(human.ours), "theirs": list(human.theirs), "ticket": contact.document_key}
        source = human.ours[0] if human.ours else ""
        token = f"differs:{contact.id}"
        found.append(
            NewSignal(token, "differs", contact.at, contact.id, None, source, human.likeness, evidence=evidence)
        )
    return found
