"""What the retest reads and writes: open gaps, what changed in the knowledge since, and what came out.

A run counts when it is finished; what a killed one left behind is thrown away by the next, which asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from assistant.records import Retested, RetestRun
from assistant.seams import Vectors
from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.encoding import vector_to_bytes, vectors_from_bytes
from assistant.store.log_state import read_state, write_state
from assistant.store.theme_ids import theme_id, theme_number

OPEN = ("new", "accepted", "in_progress")
ACTOR = "retest"
_UNFINISHED = -1.0
_STATE = "retested"


@dataclass(frozen=True, slots=True)
class Change:
    """Documents that came, changed or went since the last retest, and how far this one looked.

    `chunk_ids` are their live chunks, `gone` the keys of those that were deleted.
    """

    keys: tuple[str, ...]
    gone: tuple[str, ...]
    chunk_ids: frozenset[int]
    version_id: int
    at: str

    @property
    def documents(self) -> frozenset[str]:
        """Everything that changed, by key."""
        return frozenset((*self.keys, *self.gone))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a retest may ask again: an open gap, one that was closed, or an answered contact.

    `vector` is under `model_id`, None where it is not kept; `documents` are those that answered it or came nearest.
    """

    gap_id: int | None
    contact_id: int | None
    title: str
    text: str
    verdict: str
    confidence: float | None
    documents: tuple[str, ...]
    vector: Vectors | None
    model_id: str


