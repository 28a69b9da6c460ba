"""Drafts as they were shown, with everything considered, and what agents did with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from assistant.domain import (
    FROM_ANOTHER_ARTICLE,
    Answer,
    Audience,
    Candidate,
    CitedPart,
    GapFound,
    Question,
    Source,
    Suggestion,
    Usage,
)
from assistant.errors import NotFound
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.draft_signals import FeedbackWords, origin_of, signal_event, signal_feedback


class Drafts:
    """Writes an answer once and reads it back unchanged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, answer: Answer, *, ticket_id: str | None, asked_by: str, settings: Mapping[str, Any]) -> None:
        """Store the answer whole, in one transaction."""
        with self._database.write() as connection:
            write_draft(connection, answer, ticket_id=ticket_id, asked_by=asked_by, settings=settings)

    def load(self, draft_id: str) -> Answer:
        """The answer as it was saved.

        Raises:
            NotFound: no draft has that id.
        """
        with self._database.read() as connection:
            row = connection.execute(select(t.Draft).where(t.Draft.id == draft_id)).first()
            if row is None:
                raise NotFound(f"No draft {draft_id!r}.")
            return _answer(row, _sources(connection, draft_id), _parts(connection, draft_id))

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """The latest drafts, newest first, a line each; one in other words is found through the one it says anew."""
        columns = (t.Draft.id, t.Draft.title, t.Draft.question, t.Draft.verdict, t.Draft.confidence, t.Draft.created_at)
        with self._database.read() as connection:
            query = select(*columns).where(t.Draft.parent_id.is_(None))
            rows = connection.execute(query.order_by(t.Draft.created_at.desc()).limit(limit))
            return [dict(row._mapping) for row in rows]

    def considered(self, draft_id: str, *, audiences: Sequence[Audience]) -> list[dict[str, Any]]:
        """The live articles that were found for its question, best first, and whether this draft cites them.

        Of a draft made anew, those that were found for the first.

        Raises:
            NotFound: no draft has that id.
        """
        cited = set(sources_of(self.load(draft_id)))
        with self._database.read() as connection:
            query = (
                select(t.Document.key, t.Document.kind, t.Document.audience, t.Version.title, t.Version.url)
                .add_columns(t.Version.updated_at, func.min(t.Considered.rank))
                .join(t.Document, t.Document.key == t.Considered.document_key)
                .join(t.Version, t.Version.id == t.Document.version_id)
                .where(t.Considered.draft_id == origin_of(connection, draft_id), t.Document.deleted_at.is_(None))
                .where(t.Document.audience.in_(audiences))
                .group_by(t.Document.id, t.Version.id)
                .order_by(func.min(t.Considered.rank))
            )
            return [
                {
                    "document_id": row.key, "kind": row.kind, "audience": row.audience, "title": row.title,
                    "url": row.url, "updated_at": row.updated_at, "cited": row.key in cited,
                }
                for row in connection.execute(query)
            ]  # fmt: skip

    def add_event(self, draft_id: str, kind: str, actor: str, final_text: str | None) -> float | None:
        """Record what the agent did; returns how far `final_text` is from the draft, in [0, 1], when given."""
        answer = self.load(draft_id)
        distance = None if final_text is None else edit_distance(reply_text(answer), final_text)
        with self._database.write() as connection:
            row = insert(t.DraftEvent).values(
                draft_id=draft_id, kind=kind, actor=actor, final_text=final_text, edit_distance=distance,
                at=datetime.now(UTC),
            )  # fmt: skip
            connection.execute(row)
            chosen = answer.rewritten == FROM_ANOTHER_ARTICLE
            signal_event(connection, draft_id, kind, actor, distance, sources_of(answer), chosen=chosen)
        return distance

    def add_feedback(
        self, draft_id: str, *, rating: str, reasons: Sequence[str], note: str, proposed_fix: str, actor: str
    ) -> int:
        """Record a rating; returns its id."""
        answer = self.load(draft_id)
        with self._database.write() as connection:
            row = insert(t.Feedback).values(
                draft_id=draft_id, rating=rating, reasons=list(reasons), note=note, proposed_fix=proposed_fix,
                actor=actor, at=datetime.now(UTC),
            )  # fmt: skip
            feedback_id = int(connection.execute(row.returning(t.Feedback.id)).scalar_one())
            words = FeedbackWords(rating, tuple(reasons), note, proposed_fix)
            signal_feedback(connection, draft_id, feedback_id, actor, words, sources_of(answer))
        return feedback_id

    def history(self, draft_id: str) -> dict[str, list[dict[str, Any]]]:
        """Events and feedback of a draft, oldest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        with self._database.read() as connection:
            for name, table in (("events", t.DraftEvent), ("feedback", t.Feedback)):
                rows = connection.execute(select(table).where(table.draft_id == draft_id).order_by(table.id))
                found[name] = [dict(row._mapping) for row in rows]
        return found


def write_draft(
    connection: Connection, answer: Answer, *, ticket_id: str | None, asked_by: str, settings: Mapping[str, Any]
) -> None:
    """Store the answer whole within the caller's transaction."""
    _insert_draft(connection, answer, ticket_id, asked_by, _settings_of_record(connection, settings))
    _insert_parts(connection, answer)


