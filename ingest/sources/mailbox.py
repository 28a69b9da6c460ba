"""Mail files to tickets: messages that answer each other, or share subject and people, are one conversation.

Two passes: the first reads headers and keeps places, the second reads the text of those conversations that changed,
so that a mailbox of any size takes the memory of its headers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.domain import Document
from assistant.errors import UnreadableItem
from ingest.sandbox import shared
from ingest.sources.item import Defaults, Item, revision_of
from ingest.sources.piece import MAX_ITEM_BYTES, Piece, told_where, too_big, unreadable
from ingest.tickets import ticket_document

_PREFIX = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|antw|tr|rv|rif|odp)\s*(?:\[\d+\])?\s*:\s*|\[[^\]]{1,40}\]\s*)", re.IGNORECASE
)
_SAME_SUBJECT = timedelta(days=30)
_SHARED_HOSTS = frozenset(
    """gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de
    gmx.net gmx.com web.de t-online.de orange.fr free.fr laposte.net libero.it wp.pl o2.pl proton.me protonmail.com
    mail.com yandex.ru mail.ru""".split()
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in its file: `[start, start + size)` of the piece's bytes, and what its header says."""

    piece: Piece
    start: int
    size: int
    digest: str
    head: dict[str, Any]

    @property
    def at(self) -> datetime:
        """When it was sent, the epoch when it does not say."""
        return datetime.fromisoformat(self.head["at"]) if self.head["at"] else datetime.fromtimestamp(0, UTC)

    @property
    def subject(self) -> str:
        """Without "Re:" and its like."""
        subject = str(self.head["subject"])
        while match := _PREFIX.match(subject):
            subject = subject[match.end() :]
        return subject.strip()

    @property
    def people(self) -> set[str]:
        """The addresses of all who took part."""
        return {address for _, address in (*self.head["from"], *self.head["to"])}


def mail_items(pieces: Iterable[Piece], defaults: Defaults) -> Iterator[Item]:
    """An item for each conversation in the files, and one for each mail that cannot be read."""
    letters: list[Letter] = []
    for piece in pieces:
        for start, raw in _raw_letters(piece):
            where = f"{piece.key}, byte {start}" if start else piece.key
            try:
                if len(raw) > MAX_ITEM_BYTES:
                    raise UnreadableItem(too_big(len(raw)))
                found = shared().parse("mail_head", raw)
            except UnreadableItem as error:
                yield unreadable(f"{piece.key}@{start}", where, str(error), raw, defaults)
                continue
            letters.append(Letter(piece, start, len(raw), hashlib.sha256(raw).hexdigest(), found))
    for conversation in conversations(letters):
        yield _item(conversation, defaults)


def conversations(letters: Sequence[Letter]) -> list[list[Letter]]:
    """Letters by conversation, each in order of time, conversations by their first letter."""
    groups = _Groups(len(letters))
    by_id: dict[str, int] = {}
    by_subject: dict[str, int] = {}
    order = sorted(range(len(letters)), key=lambda n: (letters[n].at, letters[n].piece.key, letters[n].start))
    for number in order:
        letter = letters[number]
        for name in (letter.head["id"], *letter.head["references"]):
            if name:
                groups.join(number, by_id.setdefault(name, number))
        subject = letter.subject.casefold()
        before = by_subject.get(subject) if subject else None
        is_answer = bool(letter.head["references"]) or letter.subject != letter.head["subject"].strip()
        if before is not None and is_answer and _is_same(letters[before], letter):
            groups.join(number, before)
        by_subject[subject] = number
    found: dict[int, list[Letter]] = {}
    for number in order:
        found.setdefault(groups.root(number), []).append(letters[number])
    return list(found.values())


def _is_same(before: Letter, letter: Letter) -> bool:
    return letter.at - before.at <= _SAME_SUBJECT and bool(letter.people & before.people)