class Retests:
    """Reads and writes retests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changed(self) -> Change:
        """What changed since the last finished retest; everything before the first."""
        with self._database.read() as connection:
            state = read_state(connection, _STATE) or {"version": 0, "at": "1970-01-01T00:00:00+00:00"}
            since = datetime.fromisoformat(state["at"])
            newest = int(connection.scalar(select(func.max(t.Version.id))) or 0)
            latest = connection.scalar(select(func.max(t.Document.deleted_at)))
            if newest <= state["version"] and (latest is None or latest <= since):
                return Change((), (), frozenset(), newest, state["at"])
            current = select(t.Document.key, t.Chunk.id).join(t.Chunk, t.Chunk.version_id == t.Document.version_id)
            current = current.where(t.Document.version_id > state["version"], t.Document.deleted_at.is_(None))
            rows = connection.execute(current).all()
            gone = connection.scalars(select(t.Document.key).where(t.Document.deleted_at > since)).all()
        return Change(
            tuple(dict.fromkeys(row[0] for row in rows)), tuple(gone), frozenset(row[1] for row in rows),
            newest, max(since, latest or since).isoformat(),
        )  # fmt: skip

    def open_gaps(self) -> list[Asked]:
        """Gaps that somebody may still be waiting for."""
        query = select(t.Gap, g.GapCheck.verdict, g.GapCheck.confidence, _last_confidence())
        query = query.join(g.GapCheck, g.GapCheck.gap_id == t.Gap.id, isouter=True).where(t.Gap.status.in_(OPEN))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(t.Gap.id)).all()
        return [_gap(row, tuple(row.nearest)) for row in rows]

    def closed_gaps(self, documents: frozenset[str]) -> list[Asked]:
        """Gaps that a retest closed and that one of these documents answers."""
        query = select(t.Gap, g.GapCheck.verdict, g.GapCheck.confidence, g.GapCheck.sources, _last_confidence())
        query = query.join(g.GapCheck, g.GapCheck.gap_id == t.Gap.id)
        query = query.where(t.Gap.status == "shipped", g.GapCheck.verdict == "answered")
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(t.Gap.id)).all()
        return [_gap(row, tuple(row.sources)) for row in rows if documents.intersection(row.sources)]

    def answered(self, documents: frozenset[str], limit: int) -> list[Asked]:
        """The latest questions that were answered from one of these documents."""
        query = select(g.Contact).where(g.Contact.verdict == "answered", g.Contact.kind == "question")
        found: list[Asked] = []
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(g.Contact.at.desc(), g.Contact.id.desc())):
                if documents.intersection(row.nearest):
                    found.append(
                        Asked(
                            None, row.id, row.title, row.text, "answered", row.confidence, tuple(row.nearest), None, ""
                        )
                    )
                    if len(found) == limit:
                        break
        return found

    def begin(self, trigger: str, open_gaps: int, changed_documents: int) -> int:
        """Begin a run and return its number; what an unfinished one left behind is thrown away."""
        with self._database.write() as connection:
            left = select(g.RetestRun.id).where(g.RetestRun.seconds == _UNFINISHED)
            connection.execute(delete(g.Retest).where(g.Retest.run.in_(left)))
            connection.execute(delete(g.RetestRun).where(g.RetestRun.seconds == _UNFINISHED))
            row = insert(g.RetestRun).values(
                trigger=trigger, open=open_gaps, asked=0, results={}, changed_documents=changed_documents,
                seconds=_UNFINISHED, at=datetime.now(UTC),
            )  # fmt: skip
            return int(connection.execute(row.returning(g.RetestRun.id)).scalar_one())

    def write(
        self, run: int, asked: Asked, result: str, verdict: str, confidence: float, sources: Sequence[str],
        changed: Sequence[str],
    ) -> None:  # fmt: skip
        """Store what came out for one question; a gap answered now is shipped, one that was lost is new again."""
        with self._database.write() as connection:
            row = insert(g.Retest).values(
                run=run, gap_id=asked.gap_id, contact_id=asked.contact_id, result=result, before=asked.verdict,
                after=verdict, confidence_before=asked.confidence, confidence_after=confidence, changed=list(changed),
                sources=list(sources), at=datetime.now(UTC),
            )  # fmt: skip
            connection.execute(row)
            if asked.gap_id is not None:
                _check(connection, asked.gap_id, verdict, confidence, sources)
                status = {"closed": "shipped", "regressed": "new"}.get(result)
                if status:
                    _set_status(connection, asked.gap_id, status)

    def place(self, gap_id: int, vector: Vectors, model_id: str) -> None:
        """Note where a gap's question lies, shape `(d,)`, under a model that it had no vector of."""
        with self._database.write() as connection:
            values = {"vector": vector_to_bytes(vector), "model_id": model_id}
            connection.execute(update(t.Gap).where(t.Gap.id == gap_id).values(**values))

    def finish(self, run: int, seconds: float, asked: int, results: Mapping[str, int], change: Change) -> None:
        """End a run: from now on it counts, and what it looked at is no longer new."""
        with self._database.write() as connection:
            values = {"seconds": seconds, "asked": asked, "results": dict(results)}
            connection.execute(update(g.RetestRun).where(g.RetestRun.id == run).values(**values))
            write_state(connection, _STATE, {"version": change.version_id, "at": change.at})

    def runs(self, limit: int) -> list[RetestRun]:
        """Finished runs, latest first."""
        query = select(g.RetestRun).where(g.RetestRun.seconds != _UNFINISHED).order_by(g.RetestRun.id.desc())
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query.limit(limit))]

    def lines(self, run: int, *, changed_only: bool = True) -> list[Retested]:
        """What came out of a run, question by question; those that are unchanged only when asked for."""
        query = _with_questions().where(g.Retest.run == run)
        if changed_only:
            query = query.where(g.Retest.result != "unchanged")
        with self._database.read() as connection:
            return [_line(row) for row in connection.execute(query.order_by(g.Retest.result, g.Retest.id))]

    def of_theme(self, theme: str, limit: int = 50) -> list[Retested]:
        """What finished runs changed for the theme's questions, latest first."""
        mine = select(g.Contact).where(g.Contact.theme_id == theme_number(theme))
        gaps = mine.with_only_columns(g.Contact.gap_id).where(g.Contact.gap_id.is_not(None))
        query = _with_questions().where(
            or_(g.Retest.gap_id.in_(gaps), g.Retest.contact_id.in_(mine.with_only_columns(g.Contact.id))),
            g.Retest.result != "unchanged", g.Retest.run.in_(_finished()),
        )  # fmt: skip
        with self._database.read() as connection:
            return [_line(row) for row in connection.execute(query.order_by(g.Retest.id.desc()).limit(limit))]

    def themes(self, lines: Sequence[Retested]) -> dict[int, str]:
        """The theme of each line's contact, or that most contacts of its gap are in, by line; left out without one."""
        gaps = [line.gap_id for line in lines if line.gap_id is not None]
        contacts = [line.contact_id for line in lines if line.contact_id is not None]
        asked = select(g.Contact.id, g.Contact.gap_id, g.Contact.theme_id).where(g.Contact.theme_id.is_not(None))
        of_gap: dict[int, Counter[int]] = {}
        of_contact: dict[int, int] = {}
        with self._database.read() as connection:
            for piece in pieces(gaps):
                for row in connection.execute(asked.where(g.Contact.gap_id.in_(piece))):
                    of_gap.setdefault(row.gap_id, Counter())[row.theme_id] += 1
            for piece in pieces(contacts):
                of_contact |= {row.id: row.theme_id for row in connection.execute(asked.where(g.Contact.id.in_(piece)))}
        of_gap_most = {gap: counts.most_common(1)[0][0] for gap, counts in of_gap.items()}
        found = {line.id: of_contact.get(line.contact_id or 0) or of_gap_most.get(line.gap_id or 0) for line in lines}
        return {line: str(theme_id(theme)) for line, theme in found.items() if theme is not None}

    def between(self, since: datetime, until: datetime) -> list[Retested]:
        """What finished runs of this time changed."""
        query = select(g.RetestRun.id).where(g.RetestRun.at >= since, g.RetestRun.at < until)
        with self._database.read() as connection:
            ids = list(connection.scalars(query.where(g.RetestRun.seconds != _UNFINISHED).order_by(g.RetestRun.id)))
        return [line for run in ids for line in self.lines(run)]