def reply_text(answer: Answer) -> str:
    """The reply as it would be sent: greeting, parts, closing, without citation marks."""
    body = "\n".join(f"{p.step}. {p.text}" if p.step else p.text for p in answer.parts)
    return "\n\n".join(piece for piece in (answer.greeting, body, answer.closing) if piece)


def sources_of(answer: Answer) -> tuple[str, ...]:
    """The documents that the reply cites, each once."""
    return tuple(dict.fromkeys(source.document_key for source in answer.sources))


def edit_distance(draft: str, final: str) -> float:
    """Share of words that changed, in [0, 1]: Levenshtein distance over words, by the longer text.

    Levenshtein, 1966. Very long texts are compared by their first 1,000 words.

    >>> edit_distance("press the red button", "press the blue button")
    0.25
    >>> edit_distance("same words", "same words")
    0.0
    """
    before, after = draft.split()[:1000], final.split()[:1000]
    longest = max(len(before), len(after))
    if not longest:
        return 0.0
    row = list(range(len(after) + 1))
    for i, word in enumerate(before, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(after, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1] / longest


def _settings_of_record(connection: Connection, settings: Mapping[str, Any]) -> str:
    text = json.dumps(settings, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if connection.scalar(select(t.SettingsRecord.hash).where(t.SettingsRecord.hash == digest)) is None:
        connection.execute(
            insert(t.SettingsRecord).values(hash=digest, value=json.loads(text), first_used_at=datetime.now(UTC))
        )
    return digest


def _insert_draft(
    connection: Connection, answer: Answer, ticket_id: str | None, asked_by: str, settings_hash: str
) -> None:
    question, gap = answer.question, answer.gap
    connection.execute(
        insert(t.Draft).values(
            id=answer.id, ticket_id=ticket_id, title=question.title, question=question.text,
            channel=question.channel, locale=question.locale, asked_by=asked_by, verdict=answer.verdict,
            confidence=answer.confidence, greeting=answer.greeting, closing=answer.closing,
            uncovered=list(answer.uncovered),
            suggestions=[{"text": s.text, "document_key": s.document_key} for s in answer.suggestions],
            warnings=list(answer.warnings), gap_reason=gap.reason if gap else None,
            nearest=list(gap.nearest) if gap else [], features=dict(answer.features),
            timings_ms=dict(answer.timings_ms), model=answer.model, prompt_version=answer.prompt_version,
            generation=answer.generation, settings_hash=settings_hash, created_at=datetime.now(UTC),
            usage=asdict(answer.usage) if answer.usage else None, parent_id=answer.parent_id or None,
            rewritten=answer.rewritten, follow_ups=list(answer.follow_ups),
        )
    )  # fmt: skip


def _insert_parts(connection: Connection, answer: Answer) -> None:
    if answer.considered:
        rows = [
            {
                "draft_id": answer.id, "rank": rank, "chunk_id": c.passage.chunk_id,
                "document_key": c.passage.document_key, "dense": c.dense, "keyword": c.keyword, "votes": c.votes,
                "fused": c.fused,
                "cited": _is_cited(c, answer.sources),
            }
            for rank, c in enumerate(answer.considered)
        ]  # fmt: skip
        connection.execute(insert(t.Considered), rows)
    if not answer.parts:
        return
    connection.execute(
        insert(t.DraftPart),
        [
            {
                "draft_id": answer.id,
                "ordinal": i,
                "text": p.text,
                "support": p.support,
                "unsupported": list(p.unsupported),
                "step": p.step,
            }
            for i, p in enumerate(answer.parts)
        ],
    )
    versions = _version_ids(connection, answer.sources)
    texts = {s.n: s for s in answer.sources}
    connection.execute(
        insert(t.Citation),
        [
            {
                "draft_id": answer.id, "part": i, "n": n, "version_id": versions[n], "start": start, "end": end,
                "quote": texts[n].quote[start - texts[n].start : end - texts[n].start],
            }
            for i, part in enumerate(answer.parts)
            for n, start, end in part.spans
        ]
        # Part -1 holds each source's whole quote, which may be wider than what one part uses.
        + [
            {
                "draft_id": answer.id, "part": -1, "n": s.n, "version_id": versions[s.n], "start": s.start,
                "end": s.end, "quote": s.quote,
            }
            for s in answer.sources
        ],
    )  # fmt: skip


def _is_cited(candidate: Candidate, sources: Sequence[Source]) -> bool:
    passage = candidate.passage
    return any(
        s.document_key == passage.document_key and s.start < passage.end and s.end > passage.start for s in sources
    )


def _version_ids(connection: Connection, sources: Sequence[Source]) -> dict[int, int]:
    found = {}
    for source in sources:
        query = select(t.Version.id).join(t.Document, t.Document.id == t.Version.document_id)
        query = query.where(t.Document.key == source.document_key, t.Version.number == source.version)
        found[source.n] = int(connection.execute(query).scalar_one())
    return found


def _sources(connection: Connection, draft_id: str) -> tuple[Source, ...]:
    query = (
        select(t.Citation, t.Version, t.Document.key, t.Document.kind, t.Document.audience)
        .join(t.Version, t.Version.id == t.Citation.version_id)
        .join(t.Document, t.Document.id == t.Version.document_id)
        .where(t.Citation.draft_id == draft_id, t.Citation.part == -1)
        .order_by(t.Citation.n)
    )
    return tuple(
        Source(
            n=row.n, document_key=row.key, version=row.number, kind=row.kind, audience=row.audience, title=row.title,
            url=row.url, anchor="", quote=row.quote, start=row.start, end=row.end, updated_at=row.updated_at,
        )
        for row in connection.execute(query)
    )  # fmt: skip


def _parts(connection: Connection, draft_id: str) -> tuple[CitedPart, ...]:
    spans: dict[int, list[tuple[int, int, int]]] = {}
    query = select(t.Citation.part, t.Citation.n, t.Citation.start, t.Citation.end)
    for row in connection.execute(query.where(t.Citation.draft_id == draft_id).order_by(t.Citation.id)):
        spans.setdefault(row.part, []).append((row.n, row.start, row.end))
    rows = connection.execute(select(t.DraftPart).where(t.DraftPart.draft_id == draft_id).order_by(t.DraftPart.ordinal))
    return tuple(
        CitedPart(
            text=row.text,
            citations=tuple(dict.fromkeys(n for n, _, _ in spans.get(row.ordinal, []))),
            spans=tuple(spans.get(row.ordinal, [])),
            support=row.support,
            step=row.step,
            unsupported=tuple(row.unsupported or ()),
        )
        for row in rows
    )


def _answer(row: Any, sources: tuple[Source, ...], parts: tuple[CitedPart, ...]) -> Answer:
    return Answer(
        id=row.id,
        question=Question(
            text=row.question, title=row.title, id=row.ticket_id or "", channel=row.channel, locale=row.locale
        ),
        verdict=row.verdict,
        confidence=row.confidence,
        greeting=row.greeting,
        parts=parts,
        uncovered=tuple(row.uncovered),
        closing=row.closing,
        sources=sources,
        suggestions=tuple(Suggestion(**s) for s in row.suggestions),
        gap=GapFound(row.gap_reason, tuple(row.nearest)) if row.gap_reason else None,
        warnings=tuple(row.warnings),
        timings_ms=tuple(row.timings_ms.items()),
        model=row.model,
        prompt_version=row.prompt_version,
        generation=row.generation,
        features=tuple(row.features.items()),
        considered=(),
        vector=(),
        usage=Usage(**row.usage) if row.usage else None,
        parent_id=row.parent_id or "",
        rewritten=row.rewritten,
        follow_ups=tuple(row.follow_ups or ()),
    )
