"""Helpdesk tickets to documents: the public conversation, each side's own words, as blocks by side."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from itertools import groupby
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assistant.cleaning import cleaned
from assistant.domain import Document
from assistant.errors import UnreadableItem
from assistant.redaction import Known, Person, Redacted, Rules, redacted, redacted_together
from ingest.replies import is_automatic, own_text
from ingest.structure.plain import is_wrapped, paragraphs, write_lines
from ingest.structure.visible import VisibleBuilder

Side = Literal["customer", "agent"]

_LINK = re.compile(r"https?://[^\s<>\"'`\]\[{}|\\^\u201c\u201d\u00ab\u00bb]+", re.IGNORECASE)
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_SENTENCE_MARKS = ".,;:!?'\"*_~\u2026"
_LONG_LINE = 100
_REMEMBERED = 200_000  # characters of the conversation that quotations are looked for in


def instant(value: object) -> datetime:
    """The moment a time of a file names, in UTC; a time without a zone is UTC.

    Raises:
        ValueError: neither ISO 8601 nor the form below.

    >>> instant("2024-07-01 12:13:00 +0000") == instant("2024-07-01T14:13:00+02:00")
    True
    """
    if isinstance(value, str):
        found = datetime.fromisoformat(_SPACED_OFFSET.sub("", value.strip()))
    elif isinstance(value, datetime):
        found = value
    else:  # pydantic turns a ValueError into the record's error, a TypeError not
        raise ValueError("expected a time such as 2024-07-01T12:13:00Z or 2024-07-01 12:13:00 +0000")  # noqa: TRY004
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _as_text(value: object) -> object:
    """Numbers are fine as ids and subjects, nothing as a text that is not there."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_person(value: object) -> Person:
    """A participant however a record spells one: a name, an address, "name <address>", or an object with both."""
    fields = value if isinstance(value, Mapping) else {"name": value}
    spelt = [str(fields[key]) for key in ("name", "full_name", "username", "email", "address") if fields.get(key)]
    named = [parseaddr(text) if "@" in text else (text, "") for text in map(cleaned, spelt)]
    return Person(
        tuple(dict.fromkeys(name.strip() for name, _ in named if name.strip())),
        tuple(dict.fromkeys(address for _, address in named if address)),
    )


def _as_people(value: object) -> tuple[Person, ...]:
    people = map(_as_person, value if isinstance(value, list | tuple) else [value] if value else [])
    return tuple(person for person in people if person.names or person.emails)


