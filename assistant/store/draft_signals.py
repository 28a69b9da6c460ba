"""What agents do with drafts as signals, written in the transaction that records the deed itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, update

from assistant.records import NewSignal, SignalType
from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.signals import write_signals

HEAVY_EDIT = 0.5
"""Share of words changed from which an edit counts: half of the reply is another one."""

LONGEST_MINUTES = 120.0
"""A draft that was open for longer was not worked on all the time."""


@dataclass(frozen=True, slots=True)
class FeedbackWords:
    """What an agent said about a draft."""

    rating: str
    reasons: tuple[str, ...]
    note: str
    proposed_fix: str


def signal_event(
    connection: Connection,
    draft_id: str,
    kind: str,
    actor: str,
    distance: float | None,
    sources: Sequence[str],
    *,
    chosen: bool = False,
) -> None:
    """A discarded draft, or one that was sent (or edited) far from what was drafted: one signal per cited article.

    So for a draft in use whose article the agent had `chosen`: the answer was there, and the search led elsewhere.
    Sending also measures the contact's handle time: the minutes since the draft was shown first.
    """
    if chosen and kind in ("copied", "inserted", "sent"):
        _write(connection, draft_id, "found_by_agent", actor, None, sources, f"found_by_agent:{draft_id}")
    if kind == "sent":
        _measure(connection, draft_id)
    if kind == "discarded":
        _write(connection, draft_id, "discarded", actor, None, sources, f"discarded:{draft_id}")
    elif kind in ("sent", "edited") and distance is not None and distance >= HEAVY_EDIT:
        _write(connection, draft_id, "edited", actor, distance, sources, f"edited:{draft_id}")


def signal_feedback(
    connection: Connection, draft_id: str, feedback_id: int, actor: str, words: FeedbackWords, sources: Sequence[str]
) -> None:
    """A draft rated down, and the reasons or the proposal that came with a rating."""
    evidence = {"reasons": list(words.reasons), "note": words.note[:500]}
    if words.rating == "down":
        _write(connection, draft_id, "rejected", actor, None, sources, f"rejected:{feedback_id}", evidence)
    if words.proposed_fix:
        said = {**evidence, "prevented_by": words.proposed_fix[:2000]}
        _write(connection, draft_id, "flagged", actor, None, (), f"flagged:feedback:{feedback_id}", said)


def _measure(connection: Connection, draft_id: str) -> None:
    contact_id = contact_of_draft(connection, draft_id)
    shown = select(func.min(t.DraftEvent.at)).where(t.DraftEvent.draft_id == draft_id, t.DraftEvent.kind == "shown")
    begun = connection.scalar(shown)
    if contact_id is None or begun is None:
        return
    minutes = (datetime.now(UTC) - begun).total_seconds() / 60
    if minutes <= LONGEST_MINUTES:
        measured = update(g.Contact).where(g.Contact.id == contact_id, g.Contact.minutes.is_(None))
        connection.execute(measured.values(minutes=round(minutes, 2)))


def contact_of_draft(connection: Connection, draft_id: str) -> int | None:
    """The contact that the draft answered; None where it was asked before contacts were kept."""
    origin = origin_of(connection, draft_id)
    direct = connection.scalar(select(g.Contact.id).where(g.Contact.draft_id == origin).limit(1))
    if direct is not None:
        return int(direct)
    ticket = connection.scalar(select(t.Draft.ticket_id).where(t.Draft.id == origin))
    if not ticket:
        return None
    found = connection.scalar(select(g.Contact.id).where(g.Contact.token == f"ticket:{ticket}"))
    return None if found is None else int(found)


def origin_of(connection: Connection, draft_id: str) -> str:
    """The draft that was asked for, of which this one is a rewriting, or a rewriting of a rewriting."""
    while parent := connection.scalar(select(t.Draft.parent_id).where(t.Draft.id == draft_id)):
        draft_id = parent
    return draft_id


def _write(
    connection: Connection,
    draft_id: str,
    kind: SignalType,
    actor: str,
    value: float | None,
    sources: Sequence[str],
    token: str,
    evidence: Mapping[str, object] | None = None,
) -> None:
    contact_id = contact_of_draft(connection, draft_id)
    if contact_id is None:
        return
    at = datetime.now(UTC)
    said = {"draft_id": draft_id, **(evidence or {})}
    signals = [
        NewSignal(f"{token}:{key}" if key else token, kind, at, contact_id, None, key, value, actor, said)
        for key in (sources or ("",))
    ]
    write_signals(connection, signals)
