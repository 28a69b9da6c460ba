"""What the answer half knows of contacts, put together for the triage: verdicts, articles, what agents did, how often.

Read by `labelling`. What becomes known after a label was given is found once a night.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from assistant.gaps import distributions
from assistant.gaps.triage.answered import Known, outcome
from assistant.records import Contact, Signal
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.outcomes import Outcomes
from assistant.store.signals import Signals

_NEAR = timedelta(weeks=13)
_PIECE = 500


def outcomes(database: Database, contacts: Sequence[Contact]) -> dict[int, str]:
    """The outcome of each contact of which something is known."""
    if not contacts:
        return {}
    read = Outcomes(database)
    signals = Signals(database).of_contacts([c.id for c in contacts])
    articles = read.public({key for c in contacts for key in c.nearest})
    often = read.asked_often()
    found: dict[int, str] = {}
    for contact in contacts:
        near = any(abs(at - contact.at) <= _NEAR for at in often.get(contact.theme_id or "", ()))
        said = outcome(_known(contact, signals.get(contact.id, ()), articles, often=near))
        if said:
            found[contact.id] = said
    return found


def reconsider(database: Database) -> int:
    """Let contacts wait for a new label whose answers came out otherwise since the last one; returns how many."""
    contacts, read = Contacts(database), Outcomes(database)
    ids, stale = read.known(), 0
    for at in range(0, len(ids), _PIECE):
        piece = [c for c in contacts.many(ids[at : at + _PIECE]) if c.reason.by]
        now = outcomes(database, piece)
        changed = [c.id for c in piece if now.get(c.id, "") != distributions.outcome(c.reason)]
        if changed:
            read.wait(changed)
        stale += len(changed)
    return stale


def _known(contact: Contact, signals: Sequence[Signal], articles: set[str], *, often: bool) -> Known:
    return Known(
        verdict=contact.verdict,
        confidence=contact.confidence,
        public=not contact.nearest or bool(articles.intersection(contact.nearest)),
        signals={signal.type for signal in signals},
        reasons={str(reason) for signal in signals for reason in signal.evidence.get("reasons") or ()},
        often=often,
    )