_Text = Annotated[str, BeforeValidator(_as_text)]
_Time = Annotated[datetime, BeforeValidator(instant)]
_People = Annotated[tuple[Person, ...], BeforeValidator(_as_people)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    by: Side
    text: _Text
    at: _Time | None = None
    public: bool = True
    author: _People = ()


class _Ticket(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    id: _Text
    created: _Time
    subject: _Text = ""
    messages: tuple[_Message, ...]
    status: _Text = ""
    channel: _Text = ""
    tags: tuple[str, ...] = ()
    url: _Text = ""
    locale: _Text = ""
    product: _Text = ""
    rating: Annotated[float, Field(ge=1, le=5)] | None = None
    requester: _People = ()
    agents: _People = ()

    @property
    def person(self) -> str:
        """What tells who wrote apart from others: an address if there is one, else a name; empty where none is told."""
        people = self.requester or next((m.author for m in self.messages if m.by == "customer"), ())
        return next((word for person in people for word in (*person.emails, *person.names)), "")

    def known(self) -> Known:
        """Who takes part, as far as the record says."""
        people = (*self.requester, *self.agents, *(person for message in self.messages for person in message.author))
        return Known(tuple(dict.fromkeys(people)), (self.product,) if self.product else (), self.locale)


class Redact(Protocol):
    """Takes what is personal out of the texts of one conversation."""

    def __call__(self, texts: Sequence[str], known: Known, rules: Rules) -> Sequence[Redacted]:
        """The texts in order, each redacted."""
        ...


def ticket_document(
    record: Mapping[str, object], rules: Rules = Rules(), *, redact: Redact = redacted_together
) -> Document:
    """The document of one line of `tickets.jsonl`, without what is personal or secret.

    Its text is the public messages without quoted history, signatures and automatic replies; blocks are
    paragraphs of kind "customer" or "agent". `agent_links` are the addresses in agents' own words, in order.
    Every source redacts by `redacted_together`; what redaction costs is measured by giving another `redact`.

    Raises:
        UnreadableItem: a field is missing or is not what the format says.
    """
    ticket = _validated(record, rules)
    said, subject, tags = _redacted(ticket, _own_messages(ticket), rules, redact)
    builder = VisibleBuilder()
    for side, texts in groupby(said, key=lambda message: message[0]):
        for _, text in texts:
            _write_message(builder, side, text)
    visible = builder.built()
    return Document(
        key=ticket.id,
        kind="ticket",
        audience="internal",
        title=subject,
        text=visible.text,
        blocks=visible.blocks,
        revision=_revision(record),
        url=ticket.url,
        created_at=ticket.created,
        updated_at=max([ticket.created, *(message.at for message in ticket.messages if message.at)]),
        locale=ticket.locale,
        product=ticket.product,
        channel=ticket.channel,
        status=ticket.status,
        tags=tags,
        agent_links=_links(text for side, text in said if side == "agent"),
        rating=ticket.rating,
        person=ticket.person,
    )


def _redacted(
    ticket: _Ticket, said: Sequence[tuple[Side, str]], rules: Rules, redact: Redact
) -> tuple[list[tuple[Side, str]], str, tuple[str, ...]]:
    """Messages, subject and tags with placeholders that agree."""
    subject = " ".join(cleaned(ticket.subject).split())
    texts = [subject, *(text for _, text in said), *ticket.tags]
    kept = [found.text for found in redact(texts, ticket.known(), rules)]
    sides = [side for side, _ in said]
    return list(zip(sides, kept[1 : len(said) + 1], strict=True)), kept[0], tuple(kept[len(said) + 1 :])


def _validated(record: Mapping[str, object], rules: Rules) -> _Ticket:
    try:
        ticket = _Ticket.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "record"
        found = "nothing" if first["type"] == "missing" else repr(first["input"])[:80]
        reason = (
            f"Ticket {str(record.get('id', '?'))[:80]!r}, field {field}: "
            f"expected {_expected(first['msg'])}, found {found}."
        )
        # The reason is stored and shown: it must not tell what the ticket itself may not. Nor may what caused it.
        raise UnreadableItem(redacted(reason, rules=rules).text) from None
    if not ticket.id.strip():
        raise UnreadableItem(
            f"Ticket without an id, field id: expected a text or a number, found {record.get('id')!r}."
        )
    return ticket


def _expected(message: str) -> str:
    """Pydantic's sentence as what comes after "expected"."""
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return "the field" if message == "Field required" else message.removeprefix("expected ")


def _own_messages(ticket: _Ticket) -> list[tuple[Side, str]]:
    """Side and own words of each public message, messages of machines and empty ones left out."""
    said: list[tuple[Side, str]] = []
    earlier = ""
    for message in ticket.messages:
        text = cleaned(message.text)
        if not message.public or not text.strip():
            continue
        if not (said or message.by == "agent") or not is_automatic(text):
            people = message.author or (ticket.requester if message.by == "customer" else ticket.agents)
            said.append((message.by, own_text(text, earlier, [name for person in people for name in person.names])))
        earlier = f"{earlier} {' '.join(text.split())}"[-_REMEMBERED:].strip()
    return said


def _write_message(builder: VisibleBuilder, side: Side, text: str) -> None:
    """One block for each paragraph; in unwrapped text a long line is a paragraph of its own."""
    for lines in paragraphs(text):
        apart = not is_wrapped(lines) and any(len(line) > _LONG_LINE for line in lines)
        for part in [[line] for line in lines] if apart else [lines]:
            write_lines(builder, part)
            builder.end(side)


def _links(texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        for match in _LINK.finditer(text):
            found.setdefault(_address(match[0]))
    return tuple(found)


def _address(found: str) -> str:
    """Without the punctuation of the sentence around it; a bracket stays if its partner is inside."""
    unpaired = found.count(")") - found.count("(")
    end = len(found)
    while end and (found[end - 1] in _SENTENCE_MARKS or (found[end - 1] == ")" and unpaired > 0)):
        unpaired -= found[end - 1] == ")"
        end -= 1
    return found[:end]


def _revision(record: Mapping[str, object]) -> str:
    canonical = json.dumps(record, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
