"""The tables of the gap log beside `tables`: contacts, signals, themes, fixes, retests, digests.

Everything is found again by a token or a key that its origin gave it, so that writing twice changes nothing.
A contact's vector lies with all others in `embeddings`, under the hash of its text.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.tables import Base, Id


class Theme(Base):
    """What many people write about. `cause` and `stage` are a person's; `centre` and `reach` are its place."""

    __tablename__ = "themes"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    named_by: Mapped[str] = mapped_column(String(200))
    words: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str]
    owner: Mapped[str] = mapped_column(String(200))
    due: Mapped[date | None] = mapped_column(Date())
    tracker: Mapped[str] = mapped_column(String(2000))
    ignored: Mapped[bool]
    cause: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(40))
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("themes.id"), index=True)
    model_id: Mapped[str] = mapped_column(String(200))
    centre: Mapped[bytes | None] = mapped_column(LargeBinary)
    reach: Mapped[float | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # AUTOINCREMENT: a theme's number is said aloud and written into trackers, so it never names another theme.
    __table_args__ = ({"sqlite_autoincrement": True},)


class Contact(Base):
    """One time that somebody wrote in, with what was understood of it; `placed_by` is day, night or person."""

    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(1200), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(index=True)
    person: Mapped[str] = mapped_column(String(64))
    title: Mapped[str]
    text: Mapped[str]
    rating: Mapped[float | None]
    document_key: Mapped[str] = mapped_column(String(1100), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id", ondelete="SET NULL"), index=True)
    gap_id: Mapped[int | None] = mapped_column(ForeignKey("gaps.id", ondelete="SET NULL"), index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[float | None]
    nearest: Mapped[list[Any]]
    minutes: Mapped[float | None]
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    cause: Mapped[str] = mapped_column(String(40))
    cause_probability: Mapped[float]
    stage: Mapped[str] = mapped_column(String(40))
    stage_probability: Mapped[float]
    quote: Mapped[str]
    party: Mapped[str] = mapped_column(String(200))
    labelled_by: Mapped[str] = mapped_column(String(80), index=True)
    shares: Mapped[str | None] = mapped_column(Text())
    mined_by: Mapped[str] = mapped_column(String(200), index=True)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("themes.id"), index=True)
    pinned: Mapped[bool]
    placed_by: Mapped[str] = mapped_column(String(8))


class Signal(Base):
    """A typed hint about a contact or a theme; `token` makes writing it idempotent."""

    __tablename__ = "signals"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(1300), unique=True)
    type: Mapped[str] = mapped_column(String(20), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("themes.id"), index=True)
    source_key: Mapped[str] = mapped_column(String(1100), index=True)
    value: Mapped[float | None]
    actor: Mapped[str] = mapped_column(String(200))
    evidence: Mapped[dict[str, Any]]


class ThemeEvent(Base):
    """The history of a theme. `moves` holds each moved contact's id, theme and pin from before, for the way back."""

    __tablename__ = "theme_events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("themes.id"), index=True)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(20))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    moves: Mapped[list[Any]]
    at: Mapped[datetime]
    undoes: Mapped[int | None] = mapped_column(Id)
    undone: Mapped[bool]
    __table_args__ = ({"sqlite_autoincrement": True},)


class ThemeNote(Base):
    """A comment, or an agent's proposal of a fix, with the credit."""

    __tablename__ = "theme_notes"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(200), unique=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("themes.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    at: Mapped[datetime]


class Override(Base):
    """What a person said about a contact; nothing is overwritten, the latest word on each field counts."""

    __tablename__ = "overrides"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    actor: Mapped[str] = mapped_column(String(200))
    cause: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(40))
    prevented_by: Mapped[str]
    at: Mapped[datetime]


class Opinion(Base):
    """What a chat model took a contact's cause and stage to be, empty where it said nothing that fits.

    `content_hash` is that of the words it read: changed words wait for another opinion.
    """

    __tablename__ = "opinions"
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    judge: Mapped[str] = mapped_column(String(240), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class ModelCall(Base):
    """What a chat model was paid for besides drafts; `usage` holds its tokens and their cost, as a draft's does."""

    __tablename__ = "model_calls"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(240))
    usage: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


class Fix(Base):
    """What shipped for a theme, when, and how the theme had been chosen."""

    __tablename__ = "fixes"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(200), unique=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("themes.id"), index=True)
    actor: Mapped[str] = mapped_column(String(200))
    shipped_on: Mapped[date] = mapped_column(Date())
    what: Mapped[str]
    link: Mapped[str] = mapped_column(String(2000))
    picked_by: Mapped[str] = mapped_column(String(10))
    picked_on: Mapped[date | None] = mapped_column(Date())
    at: Mapped[datetime]


class ContactRead(Base):
    """Who has listened to which contact."""

    __tablename__ = "contact_reads"
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    actor: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime]


class RetestRun(Base):
    """One asking of open gaps after the knowledge changed."""

    __tablename__ = "retest_runs"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    trigger: Mapped[str] = mapped_column(String(20))
    open: Mapped[int]
    asked: Mapped[int]
    results: Mapped[dict[str, Any]]
    changed_documents: Mapped[int]
    seconds: Mapped[float]
    at: Mapped[datetime] = mapped_column(index=True)


class Retest(Base):
    """One gap or one answered contact, asked again."""

    __tablename__ = "retests"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run: Mapped[int] = mapped_column(ForeignKey("retest_runs.id", ondelete="CASCADE"), index=True)
    gap_id: Mapped[int | None] = mapped_column(ForeignKey("gaps.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    result: Mapped[str] = mapped_column(String(12), index=True)
    before: Mapped[str] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    confidence_before: Mapped[float | None]
    confidence_after: Mapped[float]
    changed: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    at: Mapped[datetime]


class GapCheck(Base):
    """How a gap was answered when it was last asked again, and from what."""

    __tablename__ = "gap_checks"
    gap_id: Mapped[int] = mapped_column(ForeignKey("gaps.id", ondelete="CASCADE"), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[float]
    sources: Mapped[list[Any]]
    at: Mapped[datetime]


class Digest(Base):
    """The list of one ISO week, as it was given out."""

    __tablename__ = "digests"
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    made_at: Mapped[datetime]
    markdown: Mapped[str] = mapped_column(Text())
    html: Mapped[str] = mapped_column(Text())
    json: Mapped[str] = mapped_column(Text())


class Exposure(Base):
    """What contacts are counted against besides all contacts, in one ISO week: active users, orders."""

    __tablename__ = "exposures"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    amount: Mapped[float]


class LogState(Base):
    """What the gap log remembers between runs: how far it listened, when it last grouped."""

    __tablename__ = "gap_log_state"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON())