class _Groups:
    """Disjoint sets of numbers."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def root(self, number: int) -> int:
        while self._above[number] != number:
            self._above[number] = number = self._above[self._above[number]]
        return number

    def join(self, one: int, other: int) -> None:
        self._above[self.root(one)] = self.root(other)


def _raw_letters(piece: Piece) -> Iterator[tuple[int, bytes]]:
    """Place and bytes of each mail of a file; one larger than allowed comes cut, and longer than that."""
    with piece.opened() as file:
        if piece.suffix != ".mbox":
            yield 0, file.read(MAX_ITEM_BYTES + 1)
            return
        lines: list[bytes] = []
        start, at, size, empty = 0, 0, 0, True
        while line := file.readline(1 << 20):
            if line.startswith(b"From ") and empty:
                if lines:
                    yield start, b"".join(lines)
                start, lines, size = at + len(line), [], 0
            elif size <= MAX_ITEM_BYTES:
                lines.append(line[1:] if line.startswith(b">From ") else line)
                size += len(line)
            empty = not line.strip()
            at += len(line)
        if lines:
            yield start, b"".join(lines)


def _item(letters: Sequence[Letter], defaults: Defaults) -> Item:
    first = letters[0]
    root = (*first.head["references"], first.head["id"] or first.digest)[0]
    # An id of a mail often holds the name of a mailbox: its hash tells the conversation apart as well.
    key = f"mail-{hashlib.sha256(root.encode()).hexdigest()[:16]}"
    where = first.piece.key if len(letters) == 1 else f"{first.piece.key} and {len(letters) - 1} more mails"

    def load() -> Document:
        with told_where(where):
            return ticket_document(_record(key, letters, defaults), defaults.rules)

    return Item(key, revision_of("".join(letter.digest for letter in letters).encode(), defaults), where, load)


def _record(key: str, letters: Sequence[Letter], defaults: Defaults) -> dict[str, object]:
    """The conversation as a line of `tickets.jsonl`."""
    mails = [shared().parse("mail", _bytes_of(letter)) for letter in letters]
    spoken = [mail for mail in mails if not mail["automatic"] and mail["text"].strip()]
    if not spoken:
        raise UnreadableItem("expected a mail that a person wrote, found none with text.")
    sides = _Sides(mails, defaults.own_addresses)
    messages = [
        {"by": sides.side(mail), "text": mail["text"], "at": mail["at"] or None, "author": _named(mail["from"])}
        for mail in spoken
    ]
    created = next((mail["at"] for mail in mails if mail["at"]), datetime.fromtimestamp(0, UTC).isoformat())
    people = [person for mail in mails for person in (*mail["from"], *mail["to"])]
    return {
        "id": key, "created": created, "subject": letters[0].subject, "messages": messages, "channel": "email",
        "agents": [_named([person]) for person in people if any(person)],
    }  # fmt: skip


def _named(people: Sequence[Sequence[str]]) -> dict[str, str]:
    name, address = people[0] if people else ("", "")
    return {"name": name, "email": address}


def _bytes_of(letter: Letter) -> bytes:
    for start, raw in _raw_letters(letter.piece) if letter.start else [(0, letter.piece.read())]:
        if start == letter.start:
            return raw
    raise UnreadableItem("the file changed while it was read. Run again.")


class _Sides:
    """Who of a conversation is the desk: its own addresses where they are set, else whom the first mail was sent to."""

    def __init__(self, mails: Sequence[dict[str, Any]], own: Sequence[str]) -> None:
        self._own = {address.strip().lower().lstrip("@") for address in own}
        first = mails[0]
        self._customer = {address for _, address in first["from"]}
        asked = {address for _, address in first["to"]}
        hosts = {_host(address) for address in asked} - {_host(address) for address in self._customer} - _SHARED_HOSTS
        self._desk = set() if self._own else asked | hosts

    def side(self, mail: dict[str, Any]) -> str:
        """Who speaks: an agent or a customer."""
        senders = {address for _, address in mail["from"]}
        desk = self._own or self._desk
        is_desk = any(address in desk or _host(address) in desk for address in senders)
        return "agent" if is_desk and (self._own or not senders & self._customer) else "customer"


def _host(address: str) -> str:
    return address.rsplit("@", 1)[-1]
