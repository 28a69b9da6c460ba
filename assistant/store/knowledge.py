"""The store as answering sees it: what is live, who may see it, and the exact text behind a citation.

Every query ends here, so an index that still holds a deleted or replaced chunk can do no harm.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from threading import Lock
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, or_, select

from assistant.domain import Audience, Block, Kind, Passage, Question, language_of
from assistant.errors import NotFound, UsageError
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.encoding import blocks_from_rows

Row = TypeVarTuple("Row")

_CACHED_PASSAGES = 20_000
_CACHED_VERSIONS = 500


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A document's immutable state, whole."""

    document_key: str
    version: int
    kind: Kind
    audience: Audience
    title: str
    url: str
    text: str
    blocks: tuple[Block, ...]
    created_at: datetime | None
    updated_at: datetime | None
    live: bool


class StoredKnowledge:
    """Reads passages; chunks are immutable, so what was read once is kept and only its liveness is asked again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[int, Passage] = OrderedDict()
        self._wholes: OrderedDict[tuple[str, int], Passage] = OrderedDict()
        self._links: tuple[int, Mapping[str, int]] | None = None
        self._lock = Lock()

    def passages(self, chunk_ids: Sequence[int], *, audiences: Sequence[Audience]) -> dict[int, Passage]:
        """The live, allowed ones of `chunk_ids`; deleted, replaced or forbidden chunks are absent."""
        allowed: dict[int, tuple[str, str]] = {}
        for piece in pieces(list(dict.fromkeys(chunk_ids))):
            with self._database.read() as connection:
                live = live_chunks(select(t.Chunk.id, t.Document.audience, t.Document.kind))
                rows = connection.execute(live.where(t.Chunk.id.in_(piece), t.Document.audience.in_(audiences)))
                allowed.update({row[0]: (row[1], row[2]) for row in rows})
        known = self._cached(allowed)
        missing = [chunk_id for chunk_id in allowed if chunk_id not in known]
        known.update(self._load(missing))
        return {chunk_id: known[chunk_id] for chunk_id in allowed if chunk_id in known}

    def resolving_articles(self, ticket_keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """For each ticket, the live articles that its agents linked."""
        found: dict[str, list[str]] = {}
        ticket = t.Document.__table__.alias("ticket")
        for piece in pieces(list(dict.fromkeys(ticket_keys))):
            query = (
                select(ticket.c.key, t.Document.key)
                .join(t.AgentLink, t.AgentLink.document_id == ticket.c.id)
                .join(t.Document, t.Document.url_key == t.AgentLink.url_key)
                .where(ticket.c.key.in_(piece), t.Document.deleted_at.is_(None), t.Document.kind != "ticket")
                .order_by(t.AgentLink.id)
            )
            with self._database.read() as connection:
                for ticket_key, article_key in connection.execute(query):
                    found.setdefault(ticket_key, []).append(article_key)
        return {key: tuple(dict.fromkeys(articles)) for key, articles in found.items()}

    def link_counts(self) -> Mapping[str, int]:
        """For each live article that agents linked, in how many live tickets; kept until the store changes."""
        with self._database.read() as connection:
            seq = int(connection.scalar(select(func.max(t.IndexChange.seq))) or 0)
            if self._links is not None and self._links[0] == seq:
                return self._links[1]
            ticket = t.Document.__table__.alias("ticket")
            query = (
                select(t.Document.key, func.count(ticket.c.id.distinct()))
                .join(t.AgentLink, t.AgentLink.url_key == t.Document.url_key)
                .join(ticket, ticket.c.id == t.AgentLink.document_id)
                .where(t.Document.deleted_at.is_(None), t.Document.kind != "ticket", ticket.c.deleted_at.is_(None))
                .group_by(t.Document.key)
            )
            counts = {key: int(count) for key, count in connection.execute(query)}
        self._links = (seq, counts)
        return counts

    def chunks_of(self, document_keys: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """The live chunk ids of each live document, in the document's order."""
        found: dict[str, list[int]] = {}
        for piece in pieces(list(dict.fromkeys(document_keys))):
            query = live_chunks(select(t.Document.key, t.Chunk.id)).where(t.Document.key.in_(piece))
            with self._database.read() as connection:
                for key, chunk_id in connection.execute(query.order_by(t.Chunk.id)):
                    found.setdefault(key, []).append(chunk_id)
        return {key: tuple(ids) for key, ids in found.items()}

    def whole(self, passages: Sequence[Passage]) -> dict[tuple[str, int], Passage]:
        """The complete versions that the passages are spans of, each as one passage, by document and version."""
        found: dict[tuple[str, int], Passage] = {}
        for passage in passages:
            key = (passage.document_key, passage.version)
            if key not in found:
                found[key] = self._whole(key, passage)
        return found

    def chunks_in_scope(self, question: Question, kinds: Sequence[Kind], *, most: int) -> list[int]:
        """Live chunks of the documents that this question may be answered from, the newest `most` of them."""
        query = (
            live_chunks(select(t.Chunk.id).select_from(t.Chunk))
            .join(t.Version, t.Version.id == t.Chunk.version_id)
            .join(t.Source, t.Source.id == t.Document.source_id)
            .where(t.Document.kind.in_(kinds), *_in_scope(question))
            .order_by(t.Chunk.id.desc())
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.limit(most)))

    def named_sources(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The full names of these sources; the last part of a path is enough where it is the only such one.

        Raises:
            UsageError: no source, or more than one, is called that; lists those there are.
        """
        if not wanted:
            return ()
        with self._database.read() as connection:
            names = list(connection.scalars(select(t.Source.name).order_by(t.Source.id)))
        found = []
        for name in wanted:
            fitting = [n for n in names if name in (n, PurePath(n).name)]
            exact = [n for n in fitting if n == name] or fitting
            if len(exact) != 1:
                there = ", ".join(repr(n) for n in names[:20]) or "none"
                raise UsageError(f"Expected the name of one source, found {name!r}. There are: {there}.")
            found += exact
        return tuple(found)

    def live_keys(self, document_keys: Sequence[str]) -> set[str]:
        """Those of the documents that are not deleted at this moment."""
        live: set[str] = set()
        for piece in pieces(list(dict.fromkeys(document_keys))):
            with self._database.read() as connection:
                query = select(t.Document.key).where(t.Document.key.in_(piece), t.Document.deleted_at.is_(None))
                live.update(connection.scalars(query))
        return live

    def version(self, document_key: str, number: int | None = None) -> StoredVersion:
        """A document's state, the current one unless `number` names another.

        Raises:
            NotFound: no such document or version.
        """
        query = _version_columns()
        query = query.where(t.Document.key == document_key)
        query = query.where(t.Version.number == number if number else t.Version.id == t.Document.version_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"No document {document_key!r}" + (f" in version {number}." if number else "."))
        return _stored_version(row)

    def documents(self, kinds: Sequence[Kind]) -> Iterator[StoredVersion]:
        """Every live document of these kinds in its current state, in the order in which they came."""
        with self._database.read() as connection:
            ids = select(t.Document.id).where(t.Document.kind.in_(kinds), t.Document.deleted_at.is_(None))
            wanted = list(connection.scalars(ids.order_by(t.Document.id)))
        for piece in pieces(wanted):
            current = t.Version.id == t.Document.version_id
            query = _version_columns().where(current, t.Document.id.in_(piece), t.Document.deleted_at.is_(None))
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(t.Document.id)).all()
            yield from map(_stored_version, rows)

    def versions(self, kinds: Sequence[Kind]) -> dict[str, int]:
        """The current version of every live document of these kinds, in the order in which they came."""
        live = (
            select(t.Document.key, t.Version.id)
            .join(t.Version, t.Version.id == t.Document.version_id)
            .where(t.Document.kind.in_(kinds), t.Document.deleted_at.is_(None))
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(live.order_by(t.Document.id))}

    def counts(self) -> dict[str, int]:
        """Live documents by kind, and live chunks under "chunks"."""
        with self._database.read() as connection:
            by_kind = connection.execute(
                select(t.Document.kind, func.count()).where(t.Document.deleted_at.is_(None)).group_by(t.Document.kind)
            )
            counts = {row[0]: int(row[1]) for row in by_kind}
            counts["chunks"] = int(connection.scalar(live_chunks(select(func.count(t.Chunk.id)))) or 0)
        return counts

    def _whole(self, key: tuple[str, int], passage: Passage) -> Passage:
        with self._lock:
            if key in self._wholes:
                return self._wholes[key]
        stored = self.version(*key)
        complete = replace(passage, text=stored.text, start=0, end=len(stored.text), blocks=stored.blocks)
        with self._lock:
            self._wholes[key] = complete
            while len(self._wholes) > _CACHED_VERSIONS:
                self._wholes.popitem(last=False)
        return complete

    def _cached(self, chunk_ids: Iterable[int]) -> dict[int, Passage]:
        with self._lock:
            found = {i: self._cache[i] for i in chunk_ids if i in self._cache}
            for chunk_id in found:
                self._cache.move_to_end(chunk_id)
        return found

    def _load(self, chunk_ids: Sequence[int]) -> dict[int, Passage]:
        loaded: dict[int, Passage] = {}
        for piece in pieces(list(chunk_ids)):
            with self._database.read() as connection:
                for row in connection.execute(_passage_columns().where(t.Chunk.id.in_(piece))):
                    loaded[row.id] = _passage(row)
        with self._lock:
            self._cache.update(loaded)
            while len(self._cache) > _CACHED_PASSAGES:
                self._cache.popitem(last=False)
        return loaded


def _version_columns() -> Select[*tuple[Any, ...]]:
    document = (t.Document.key, t.Document.kind, t.Document.audience, t.Document.deleted_at)
    return select(t.Version, *document).join(t.Document, t.Document.id == t.Version.document_id)


def _stored_version(row: Any) -> StoredVersion:
    return StoredVersion(
        document_key=row.key,
        version=row.number,
        kind=row.kind,
        audience=row.audience,
        title=row.title,
        url=row.url,
        text=row.text,
        blocks=blocks_from_rows(row.blocks),
        created_at=row.created_at,
        updated_at=row.updated_at,
        live=row.deleted_at is None,
    )


def live_chunks(query: Select[*Row]) -> Select[*Row]:
    """Restrict to chunks of the current version of documents that are not deleted."""
    return query.join(t.Document, t.Document.id == t.Chunk.document_id).where(
        t.Document.deleted_at.is_(None), t.Document.version_id == t.Chunk.version_id
    )


def _passage_columns() -> Select[*tuple[Any, ...]]:
    span = func.substr(t.Version.text, t.Chunk.start + 1, t.Chunk.end - t.Chunk.start).label("span")
    return live_chunks(
        select(
            t.Chunk.id, t.Chunk.start, t.Chunk.end, t.Chunk.role, t.Chunk.heading_path, t.Chunk.anchor, t.Chunk.blocks,
            span, t.Version.number, t.Version.title, t.Version.url, t.Version.updated_at, t.Version.attributes,
            t.Document.key, t.Document.kind, t.Document.audience, t.Source.name.label("source"),
        )
        .select_from(t.Chunk)
        .join(t.Version, t.Version.id == t.Chunk.version_id)
    ).join(t.Source, t.Source.id == t.Document.source_id)  # fmt: skip


def _passage(row: Any) -> Passage:
    return Passage(
        chunk_id=row.id,
        document_key=row.key,
        version=row.number,
        kind=row.kind,
        audience=row.audience,
        role=row.role,
        title=row.title,
        url=row.url,
        heading_path=tuple(row.heading_path),
        anchor=row.anchor,
        text=row.span,
        start=row.start,
        end=row.end,
        blocks=blocks_from_rows(row.blocks),
        updated_at=row.updated_at,
        status=str(row.attributes.get("status", "")),
        product=str(row.attributes.get("product", "")),
        locale=str(row.attributes.get("locale", "")),
        source=row.source,
    )


def _in_scope(question: Question) -> list[ColumnElement[bool]]:
    """What a document must be to answer this question, as `answering.retrieve` says it of a passage."""
    conditions: list[ColumnElement[bool]] = []
    if question.sources:
        conditions.append(t.Source.name.in_(question.sources))
    if question.product:
        product = func.lower(t.Version.attributes["product"].as_string())
        conditions.append(product.in_(("", question.product.lower())))
    if question.locale:
        locale = func.lower(t.Version.attributes["locale"].as_string())
        conditions.append(or_(locale == "", locale.startswith(language_of(question.locale), autoescape=True)))
    return conditions
