"""The gap log: questions that the knowledge could not answer, repeats joined, every change with its history."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, func, insert, or_, select, update

from assistant.domain import GapFound, Question
from assistant.errors import NotFound, UsageError
from assistant.seams import Vectors
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.encoding import vector_to_bytes, vectors_from_bytes
from assistant.store.knowledge import Row

STATUSES = ("new", "accepted", "in_progress", "shipped", "measured", "dismissed")
SAME_QUESTION = 0.88
"""Cosine from which two questions are one gap; below it paraphrases of different wishes begin to mix."""


@dataclass(frozen=True, slots=True)
class GapFilter:
    """Which gaps to list; empty fields do not restrict."""

    status: str = ""
    reason: str = ""
    channel: str = ""
    text: str = ""
    since: datetime | None = None


class Gaps:
    """Writes occurrences and reads gaps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(
        self,
        question: Question,
        found: GapFound,
        vector: Vectors,
        model_id: str,
        *,
        token: str,
        draft_id: str | None,
    ) -> int:
        """Record one contact that ended in a gap and return the gap's id; the same `token` counts once."""
        with self._database.write() as connection:
            return write_gap(connection, question, found, vector, model_id, token=token, draft_id=draft_id)

    def list(self, wanted: GapFilter, *, limit: int = 100, offset: int = 0) -> list[dict[str, Any]]:
        """Gaps, most frequent first, then the latest."""
        query = _filtered(select(t.Gap), wanted).order_by(t.Gap.count.desc(), t.Gap.last_seen_at.desc(), t.Gap.id)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
            channels = _channels(connection, [row.id for row in rows])
        return [{**_shown(row), "channels": channels.get(row.id, {})} for row in rows]

    def count(self, wanted: GapFilter) -> int:
        """How many gaps fit."""
        with self._database.read() as connection:
            return int(connection.scalar(_filtered(select(func.count(t.Gap.id)), wanted)) or 0)

    def counts(self, wanted: GapFilter) -> tuple[dict[str, int], dict[str, int]]:
        """How many gaps fit by status and by channel, each without the filter of its own field.

        A gap that came up in two channels counts in both.
        """
        by_status = _filtered(select(t.Gap.status, func.count(t.Gap.id)), replace(wanted, status=""))
        fits = _filtered(select(t.Gap.id), replace(wanted, channel=""))
        by_channel = select(t.GapOccurrence.channel, func.count(t.GapOccurrence.gap_id.distinct()))
        by_channel = by_channel.where(t.GapOccurrence.gap_id.in_(fits)).group_by(t.GapOccurrence.channel)
        with self._database.read() as connection:
            statuses = connection.execute(by_status.group_by(t.Gap.status)).all()
            channels = connection.execute(by_channel.order_by(t.GapOccurrence.channel)).all()
        return {row[0]: int(row[1]) for row in statuses}, {row[0] or "unknown": int(row[1]) for row in channels}

    def show(self, gap_id: int) -> dict[str, Any]:
        """A gap with its latest hundred occurrences and its history.

        Raises:
            NotFound: no gap has that id.
        """
        with self._database.read() as connection:
            row = connection.execute(select(t.Gap).where(t.Gap.id == gap_id)).first()
            if row is None:
                raise NotFound(f"No gap {gap_id}.")
            joined = select(t.GapOccurrence).where(t.GapOccurrence.gap_id == gap_id)
            occurrences = connection.execute(joined.order_by(t.GapOccurrence.at.desc()).limit(100)).all()
            changes = select(t.GapEvent).where(t.GapEvent.gap_id == gap_id)
            events = connection.execute(changes.order_by(t.GapEvent.id)).all()
            channels = _channels(connection, [gap_id])
        return {
            **_shown(row),
            "channels": channels.get(gap_id, {}),
            "occurrences": [_shown_occurrence(row) for row in occurrences],
            "history": [{"actor": e.actor, "field": e.field, "old": e.old, "new": e.new, "at": e.at} for e in events],
        }  # fmt: skip

    def change(self, gap_id: int, changes: Mapping[str, str], actor: str) -> dict[str, Any]:
        """Set `status` or `note`; each change is kept with who made it, so it can be undone.

        Raises:
            UsageError: an unknown field or status. NotFound: no gap has that id.
        """
        for field, value in changes.items():
            if field not in ("status", "note"):
                raise UsageError(f"Expected one of status, note; found {field!r}.")
            if field == "status" and value not in STATUSES:
                raise UsageError(f"Expected a status of {', '.join(STATUSES)}; found {value!r}.")
        with self._database.write() as connection:
            row = connection.execute(select(t.Gap).where(t.Gap.id == gap_id)).first()
            if row is None:
                raise NotFound(f"No gap {gap_id}.")
            for field, value in changes.items():
                old = str(getattr(row, field))
                if old != value:
                    event = {"gap_id": gap_id, "actor": actor, "field": field, "old": old, "new": value}
                    connection.execute(insert(t.GapEvent).values(**event, at=datetime.now(UTC)))
                    connection.execute(update(t.Gap).where(t.Gap.id == gap_id).values(**{field: value}))
        return self.show(gap_id)


