"""Tickets of a helpdesk that come as a list of headers, each with a conversation to be asked for.

An unchanged ticket costs nothing, a ticket whose conversation fails is remembered and asked for again in the
next run, and several failures in a row are the helpdesk's, not a ticket's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from assistant.domain import Document
from assistant.errors import SourceError, UnreadableItem
from ingest.sources.api import Record, broken, record_id, refused, shaped
from ingest.sources.feed import Event, Gone, Memory, Reading
from ingest.sources.item import Item
from ingest.tickets import ticket_document

PREFIX = "ticket/"
_FAILURES_IN_A_ROW = 3


@dataclass
class Conversations:
    """The tickets of one run. `again` are ids that failed, to be kept with the mark."""

    how: Reading
    memory: Memory
    again: list[str] = field(default_factory=list)
    _in_a_row: int = 0
    _done: set[tuple[str, str]] = field(default_factory=set)

    @property
    def failed_before(self) -> tuple[str, ...]:
        """Ids that the last run could not read."""
        return tuple(map(str, self.memory.cursor.get("again", ())))

    def told(
        self,
        headers: Iterable[object],
        changed: Callable[[Record], object],
        whole: Callable[[Record], Record | None],
    ) -> Iterator[Event]:
        """Events of tickets: `changed` stands for a header's state, `whole` makes it a line of `tickets.jsonl`.

        `whole` returns None for a ticket that is gone.

        Raises:
            SourceError: the helpdesk asks to wait, refuses, or failed several times in a row.
        """
        for header in headers:
            number = record_id(header)
            if number is None or not isinstance(header, dict):
                yield broken(PREFIX, header)
            else:
                yield from self._one(header, f"{PREFIX}{number}", number, changed, whole)

    def _one(
        self,
        header: Record,
        key: str,
        number: str,
        changed: Callable[[Record], object],
        whole: Callable[[Record], Record | None],
    ) -> Iterator[Event]:
        try:
            revision = self.how.revision(shaped(changed, header))
        except UnreadableItem as error:
            yield refused(key, header, str(error))
            return
        if (key, revision) in self._done:
            return  # pages overlap where a list is read by its times of change
        self._done.add((key, revision))
        if self.memory.revisions.get(key) == revision:
            yield Item(key, revision, key, _unchanged)
            return
        try:
            record = shaped(whole, header)
        except UnreadableItem as error:
            yield refused(key, header, str(error))
            return
        except SourceError as error:
            self._in_a_row += 1
            if error.wait_s or not error.retry or self._in_a_row >= _FAILURES_IN_A_ROW:
                raise
            self.again.append(number)
            yield refused(key, header, str(error))
            return
        self._in_a_row = 0
        yield Gone(key) if record is None else ticket_item(self.how, key, revision, record)


def ticket_item(how: Reading, key: str, revision: str, record: Record) -> Item:
    """The item of a ticket; its fields are those of `tickets.jsonl`."""
    return Item(key, revision, key, lambda: ticket_document(record, how.defaults.rules))


def _unchanged() -> Document:
    raise AssertionError("a ticket that did not change is not read")