def _with_questions() -> Any:
    query = select(g.Retest, t.Gap.title, g.Contact.title.label("contact_title"), g.Contact.text)
    query = query.join(t.Gap, t.Gap.id == g.Retest.gap_id, isouter=True)
    return query.join(g.Contact, g.Contact.id == g.Retest.contact_id, isouter=True)


def _finished() -> Any:
    return select(g.RetestRun.id).where(g.RetestRun.seconds != _UNFINISHED)


def _last_confidence() -> Any:
    """The confidence of the latest contact that ended in the gap."""
    query = select(g.Contact.confidence).where(g.Contact.gap_id == t.Gap.id)
    return query.order_by(g.Contact.at.desc()).limit(1).scalar_subquery().label("asked_confidence")


def _gap(row: Any, documents: tuple[str, ...]) -> Asked:
    confidence = row.confidence if row.confidence is not None else row.asked_confidence
    vector = vectors_from_bytes([row.vector])[0]
    return Asked(
        row.id, None, row.title, row.question, row.verdict or "gap", confidence, documents, vector, row.model_id
    )


def _check(connection: Connection, gap_id: int, verdict: str, confidence: float, sources: Sequence[str]) -> None:
    connection.execute(delete(g.GapCheck).where(g.GapCheck.gap_id == gap_id))
    values = {"verdict": verdict, "confidence": confidence, "sources": list(sources), "at": datetime.now(UTC)}
    connection.execute(insert(g.GapCheck).values(gap_id=gap_id, **values))


def _set_status(connection: Connection, gap_id: int, status: str) -> None:
    old = connection.scalar(select(t.Gap.status).where(t.Gap.id == gap_id))
    if old is not None and old != status:
        event = {"gap_id": gap_id, "actor": ACTOR, "field": "status", "old": old, "new": status}
        connection.execute(insert(t.GapEvent).values(**event, at=datetime.now(UTC)))
        connection.execute(update(t.Gap).where(t.Gap.id == gap_id).values(status=status))


def _run(row: Any) -> RetestRun:
    return RetestRun(row.id, row.trigger, row.open, row.asked, row.results, row.changed_documents, row.seconds, row.at)


def _line(row: Any) -> Retested:
    question = row.title if row.gap_id is not None else row.contact_title or (row.text or "").strip()[:100]
    return Retested(
        id=row.id, run=row.run, gap_id=row.gap_id, contact_id=row.contact_id, question=question or "",
        result=row.result, before=row.before, after=row.after, confidence_before=row.confidence_before,
        confidence_after=row.confidence_after, changed=tuple(row.changed), sources=tuple(row.sources), at=row.at,
    )  # fmt: skip
