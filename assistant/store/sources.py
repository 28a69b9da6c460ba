"""The sources themselves: where knowledge comes from, when each is due, how its last run went.

What they bring is `corpus`; here is only the list. A removed source keeps its row, so that its documents
get their old ids back when it is added again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select, update

from assistant.errors import NotFound, UsageError
from assistant.store import tables as t
from assistant.store.corpus import Corpus
from assistant.store.database import Database

REMOVED = "removed"
_COUNTS = ("added", "updated", "unchanged", "removed", "failed", "embedded", "seconds")


@dataclass(frozen=True, slots=True)
class StoredSource:
    """One source as it is stored; `options` name where its key is found, never the key."""

    id: int
    name: str
    kind: str
    options: Mapping[str, Any]
    cursor: Mapping[str, Any]
    schedule_s: int | None
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_summary: Mapping[str, Any]
    last_error: str
    documents: int
    left_out: int

    def status(self) -> dict[str, Any]:
        """What lists show: when it ran, what that did, what failed, when it runs next."""
        return {
            "name": self.name,
            "kind": self.kind,
            "documents": self.documents,
            "left_out": self.left_out,
            "every_s": self.schedule_s,
            "last_run_at": _spelt(self.last_run_at),
            "last_run": {name: self.last_summary[name] for name in _COUNTS if name in self.last_summary},
            "error": self.last_error,
            "next_run_at": _spelt(self.next_run_at),
            "options": dict(self.options),
        }


class Sources:
    """Reads and writes the list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[StoredSource]:
        """Every source that was not removed, oldest first."""
        return self._found(_query().order_by(t.Source.id))

    def due(self, now: datetime) -> list[StoredSource]:
        """Those whose time has come, the longest due first."""
        return self._found(_query().where(t.Source.next_run_at <= now).order_by(t.Source.next_run_at))

    def hurry(self, source_id: int) -> None:
        """Make the source due now, whatever its schedule."""
        self._set(source_id, next_run_at=datetime.now(UTC))

    def get(self, name: str) -> StoredSource:
        """The source called `name`.

        Raises:
            NotFound: there is none.
        """
        found = self._found(_query().where(t.Source.name == name))
        if not found:
            raise NotFound(f"There is no source {name!r}. `waypost sources list` shows those that there are.")
        return found[0]

    def add(
        self, name: str, kind: str, options: Mapping[str, Any], *, schedule_s: int | None = None, again: bool = False
    ) -> StoredSource:
        """A new source, a removed one back, or new options and schedule for the one that is there.

        With `again` its schedule stays.

        Raises:
            UsageError: there is another source of that name: of another kind, or at another address.
        """
        with self._database.write() as connection:
            row = connection.execute(select(t.Source).where(t.Source.name == name)).first()
            if row is not None and row.kind != REMOVED and _place(row.kind, row.options) != _place(kind, options):
                raise UsageError(
                    f"There is another source {name!r} already ({row.kind}). Remove it first, or choose another --name."
                )
            values: dict[str, Any] = {"kind": kind, "options": dict(options)}
            if row is None or row.kind == REMOVED:
                values |= {"fingerprint": "", "last_error": ""}
            if row is None or row.kind == REMOVED or not again:
                next_run = datetime.now(UTC) if schedule_s else None
                values |= {"schedule_s": schedule_s, "next_run_at": next_run}
            if row is None:
                created = insert(t.Source).values(name=name, created_at=datetime.now(UTC), **values)
                connection.execute(created)
            else:
                connection.execute(update(t.Source).where(t.Source.id == row.id).values(**values))
        return self.get(name)

    def remove(self, name: str) -> int:
        """Take the source off the list, then its documents out of every answer. Returns how many those were.

        Raises:
            NotFound: there is none of that name.
        """
        source = self.get(name)
        gone = {
            "kind": REMOVED, "schedule_s": None, "next_run_at": None, "fingerprint": "", "cursor": None,
            "last_error": "",
        }  # fmt: skip
        self._set(source.id, **gone)
        return self.clear(source.id)

    def clear(self, source_id: int) -> int:
        """Tombstone every document of the source and forget its quarantine."""
        corpus = Corpus(self._database)
        live = [known.document_id for known in corpus.known(source_id).values() if not known.deleted]
        corpus.clear_quarantine(source_id, list(corpus.quarantined(source_id)))
        return corpus.remove(live)

    def is_removed(self, source_id: int) -> bool:
        """Whether somebody took the source off the list meanwhile."""
        with self._database.read() as connection:
            return connection.scalar(select(t.Source.kind).where(t.Source.id == source_id)) in (REMOVED, None)

    def keep_cursor(self, source_id: int, cursor: Mapping[str, Any]) -> None:
        """How far the source was read; what it covers is stored already."""
        self._set(source_id, cursor=dict(cursor))

    def ended(
        self, source: StoredSource, summary: Mapping[str, Any] | None, error: str, *, wait_s: float | None = None
    ) -> None:
        """Record a run and when the next one is due: after `wait_s`, else after the schedule's interval."""
        now = datetime.now(UTC)
        pause = wait_s if wait_s is not None else source.schedule_s
        values: dict[str, Any] = {"last_run_at": now, "last_error": error[:2000]}
        if summary is not None:
            values["last_summary"] = dict(summary)
        values["next_run_at"] = now + timedelta(seconds=pause) if source.schedule_s and pause is not None else None
        self._set(source.id, **values)

    def move(self, source_id: int, old: str, new: str) -> None:
        """The record known as `old` is `new` from now on; its document keeps its id and its history."""
        there = select(t.Document.id).where(t.Document.source_id == source_id, t.Document.source_key == new)
        with self._database.write() as connection:
            if connection.scalar(there) is None:
                connection.execute(
                    update(t.Document)
                    .where(t.Document.source_id == source_id, t.Document.source_key == old)
                    .values(source_key=new)
                )

    def _set(self, source_id: int, **values: Any) -> None:
        still: ColumnElement[bool] = t.Source.kind != REMOVED
        with self._database.write() as connection:
            connection.execute(update(t.Source).where(t.Source.id == source_id, still).values(**values))

    def _found(self, query: Select[Any]) -> list[StoredSource]:
        with self._database.read() as connection:
            rows = connection.execute(query.where(t.Source.kind != REMOVED)).all()
        return [_stored(row) for row in rows]


def _query() -> Select[Any]:
    live = select(func.count(t.Document.id)).where(t.Document.source_id == t.Source.id, t.Document.deleted_at.is_(None))
    left_out = select(func.count(t.Quarantined.id)).where(t.Quarantined.source_id == t.Source.id)
    return select(t.Source, live.scalar_subquery().label("documents"), left_out.scalar_subquery().label("left_out"))


def _stored(row: Any) -> StoredSource:
    return StoredSource(
        row.id, row.name, row.kind, row.options, row.cursor or {}, row.schedule_s, row.next_run_at, row.last_run_at,
        row.last_summary or {}, row.last_error, row.documents, row.left_out,
    )  # fmt: skip


def _place(kind: str, options: Mapping[str, Any]) -> tuple[str, object]:
    return kind, options.get("address")


def _spelt(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
