"""The SQL truth: every index and cache can be thrown away and built again from these tables.

SQLite by default, PostgreSQL at scale; both run the same repository tests. Versions, chunks and
embeddings are immutable: they are only added and deleted. `index_changes` is an outbox, written in
the transaction that changes a document and applied to a generation afterwards.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite forgets zones, so they are put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times: their zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with a zone, found {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of the tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        str: Text(),
    }


class Source(Base):
    """Where documents come from: a file, a folder, an export, an address.

    `cursor` is what the source itself needs to go on where it stopped; without `schedule_s` a source
    is synced by hand only.
    """

    __tablename__ = "sources"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(1000), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    options: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    last_run_at: Mapped[datetime | None]
    last_summary: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    fingerprint: Mapped[str] = mapped_column(String(64), server_default="")
    cursor: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    schedule_s: Mapped[int | None]
    next_run_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text(), server_default="")


class Document(Base):
    """One article, FAQ pair or ticket; `key` is the id that the world uses."""

    __tablename__ = "documents"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    source_key: Mapped[str] = mapped_column(String(1000))
    key: Mapped[str] = mapped_column(String(1100), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    audience: Mapped[str] = mapped_column(String(10))
    url_key: Mapped[str] = mapped_column(String(2000), index=True)
    revision: Mapped[str] = mapped_column(String(80))
    version_id: Mapped[int | None] = mapped_column(Id)
    deleted_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("source_id", "source_key"),)


class Version(Base):
    """An immutable state of a document; `text` is what citations point into."""

    __tablename__ = "versions"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    number: Mapped[int]
    title: Mapped[str]
    url: Mapped[str]
    text: Mapped[str]
    blocks: Mapped[list[Any]]
    attributes: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]
    created_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("document_id", "number"),)


class Chunk(Base):
    """A span `[start, end)` of a version. Only chunks of a document's current version are live."""

    __tablename__ = "chunks"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    start: Mapped[int]
    end: Mapped[int]
    role: Mapped[str] = mapped_column(String(12))
    heading_path: Mapped[list[Any]]
    blocks: Mapped[list[Any]]
    anchor: Mapped[str]
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    embedded_text: Mapped[str]
    # AUTOINCREMENT: an id is never used again, so an index that still holds a deleted chunk cannot name another.
    __table_args__ = ({"sqlite_autoincrement": True},)


class Embedding(Base):
    """The vector of one text under one model, little-endian float32; never computed twice."""

    __tablename__ = "embeddings"
    model_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class AgentLink(Base):
    """An address that an agent sent in a ticket: evidence that the article there resolved it."""

    __tablename__ = "agent_links"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    url_key: Mapped[str] = mapped_column(String(2000), index=True)


class Quarantined(Base):
    """A record that could not be read, with the reason, until a later run reads it."""

    __tablename__ = "quarantine"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    item: Mapped[str]
    reason: Mapped[str]
    revision: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class IndexChange(Base):
    """The outbox: a chunk became live (`add`) or stopped being live (`delete`)."""

    __tablename__ = "index_changes"
    seq: Mapped[int] = mapped_column(Id, primary_key=True)
    chunk_id: Mapped[int] = mapped_column(Id)
    change: Mapped[str] = mapped_column(String(6))
    __table_args__ = ({"sqlite_autoincrement": True},)


class Generation(Base):
    """One build of the disposable index. Exactly one is live; swapping is one transaction."""

    __tablename__ = "generations"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    model_id: Mapped[str] = mapped_column(String(200))
    applied_seq: Mapped[int] = mapped_column(Id)
    clean: Mapped[bool] = mapped_column(default=True)
    chunks: Mapped[int]
    built_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any]]
    __table_args__ = ({"sqlite_autoincrement": True},)


class SettingsRecord(Base):
    """Settings as they were when something was made with them, keyed by the hash of their JSON."""

    __tablename__ = "settings_of_record"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime]


