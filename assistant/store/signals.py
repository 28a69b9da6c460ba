"""Typed hints that something is wrong, each with its evidence; written twice, it is there once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from assistant.records import Evidence, NewSignal, Signal
from assistant.store import gap_tables as g
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.theme_ids import theme_id, theme_number

_QUESTION = 300


class Signals:
    """Writes signals and reads them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_all(self, signals: Sequence[NewSignal]) -> int:
        """Store signals, one transaction for every few hundred; returns how many were new."""
        new = 0
        for piece in pieces(signals):
            with self._database.write() as connection:
                new += write_signals(connection, piece)
        return new

    def of_contacts(self, contact_ids: Sequence[int]) -> dict[int, list[Signal]]:
        """The signals of each of the contacts, oldest first."""
        found: dict[int, list[Signal]] = {}
        with self._database.read() as connection:
            for piece in pieces(list(contact_ids)):
                query = select(g.Signal).where(g.Signal.contact_id.in_(piece)).order_by(g.Signal.at, g.Signal.id)
                for row in connection.execute(query):
                    found.setdefault(row.contact_id, []).append(_shown(row))
        return found

    def flags(self, theme: str) -> list[Signal]:
        """What agents flagged on the theme's contacts, oldest first."""
        query = (
            select(g.Signal)
            .join(g.Contact, g.Contact.id == g.Signal.contact_id)
            .where(g.Contact.theme_id == theme_number(theme), g.Signal.type == "flagged")
        )
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query.order_by(g.Signal.id))]

    def evidence(
        self, theme: str, since: datetime | None, until: datetime | None, limit: int = 5
    ) -> dict[str, list[Evidence]]:
        """The theme's latest signals of the period by type, at most `limit` of each, with the question behind them."""
        of_contact = and_(g.Contact.theme_id == theme_number(theme), *_within(g.Contact.at, since, until))
        of_theme = and_(g.Signal.theme_id == theme_number(theme), *_within(g.Signal.at, since, until))
        query = select(g.Signal, g.Contact.title.label("asked_title"), g.Contact.text.label("asked_text"))
        query = query.join(g.Contact, g.Contact.id == g.Signal.contact_id, isouter=True).where(
            or_(of_contact, of_theme)
        )
        found: dict[str, dict[object, Evidence]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(g.Signal.at.desc(), g.Signal.id.desc())):
                alike, what = found.setdefault(row.type, {}), _deed(row)
                if what in alike:
                    alike[what] = replace(alike[what], sources=(*alike[what].sources, row.source_key))
                elif len(alike) < limit:
                    sources = (row.source_key,) if row.source_key else ()
                    alike[what] = Evidence(_shown(row), _question(row), sources)
        return {kind: list(alike.values()) for kind, alike in found.items()}

    def of_theme(self, theme: str) -> list[Signal]:
        """Signals about the theme itself, latest first."""
        query = select(g.Signal).where(g.Signal.theme_id == theme_number(theme))
        with self._database.read() as connection:
            return [_shown(row) for row in connection.execute(query.order_by(g.Signal.at.desc(), g.Signal.id.desc()))]

    def count_by_theme(self, since: datetime | None, until: datetime | None) -> dict[str, dict[str, int]]:
        """How many of every theme's contacts of the period have a signal of each type, and how many it has itself."""
        found: dict[str, dict[str, int]] = {}
        of_contacts = (
            select(g.Contact.theme_id, g.Signal.type, func.count(g.Signal.contact_id.distinct()))
            .join(g.Contact, g.Contact.id == g.Signal.contact_id)
            .where(g.Contact.theme_id.is_not(None), *_within(g.Contact.at, since, until))
            .group_by(g.Contact.theme_id, g.Signal.type)
        )
        of_themes = (
            select(g.Signal.theme_id, g.Signal.type, func.count())
            .where(g.Signal.theme_id.is_not(None), *_within(g.Signal.at, since, until))
            .group_by(g.Signal.theme_id, g.Signal.type)
        )
        with self._database.read() as connection:
            for query in (of_contacts, of_themes):
                for theme, kind, count in connection.execute(query):
                    found.setdefault(str(theme_id(theme)), {})[kind] = int(count)
        return found

    def edited_sources(self) -> dict[str, Mapping[str, float]]:
        """For each article whose drafts were heavily edited: how often, and the mean edit distance."""
        query = (
            select(g.Signal.source_key, func.count(), func.avg(g.Signal.value))
            .where(g.Signal.type == "edited", g.Signal.source_key != "")
            .group_by(g.Signal.source_key)
        )
        with self._database.read() as connection:
            return {row[0]: {"drafts": int(row[1]), "distance": float(row[2])} for row in connection.execute(query)}


def write_signals(connection: Connection, signals: Sequence[NewSignal]) -> int:
    """Store signals within the caller's transaction; returns how many were new."""
    if not signals:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [
        {
            "token": s.token, "type": s.type, "at": s.at, "contact_id": s.contact_id,
            "theme_id": theme_number(s.theme_id) if s.theme_id else None, "source_key": s.source_key,
            "value": s.value, "actor": s.actor, "evidence": dict(s.evidence),
        }
        for s in signals
    ]  # fmt: skip
    tokens = [s.token for s in signals]
    known = set(connection.scalars(select(g.Signal.token).where(g.Signal.token.in_(tokens))))
    fresh = {row["token"]: row for row in rows if row["token"] not in known}
    if fresh:
        connection.execute(dialect.insert(g.Signal).on_conflict_do_nothing(), list(fresh.values()))
    return len(fresh)


def _deed(row: Any) -> object:
    """What tells one deed from another: a draft that cites several articles leaves a signal for each of them."""
    return (row.contact_id, row.evidence["draft_id"]) if row.evidence.get("draft_id") else row.token


def _question(row: Any) -> str:
    return " ".join((row.asked_title or row.asked_text or "").split())[:_QUESTION]


def _within(column: Any, since: datetime | None, until: datetime | None) -> list[Any]:
    return [*([column >= since] if since else []), *([column < until] if until else [])]


def _shown(row: Any) -> Signal:
    return Signal(
        id=row.id, token=row.token, type=row.type, at=row.at, contact_id=row.contact_id,
        theme_id=theme_id(row.theme_id), source_key=row.source_key, value=row.value, actor=row.actor,
        evidence=row.evidence,
    )  # fmt: skip
