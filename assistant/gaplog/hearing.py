"""Everybody who writes in becomes a contact: questions as they are asked, tickets as they are ingested, reviews.

First step of the gap log. Hearing is cheap and idempotent; labels and vectors that are not at hand come with
`labelling`, themes with `grouping`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.domain import Answer
from assistant.records import NewContact
from assistant.seams import Embedder, Progress, Vectors
from assistant.store.asked import Asked, DraftRecord, Place, ticket_token
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.heard_tickets import HeardTicket, HeardTickets
from assistant.store.log_state import LogState
from assistant.store.themes import Themes

if TYPE_CHECKING:
    from assistant.gaps.themes.identity import Place as ThemePlace

_HEARD = "heard_ticket_version"


@dataclass(frozen=True, slots=True)
class Hearing:
    """Listens on one database; `embedder` is the model that themes are read with, the same for ever."""

    database: Database
    embedder: Embedder

    def hear_answer(
        self,
        answer: Answer,
        vector: Vectors,
        model_id: str,
        *,
        token: str,
        draft: DraftRecord | None,
    ) -> int | None:
        """Keep what was asked, with its place among the themes of the day; returns the gap's id, if there is one.

        `vector` is the question's under the model `model_id` that it was answered with.
        """
        own = vector if model_id == self.embedder.model_id else self.embedder.embed([answer.question.full_text])[0]
        place = Place(self.embedder.model_id, own, self.theme_of(own))
        return Asked(self.database).record(answer, vector, model_id, token=token, draft=draft, place=place)

    def hear_tickets(self, progress: Progress | None = None) -> int:
        """Make contacts of tickets that came or changed since last time; returns how many were looked at."""
        tickets, contacts, state = HeardTickets(self.database), Contacts(self.database), LogState(self.database)
        heard = int(state.get(_HEARD) or 0)
        total, done = tickets.count_after(heard), 0
        while piece := tickets.after(heard):
            contacts.add_all([contact_of(ticket) for ticket in piece])
            heard = piece[-1].version_id
            # Killed before this line, the same tickets are heard again, to no effect.
            state.set(_HEARD, heard)
            done += len(piece)
            if progress:
                progress(done, total, piece[-1].key)
        return done

    def theme_of(self, vector: Vectors) -> str | None:
        """The theme that a contact with this vector, shape `(d,)`, falls into today; None for none."""
        places = self.places()
        if not places:
            return None
        from assistant.gaps.themes.identity import assign

        return assign(vector, places)

    def places(self) -> list[ThemePlace]:
        """Where the themes lie today."""
        found = Themes(self.database).places(self.embedder.model_id)
        if not found:
            return []
        # Imported late: what reads themes costs half a second, and a desk without themes does not need it.
        from assistant.gaps.themes.identity import Place as ThemePlace

        return [ThemePlace(theme, tuple(p.centre.tolist()), p.reach) for theme, p in found.items()]


def contact_of(ticket: HeardTicket) -> NewContact:
    """A ticket's customer problem as a contact, with how satisfied they were where the helpdesk asked."""
    return NewContact(
        token=ticket_token(ticket.key), kind="ticket", channel=ticket.channel or "unknown",
        at=ticket.created_at or ticket.stored_at, title=ticket.title, text=ticket.problem or ticket.title,
        document_key=ticket.key, rating=ticket.rating, person_hash=ticket.person,
    )  # fmt: skip