class Draft(Base):
    """What was proposed for one question, whole, so that it can be shown again unchanged.

    `usage` holds a chat model's tokens and their cost; none for an extractive draft. `parent_id` is the draft that
    this one says in other words, `rewritten` how.
    """

    __tablename__ = "drafts"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    ticket_id: Mapped[str | None] = mapped_column(String(1000), index=True)
    title: Mapped[str]
    question: Mapped[str]
    channel: Mapped[str] = mapped_column(String(80))
    locale: Mapped[str] = mapped_column(String(40))
    asked_by: Mapped[str] = mapped_column(String(200))
    verdict: Mapped[str] = mapped_column(String(10), index=True)
    confidence: Mapped[float]
    greeting: Mapped[str]
    closing: Mapped[str]
    uncovered: Mapped[list[Any]]
    suggestions: Mapped[list[Any]]
    warnings: Mapped[list[Any]]
    gap_reason: Mapped[str | None] = mapped_column(String(20))
    nearest: Mapped[list[Any]]
    features: Mapped[dict[str, Any]]
    timings_ms: Mapped[dict[str, Any]]
    model: Mapped[str] = mapped_column(String(200))
    prompt_version: Mapped[str] = mapped_column(String(40))
    generation: Mapped[str] = mapped_column(String(40))
    settings_hash: Mapped[str] = mapped_column(ForeignKey("settings_of_record.hash"))
    usage: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    parent_id: Mapped[str | None] = mapped_column(String(32), index=True)
    rewritten: Mapped[str] = mapped_column(String(60), server_default="")
    follow_ups: Mapped[list[Any] | None] = mapped_column(JSON())
    created_at: Mapped[datetime] = mapped_column(index=True)


class DraftPart(Base):
    """One sentence or step of a draft with the verifier's verdict on it."""

    __tablename__ = "draft_parts"
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    support: Mapped[float]
    unsupported: Mapped[list[Any] | None] = mapped_column(JSON())
    step: Mapped[int | None]


class Citation(Base):
    """A quote that supports a part: `text == versions.text[start:end]`. `n` is the number shown."""

    __tablename__ = "citations"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    part: Mapped[int]
    n: Mapped[int]
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    start: Mapped[int]
    end: Mapped[int]
    quote: Mapped[str]


class Considered(Base):
    """A passage that was considered for a draft, cited or not, with the scores that it had."""

    __tablename__ = "passages_considered"
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    chunk_id: Mapped[int] = mapped_column(Id)
    document_key: Mapped[str] = mapped_column(String(1100))
    dense: Mapped[float]
    keyword: Mapped[float]
    votes: Mapped[float]
    fused: Mapped[float]
    cited: Mapped[bool]


class DraftEvent(Base):
    """What the agent did with a draft: shown, inserted, copied, edited, sent, discarded."""

    __tablename__ = "draft_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    actor: Mapped[str] = mapped_column(String(200))
    final_text: Mapped[str | None]
    edit_distance: Mapped[float | None]
    at: Mapped[datetime]


class Feedback(Base):
    """An agent's rating of a draft, with reasons and what would have prevented the contact."""

    __tablename__ = "feedback"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    rating: Mapped[str] = mapped_column(String(4))
    reasons: Mapped[list[Any]]
    note: Mapped[str]
    proposed_fix: Mapped[str]
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class Gap(Base):
    """A question that the knowledge could not answer; repeats join it as occurrences."""

    __tablename__ = "gaps"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str]
    question: Mapped[str]
    reason: Mapped[str] = mapped_column(String(20), index=True)
    status: Mapped[str] = mapped_column(String(20), index=True)
    nearest: Mapped[list[Any]]
    model_id: Mapped[str] = mapped_column(String(200))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)
    note: Mapped[str]


class GapOccurrence(Base):
    """One contact that ended in a gap. `token` makes logging idempotent."""

    __tablename__ = "gap_occurrences"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    gap_id: Mapped[int] = mapped_column(ForeignKey("gaps.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(100), unique=True)
    question_id: Mapped[str] = mapped_column(String(1000))
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id", ondelete="SET NULL"))
    question: Mapped[str]
    channel: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(index=True)


class GapEvent(Base):
    """The history of a gap: who changed which field from what to what."""

    __tablename__ = "gap_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    gap_id: Mapped[int] = mapped_column(ForeignKey("gaps.id", ondelete="CASCADE"), index=True)
    actor: Mapped[str] = mapped_column(String(200))
    field: Mapped[str] = mapped_column(String(40))
    old: Mapped[str]
    new: Mapped[str]
    at: Mapped[datetime]


class Tuning(Base):
    """What was learned from this desk and adopted. One is active at most; the others are history, for `tune --undo`.

    `encoder` is the sha256 of the trained weights, empty where the shipped encoder stayed; `state` is active,
    replaced or undone.
    """

    __tablename__ = "tunings"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    weights: Mapped[dict[str, Any]]
    thresholds: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    encoder: Mapped[str] = mapped_column(String(64))
    report: Mapped[dict[str, Any]]
    adopted_at: Mapped[datetime]


class ApiKey(Base):
    """A key's hash, never the key; `prefix` is shown in lists."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(12))
    hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotentReply(Base):
    """The reply once given under an Idempotency-Key, with the hash of the request it belongs to."""

    __tablename__ = "idempotent_replies"
    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str]
    at: Mapped[datetime]


Index("ix_citations_version", Citation.version_id)
