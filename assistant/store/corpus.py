"""The store as ingest sees it: sources, documents, versions, chunks, embeddings, quarantine.

Each document is one transaction. The index outbox is written in the same transaction, so an index
can always be brought to what was committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, ScalarSelect, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from assistant.domain import Block, Chunk, Document
from assistant.seams import Vectors
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.encoding import blocks_to_rows, url_key, vector_to_bytes
from assistant.store.persons import hashed_person, tells_apart

Outcome = Literal["added", "updated", "unchanged"]
_PIECE = 500
"""Most ids in one statement: SQLite and Chroma both refuse long lists."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of one source record."""

    document_id: int
    revision: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record in quarantine."""

    source: str
    item: str
    reason: str
    at: datetime


class Corpus:
    """Writes documents; the only writer of the tables behind search."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def source(self, name: str, kind: str, options: Mapping[str, Any]) -> int:
        """The id of the source called `name`, created when new; kind and `options` are brought up to date."""
        columns = select(t.Source.id, t.Source.kind, t.Source.options)
        with self._database.read() as connection:
            found = connection.execute(columns.where(t.Source.name == name)).first()
        if found and (found.kind, found.options) == (kind, dict(options)):
            return int(found.id)
        with self._database.write() as connection:
            if found:
                changed = update(t.Source).where(t.Source.id == found.id).values(kind=kind, options=dict(options))
                connection.execute(changed)
                return int(found.id)
            row = insert(t.Source).values(name=name, kind=kind, options=dict(options), created_at=datetime.now(UTC))
            return int(connection.execute(row.returning(t.Source.id)).scalar_one())

    def known(self, source_id: int) -> dict[str, Known]:
        """Every record of the source that was ever stored, by its key at the source."""
        columns = select(t.Document.source_key, t.Document.id, t.Document.revision, t.Document.deleted_at)
        with self._database.read() as connection:
            rows = connection.execute(columns.where(t.Document.source_id == source_id))
            return {row[0]: Known(row[1], row[2], row[3] is not None) for row in rows}

    def keys(self, source_id: int, source_keys: Sequence[str]) -> dict[str, str]:
        """The ids that the world uses for these records of the source, by their keys at the source."""
        query = select(t.Document.source_key, t.Document.key).where(t.Document.source_id == source_id)
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for piece in pieces(source_keys):
                rows = connection.execute(query.where(t.Document.source_key.in_(piece)))
                found.update({row[0]: row[1] for row in rows})
        return found

    def live_texts(self) -> Iterator[tuple[str, str]]:
        """The id and text of every live article and FAQ, by id."""
        query = select(t.Document.key, t.Version.text).join(t.Version, t.Version.id == t.Document.version_id)
        query = query.where(t.Document.deleted_at.is_(None), t.Document.kind != "ticket").order_by(t.Document.key)
        with self._database.read() as connection:
            for row in connection.execute(query):
                yield row[0], row[1]

    def move(self, document_id: int, source_key: str) -> None:
        """The record is found under another key at its source now; it stays the same document."""
        with self._database.write() as connection:
            connection.execute(update(t.Document).where(t.Document.id == document_id).values(source_key=source_key))

    def quarantined(self, source_id: int) -> dict[str, tuple[str, str]]:
        """Revision and reason of each record of the source that is in quarantine, by item."""
        columns = select(t.Quarantined.item, t.Quarantined.revision, t.Quarantined.reason)
        with self._database.read() as connection:
            rows = connection.execute(columns.where(t.Quarantined.source_id == source_id))
            return {row[0]: (row[1], row[2]) for row in rows}

    def quarantine_list(self, limit: int = 1000) -> list[LeftOut]:
        """What is in quarantine now, oldest first."""
        query = select(t.Source.name, t.Quarantined.item, t.Quarantined.reason, t.Quarantined.at)
        query = query.join(t.Source, t.Source.id == t.Quarantined.source_id).order_by(t.Quarantined.id).limit(limit)
        with self._database.read() as connection:
            return [LeftOut(*row) for row in connection.execute(query)]

    def clear_quarantine(self, source_id: int, items: Sequence[str]) -> None:
        """Forget items that can be read again or are no longer at the source."""
        with self._database.write() as connection:
            for piece in pieces(items):
                connection.execute(
                    delete(t.Quarantined).where(t.Quarantined.source_id == source_id, t.Quarantined.item.in_(piece))
                )

    def sources(self) -> list[dict[str, Any]]:
        """Every source with when it last ran, what that did, and how many live documents it has."""
        live = select(func.count(t.Document.id)).where(
            t.Document.source_id == t.Source.id, t.Document.deleted_at.is_(None)
        )
        query = select(t.Source, live.scalar_subquery().label("documents")).order_by(t.Source.id)
        with self._database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def missing_embeddings(self, model_id: str, hashes: Iterable[str]) -> set[str]:
        """Those of `hashes` that have no vector under `model_id` yet."""
        wanted = list(dict.fromkeys(hashes))
        present: set[str] = set()
        with self._database.read() as connection:
            for piece in pieces(wanted):
                query = select(t.Embedding.content_hash).where(
                    t.Embedding.model_id == model_id, t.Embedding.content_hash.in_(piece)
                )
                present.update(connection.scalars(query))
        return set(wanted) - present

    def put(
        self,
        source_id: int,
        source_key: str,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: Mapping[str, Vectors],
        model_id: str,
    ) -> Outcome:
        """Store the document's new state in one transaction; `vectors` hold those not stored yet, by content hash."""
        with self._database.write() as connection:
            row = connection.execute(
                select(t.Document).where(t.Document.source_id == source_id, t.Document.source_key == source_key)
            ).first()
            if row is not None and row.deleted_at is None and _same_content(connection, row.version_id, document):
                connection.execute(
                    update(t.Document)
                    .where(t.Document.id == row.id)
                    .values(revision=document.revision, audience=document.audience, kind=document.kind)
                )
                if (row.audience, row.kind) == (document.audience, document.kind):
                    return "unchanged"
            insert_embeddings(connection, model_id, vectors)
            document_id = int(row.id) if row is not None else _add_document(connection, source_id, source_key, document)
            version_id = _add_version(connection, document_id, document)
            _drop_chunks(connection, document_id)
            _add_chunks(connection, document_id, version_id, document.blocks, chunks)
            _replace_links(connection, document_id, document.agent_links)
            connection.execute(
                update(t.Document)
                .where(t.Document.id == document_id)
                .values(
                    version_id=version_id,
                    revision=document.revision,
                    kind=document.kind,
                    audience=document.audience,
                    url_key=url_key(document.url),
                    deleted_at=None,
                )
            )
            connection.execute(
                delete(t.Quarantined).where(t.Quarantined.source_id == source_id, t.Quarantined.item == source_key)
            )
        return "added" if row is None or row.deleted_at is not None else "updated"

    def remove(self, document_ids: Sequence[int]) -> int:
        """Tombstone documents: from this commit on no query returns them. Returns how many were live."""
        removed = 0
        for document_id in document_ids:
            with self._database.write() as connection:
                done = connection.execute(
                    update(t.Document)
                    .where(t.Document.id == document_id, t.Document.deleted_at.is_(None))
                    .values(deleted_at=datetime.now(UTC))
                )
                _drop_chunks(connection, document_id)
                removed += done.rowcount
        return removed

    def quarantine(self, source_id: int, item: str, revision: str, reason: str) -> None:
        """Remember why a record was left out; a later good reading clears it."""
        with self._database.write() as connection:
            connection.execute(
                delete(t.Quarantined).where(t.Quarantined.source_id == source_id, t.Quarantined.item == item)
            )
            connection.execute(
                insert(t.Quarantined).values(
                    source_id=source_id, item=item, revision=revision, reason=reason, at=datetime.now(UTC)
                )
            )

    def finish(self, source_id: int, summary: Mapping[str, Any], fingerprint: str) -> None:
        """Record when the source last ran to its end, what that did, and in which state the source was."""
        with self._database.write() as connection:
            connection.execute(
                update(t.Source)
                .where(t.Source.id == source_id)
                .values(last_run_at=datetime.now(UTC), last_summary=dict(summary), fingerprint=fingerprint)
            )