def write_gap(
    connection: Connection,
    question: Question,
    found: GapFound,
    vector: Vectors,
    model_id: str,
    *,
    token: str,
    draft_id: str | None,
) -> int:
    """Record one contact that ended in a gap within the caller's transaction and return the gap's id."""
    before = connection.scalar(select(t.GapOccurrence.gap_id).where(t.GapOccurrence.token == token))
    if before is not None:
        return int(before)
    at = question.created or datetime.now(UTC)
    gap_id = _same_gap(connection, question, vector, model_id)
    if gap_id is None:
        gap_id = _new_gap(connection, question, found, vector, model_id, at)
    else:
        _join(connection, gap_id, found, at)
    connection.execute(
        insert(t.GapOccurrence).values(
            gap_id=gap_id, token=token, question_id=question.id, draft_id=draft_id, question=question.full_text,
            channel=question.channel, at=at,
        )
    )  # fmt: skip
    return gap_id


def fingerprint(question: Question) -> str:
    """sha256 of the question's words, case and punctuation aside: the same words are the same gap."""
    return hashlib.sha256(" ".join(re.findall(r"\w+", question.full_text.lower())).encode()).hexdigest()


def _same_gap(connection: Connection, question: Question, vector: Vectors, model_id: str) -> int | None:
    exact = connection.scalar(select(t.Gap.id).where(t.Gap.fingerprint == fingerprint(question)))
    if exact is not None:
        return int(exact)
    rows = connection.execute(select(t.Gap.id, t.Gap.vector).where(t.Gap.model_id == model_id)).all()
    if not rows:
        return None
    scores = vectors_from_bytes([row.vector for row in rows]) @ vector
    best = int(np.argmax(scores))
    return int(rows[best].id) if scores[best] >= SAME_QUESTION else None


def _new_gap(
    connection: Connection, question: Question, found: GapFound, vector: Vectors, model_id: str, at: datetime
) -> int:
    row = insert(t.Gap).values(
        fingerprint=fingerprint(question), title=question.title or _first_line(question.text), question=question.text,
        reason=found.reason, status="new", nearest=list(found.nearest), model_id=model_id,
        vector=vector_to_bytes(vector), count=1, first_seen_at=at, last_seen_at=at, note="",
    )  # fmt: skip
    return int(connection.execute(row.returning(t.Gap.id)).scalar_one())


def _join(connection: Connection, gap_id: int, found: GapFound, at: datetime) -> None:
    gap = connection.execute(select(t.Gap).where(t.Gap.id == gap_id)).one()
    latest = at >= gap.last_seen_at
    values: dict[str, Any] = {
        "count": gap._mapping["count"] + 1,
        "first_seen_at": min(gap.first_seen_at, at),
        "last_seen_at": max(gap.last_seen_at, at),
    }
    if latest:
        values |= {"reason": found.reason, "nearest": list(found.nearest)}
    connection.execute(update(t.Gap).where(t.Gap.id == gap_id).values(**values))


def _filtered(query: Select[*Row], wanted: GapFilter) -> Select[*Row]:
    if wanted.status:
        query = query.where(t.Gap.status == wanted.status)
    if wanted.reason:
        query = query.where(t.Gap.reason == wanted.reason)
    if wanted.since:
        query = query.where(t.Gap.last_seen_at >= wanted.since)
    if wanted.text:
        query = query.where(
            or_(
                t.Gap.question.icontains(wanted.text, autoescape=True),
                t.Gap.title.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.channel:
        ids = select(t.GapOccurrence.gap_id).where(t.GapOccurrence.channel == wanted.channel)
        query = query.where(t.Gap.id.in_(ids))
    return query


def _channels(connection: Connection, gap_ids: list[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    query = (
        select(t.GapOccurrence.gap_id, t.GapOccurrence.channel, func.count())
        .where(t.GapOccurrence.gap_id.in_(gap_ids))
        .group_by(t.GapOccurrence.gap_id, t.GapOccurrence.channel)
    )
    for gap_id, channel, count in connection.execute(query):
        found.setdefault(gap_id, {})[channel or "unknown"] = int(count)
    return found


def _shown_occurrence(row: Any) -> dict[str, Any]:
    names = ("question", "channel", "at", "draft_id", "question_id")
    return {name: getattr(row, name) for name in names}


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "question": row.question, "reason": row.reason, "status": row.status,
        "nearest": list(row.nearest), "count": row._mapping["count"], "first_seen_at": row.first_seen_at,
        "last_seen_at": row.last_seen_at, "note": row.note,
    }  # fmt: skip


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "(empty question)"
    return line if len(line) <= 100 else line[:99].rstrip() + "…"
