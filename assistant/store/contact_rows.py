"""Contacts between table and record: which rows, which columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from assistant.records import Contact, Counted, Reason
from assistant.store import gap_tables as g
from assistant.store.knowledge import Row
from assistant.store.theme_ids import theme_id, theme_number


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts; empty fields do not restrict. `theme_id` "none" means those without a theme."""

    since: datetime | None = None
    until: datetime | None = None
    theme_id: str = ""
    channel: str = ""
    kind: str = ""
    text: str = ""
    unread_by: str = ""


def filtered(query: Select[*Row], wanted: ContactFilter) -> Select[*Row]:
    """`query` over contacts, restricted."""
    if wanted.since:
        query = query.where(g.Contact.at >= wanted.since)
    if wanted.until:
        query = query.where(g.Contact.at < wanted.until)
    if wanted.theme_id:
        none = wanted.theme_id == "none"
        query = query.where(
            g.Contact.theme_id.is_(None) if none else g.Contact.theme_id == theme_number(wanted.theme_id)
        )
    for column, value in ((g.Contact.channel, wanted.channel), (g.Contact.kind, wanted.kind)):
        if value:
            query = query.where(column == value)
    if wanted.text:
        query = query.where(
            or_(*(c.icontains(wanted.text, autoescape=True) for c in (g.Contact.text, g.Contact.title)))
        )
    if wanted.unread_by:
        read = select(g.ContactRead.contact_id).where(g.ContactRead.actor == wanted.unread_by)
        query = query.where(g.Contact.id.not_in(read))
    return query


def shown_contact(row: Any) -> Contact:
    """A row of the table as a record."""
    return Contact(
        id=row.id, token=row.token, kind=row.kind, channel=row.channel, at=row.at, title=row.title, text=row.text,
        person=row.person, rating=row.rating, document_key=row.document_key, draft_id=row.draft_id,
        gap_id=row.gap_id, verdict=row.verdict, confidence=row.confidence, nearest=tuple(row.nearest),
        minutes=row.minutes, reason=_reason(row), theme_id=theme_id(row.theme_id), pinned=row.pinned,
    )  # fmt: skip


COUNTED = (
    g.Contact.id, g.Contact.at, g.Contact.channel, g.Contact.person, g.Contact.rating, g.Contact.minutes,
    g.Contact.verdict, g.Contact.confidence, g.Contact.cause, g.Contact.cause_probability, g.Contact.stage,
    g.Contact.stage_probability, g.Contact.quote, g.Contact.party, g.Contact.labelled_by, g.Contact.shares,
    g.Contact.theme_id,
)  # fmt: skip


def counted_contact(row: Any) -> Counted:
    """A row of `COUNTED` as a record."""
    return Counted(
        row.id, row.at, row.channel, row.person, row.rating, row.minutes, row.verdict, row.confidence, _reason(row),
        theme_id(row.theme_id),
    )  # fmt: skip


def _reason(row: Any) -> Reason:
    return Reason(
        row.cause,
        row.cause_probability,
        row.stage,
        row.stage_probability,
        row.quote,
        row.party,
        row.labelled_by,
        row.shares or "",
    )


def label_columns(reason: Reason) -> dict[str, Any]:
    """The columns that hold `reason`."""
    return {
        "cause": reason.cause, "cause_probability": reason.cause_probability, "stage": reason.stage,
        "stage_probability": reason.stage_probability, "quote": reason.quote, "party": reason.party,
        "labelled_by": reason.by, "shares": reason.shares,
    }  # fmt: skip