def pieces(ids: Sequence[Any], size: int = _PIECE) -> Iterable[Sequence[Any]]:
    """`ids` in runs of at most `size`."""
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _same_content(connection: Connection, version_id: int | None, document: Document) -> bool:
    row = connection.execute(select(t.Version).where(t.Version.id == version_id)).first()
    return row is not None and (
        row.title == document.title
        and row.url == document.url
        and row.text == document.text
        and row.blocks == blocks_to_rows(document.blocks)
        and row.attributes == _attributes(connection, document)
    )


def _attributes(connection: Connection, document: Document) -> dict[str, Any]:
    known = {"rating": document.rating, "person": _person(connection, document)}
    return {
        "locale": document.locale,
        "product": document.product,
        "channel": document.channel,
        "status": document.status,
        "tags": list(document.tags),
        "agent_links": list(document.agent_links),
    } | {name: value for name, value in known.items() if value is not None}


def _person(connection: Connection, document: Document) -> str | None:
    return hashed_person(connection, document.person) if tells_apart(document.person) else None


def _add_document(connection: Connection, source_id: int, source_key: str, document: Document) -> int:
    key = _free_key(connection, source_id, source_key, document.key)
    row = insert(t.Document).values(
        source_id=source_id,
        source_key=source_key,
        key=key,
        kind=document.kind,
        audience=document.audience,
        url_key=url_key(document.url),
        revision=document.revision,
    )
    return int(connection.execute(row.returning(t.Document.id)).scalar_one())


