"""Routes of single contacts: listening to them, and saying why they were made."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from assistant.api.auth import Asker, GapWorker
from assistant.api.services import Served
from assistant.api.theme_schemas import ContactRequest, Day, ReasonRequest
from assistant.cleaning import cleaned
from assistant.errors import UsageError
from assistant.gaplog.board import moments
from assistant.gaplog.log import GapLog
from assistant.gaps import shapes
from assistant.records import Contact, NewContact
from assistant.redaction import Known, Person
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.listened import Listened
from assistant.store.overrides import Overrides

router = APIRouter(prefix="/v1", tags=["contacts"])


@router.get("/themes/{theme_id}/contacts")
def contacts_of_theme(
    theme_id: str,
    caller: Asker,
    services: Served,
    sample: Annotated[int, Query(ge=0, le=100, description="So many, as different as they can be; 0 pages.")] = 0,
    unread: bool = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Real contacts of a theme: a varied sample to listen to, or a page of them, latest first."""
    heard = services.gap_log.listening(theme_id, caller.name)
    found = heard.sampled(sample, unread=unread) if sample else heard.page(limit, offset, unread=unread)
    return {"total": heard.total, "read": heard.read, "contacts": shown(services.gap_log, found)}


@router.get("/contacts")
def list_contacts(
    caller: Asker,  # noqa: ARG001
    services: Served,
    theme: Annotated[str, Query(max_length=20, description='A theme, or "none" for contacts that no theme holds')] = "",
    since: Day = None,
    until: Day = None,
    text: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Contacts of a period, latest first; those in no theme are what the grouping left alone."""
    period = services.gap_log.board.period(since, until)
    first, after = moments(period)
    wanted = ContactFilter(since=first, until=after, theme_id=theme, text=cleaned(text))
    store = Contacts(services.database)
    found = shown(services.gap_log, store.page(wanted, limit=limit, offset=offset))
    return {"period": asdict(period), "total": store.count(wanted), "contacts": found}


@router.post("/contacts/{contact_id}/read")
def mark_read(contact_id: int, caller: Asker, services: Served) -> dict[str, Any]:
    """Remember that the caller listened to this contact."""
    return {"contact_id": contact_id, "readers": Listened(services.database).mark(contact_id, caller.name)}


@router.get("/contacts/{contact_id}")
def get_contact(contact_id: int, caller: Asker, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """One contact."""
    return shown(services.gap_log, [Contacts(services.database).get(contact_id)])[0]


@router.put("/contacts/{contact_id}/reason")
def say_reason(contact_id: int, body: ReasonRequest, caller: Asker, services: Served) -> dict[str, Any]:
    """Say why somebody wrote; it counts at once, is kept, and the model learns from it at night."""
    redactor = services.desk.redactor
    prevented = None if body.prevented_by is None else redactor.text(cleaned(body.prevented_by))
    Overrides(services.database).add(
        contact_id, caller.name, cause=body.cause, stage=body.stage, prevented_by=prevented
    )
    return shown(services.gap_log, [Contacts(services.database).get(contact_id)])[0]


@router.post("/contacts")
def add_contact(body: ContactRequest, caller: GapWorker, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """Take in a review, a survey comment or a question from elsewhere; it is kept with placeholders for persons."""
    if body.at is not None and body.at > datetime.now(UTC) + timedelta(days=1):
        raise UsageError(f"Expected a time up to now in 'at', found {body.at:%Y-%m-%d}. Check the clock it is from.")
    title, text = services.desk.redactor.texts([cleaned(body.title), cleaned(body.text)], known_person(body.person))
    contact = NewContact(
        token=f"{body.kind}:{cleaned(body.token)}", kind=body.kind, channel=cleaned(body.channel),
        at=body.at or datetime.now(UTC), text=text, title=title,
        person=cleaned(body.person), rating=body.rating,
    )  # fmt: skip
    contact_id = Contacts(services.database).add(contact)
    return shown(services.gap_log, [Contacts(services.database).get(contact_id)])[0]


def known_person(name: str) -> Known:
    """What redaction knows of a contact from elsewhere: who wrote it, where that is told."""
    return Known((Person((cleaned(name),)),) if name.strip() else ())


def shown(gap_log: GapLog, contacts: list[Contact]) -> list[dict[str, Any]]:
    """Contacts as JSON, with who read them and what was said about them."""
    ids = [contact.id for contact in contacts]
    readers, said = Listened(gap_log.database).readers(ids), Overrides(gap_log.database).of(ids)
    opinions = gap_log.labelling.opinions(ids)
    return [shapes.contact_json(c, readers.get(c.id, ()), said.get(c.id, ()), opinions.get(c.id)) for c in contacts]