def _free_key(connection: Connection, source_id: int, source_key: str, wanted: str) -> str:
    """`wanted`, or where another record has it already, the same told apart by the source, then by the record."""
    name = (connection.scalar(select(t.Source.name).where(t.Source.id == source_id)) or "").rstrip("/")
    candidates = (wanted, f"{name.rsplit('/', 1)[-1]}:{wanted}", f"{source_id}:{wanted}", f"{source_id}:{source_key}")
    for key in chain(candidates, (f"{candidates[-1]}~{number}" for number in count(2))):
        if connection.scalar(select(t.Document.id).where(t.Document.key == key)) is None:
            return key
    raise AssertionError("numbers do not end")


def _add_version(connection: Connection, document_id: int, document: Document) -> int:
    last = connection.scalar(select(func.max(t.Version.number)).where(t.Version.document_id == document_id))
    row = insert(t.Version).values(
        document_id=document_id,
        number=(last or 0) + 1,
        title=document.title,
        url=document.url,
        text=document.text,
        blocks=blocks_to_rows(document.blocks),
        attributes=_attributes(connection, document),
        stored_at=datetime.now(UTC),
        created_at=document.created_at,
        updated_at=document.updated_at,
    )
    return int(connection.execute(row.returning(t.Version.id)).scalar_one())


def _drop_chunks(connection: Connection, document_id: int) -> None:
    ids = list(connection.scalars(select(t.Chunk.id).where(t.Chunk.document_id == document_id)))
    if ids:
        connection.execute(delete(t.Chunk).where(t.Chunk.document_id == document_id))
        connection.execute(insert(t.IndexChange), [{"chunk_id": i, "change": "delete"} for i in ids])


def _blocks_inside(blocks: Sequence[Block], start: int, end: int) -> list[Block]:
    """The blocks of a span, cut to it where a long block was split."""
    return [
        replace(b, start=max(b.start, start), end=min(b.end, end), variants=b.variants if b.end <= end else ())
        for b in blocks
        if b.start < end and b.end > start
    ]


def _add_chunks(
    connection: Connection, document_id: int, version_id: int, blocks: Sequence[Block], chunks: Sequence[Chunk]
) -> None:
    if not chunks:
        return
    rows = [
        {
            "document_id": document_id,
            "version_id": version_id,
            "start": chunk.start,
            "end": chunk.end,
            "role": chunk.role,
            "heading_path": list(chunk.heading_path),
            "blocks": blocks_to_rows(_blocks_inside(blocks, chunk.start, chunk.end)),
            "anchor": chunk.anchor,
            "content_hash": chunk.content_hash,
            "embedded_text": chunk.embedded_text,
        }
        for chunk in chunks
    ]
    ids = connection.scalars(insert(t.Chunk).returning(t.Chunk.id, sort_by_parameter_order=True), rows).all()
    connection.execute(insert(t.IndexChange), [{"chunk_id": i, "change": "add"} for i in ids])


def insert_embeddings(connection: Connection, model_id: str, vectors: Mapping[str, Vectors]) -> None:
    """Add vectors by content hash within the caller's transaction; one that is there stays."""
    if not vectors:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [{"model_id": model_id, "content_hash": h, "vector": vector_to_bytes(v)} for h, v in vectors.items()]
    # Two documents with one text may both bring its vector: the first stays.
    connection.execute(dialect.insert(t.Embedding).on_conflict_do_nothing(), rows)


def vector_of(content_hash: ColumnElement[str] | InstrumentedAttribute[str], model_id: str) -> ScalarSelect[bytes]:
    """The stored vector of a text as a column, NULL where there is none.

    A subquery, not a join: for a list of a few hundred texts SQLite begins a join with every vector of the model, so
    that reading a whole store piece by piece takes time with the square of its size.
    """
    found = select(t.Embedding.vector).where(t.Embedding.model_id == model_id, t.Embedding.content_hash == content_hash)
    return found.scalar_subquery()


def _replace_links(connection: Connection, document_id: int, links: Sequence[str]) -> None:
    connection.execute(delete(t.AgentLink).where(t.AgentLink.document_id == document_id))
    keys = [key for key in dict.fromkeys(map(url_key, links)) if key]
    if keys:
        connection.execute(insert(t.AgentLink), [{"document_id": document_id, "url_key": key} for key in keys])
