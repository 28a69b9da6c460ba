"""The store as the index sees it: live chunks with their vectors, the outbox, and the generations of record."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import delete, func, insert, select, update

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.seams import Ids, Vectors
from assistant.store import tables as t
from assistant.store.corpus import insert_embeddings, pieces, vector_of
from assistant.store.database import Database
from assistant.store.encoding import vectors_from_bytes
from assistant.store.knowledge import live_chunks

_RECENT_VECTORS = 20_000
_VECTORS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """What an index needs of one chunk; `body` is the span's text alone."""

    chunk_id: int
    kind: Kind
    role: Role
    title: str
    headings: str
    body: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """A generation as the store knows it; `clean` is false while a process may be writing to it."""

    id: int
    model_id: str
    applied_seq: int
    clean: bool
    chunks: int
    built_at: datetime
    report: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name and the name shown in answers."""
        return f"gen-{self.id:06d}"


@dataclass(frozen=True, slots=True)
class Pending:
    """Outbox entries after some position, folded: what to add, what to delete, and up to where."""

    add: tuple[int, ...]
    delete: tuple[int, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """Some live chunks beside each other: ids, kinds, roles, and vectors of shape `(n, d)`."""

    ids: list[int]
    kinds: list[str]
    roles: list[str]
    vectors: Vectors


class Generations:
    """Reads live chunks and the outbox; swaps the live generation in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Chunks are immutable, so a vector once read stays right; liveness is asked of the store elsewhere.
        self._recent: dict[tuple[str, int], Vectors] = {}

    def last_seq(self) -> int:
        """Position of the newest outbox entry, 0 when there never was one."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.max(t.IndexChange.seq))) or 0)

    def live(self) -> GenerationRecord | None:
        """The live generation, or None before the first build."""
        with self._database.read() as connection:
            row = connection.execute(select(t.Generation).where(t.Generation.state == "live")).first()
        if row is None:
            return None
        return GenerationRecord(row.id, row.model_id, row.applied_seq, row.clean, row.chunks, row.built_at, row.report)

    def begin(self, model_id: str) -> int:
        """Register a build; its id names the folder and is never used again."""
        with self._database.write() as connection:
            row = insert(t.Generation).values(
                state="building", model_id=model_id, applied_seq=0, clean=False, chunks=0,
                built_at=datetime.now(UTC), report={},
            )  # fmt: skip
            return int(connection.execute(row.returning(t.Generation.id)).scalar_one())

    def make_live(self, generation_id: int, *, applied_seq: int, chunks: int, report: Mapping[str, Any]) -> None:
        """Swap: the old live generation is retired and this one live, or neither; it is clean when it is closed."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            connection.execute(update(t.Generation).where(t.Generation.state == "live").values(state="retired"))
            connection.execute(
                update(t.Generation)
                .where(t.Generation.id == generation_id)
                .values(
                    state="live", applied_seq=applied_seq, clean=False, chunks=chunks, built_at=now, verified_at=now,
                    report=dict(report),
                )
            )  # fmt: skip
            # Applied entries of the only generation are history; the newest stays so that numbers go on.
            connection.execute(delete(t.IndexChange).where(t.IndexChange.seq < applied_seq))

    def mark(
        self,
        generation_id: int,
        *,
        clean: bool,
        applied_seq: int | None = None,
        report: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that a process writes to the generation (not clean), or that it finished and up to where."""
        values: dict[str, Any] = {"clean": clean}
        if report is not None:
            values["report"] = dict(report)
        if applied_seq is not None:
            values["applied_seq"] = applied_seq
        with self._database.write() as connection:
            connection.execute(update(t.Generation).where(t.Generation.id == generation_id).values(**values))
            if applied_seq is not None:
                connection.execute(delete(t.IndexChange).where(t.IndexChange.seq < applied_seq))

    def discard(self, generation_id: int, state: str) -> None:
        """Record how a build that did not become live ended."""
        with self._database.write() as connection:
            connection.execute(update(t.Generation).where(t.Generation.id == generation_id).values(state=state))

    def discard_unfinished(self) -> None:
        """Record that builds which a killed process left behind did not become live."""
        with self._database.write() as connection:
            building = update(t.Generation).where(t.Generation.state == "building")
            connection.execute(building.values(state="failed"))

    def changed(self, after: int) -> set[int]:
        """Every chunk that came or went after the outbox position `after`."""
        with self._database.read() as connection:
            return set(connection.scalars(select(t.IndexChange.chunk_id).where(t.IndexChange.seq > after)))

    def pending(self, after: int) -> Pending:
        """Outbox entries after `after`; what was added and deleted since is deleted: a build under way may hold it."""
        with self._database.read() as connection:
            query = select(t.IndexChange.seq, t.IndexChange.chunk_id, t.IndexChange.change)
            rows = connection.execute(query.where(t.IndexChange.seq > after).order_by(t.IndexChange.seq)).all()
        added: dict[int, None] = {}
        deleted: dict[int, None] = {}
        for row in rows:
            if row.change == "add":
                added[row.chunk_id] = None
            else:
                added.pop(row.chunk_id, None)
                deleted[row.chunk_id] = None
        return Pending(tuple(added), tuple(deleted), int(rows[-1].seq) if rows else after)

    def live_chunk_ids(self) -> Ids:
        """Ids of every live chunk."""
        with self._database.read() as connection:
            return np.unique(np.fromiter(connection.scalars(live_chunks(select(t.Chunk.id))), np.int64))

    def chunks(self, chunk_ids: list[int]) -> list[IndexedChunk]:
        """The live ones of `chunk_ids`, in order of id."""
        span = func.substr(t.Version.text, t.Chunk.start + 1, t.Chunk.end - t.Chunk.start).label("body")
        columns = live_chunks(
            select(
                t.Chunk.id, t.Document.kind, t.Chunk.role, t.Version.title, t.Chunk.heading_path, span,
                t.Chunk.content_hash,
            ).join(t.Version, t.Version.id == t.Chunk.version_id)
        )  # fmt: skip
        found: list[IndexedChunk] = []
        for piece in pieces(sorted(chunk_ids)):
            with self._database.read() as connection:
                rows = connection.execute(columns.where(t.Chunk.id.in_(piece)).order_by(t.Chunk.id))
                found.extend(_indexed(row) for row in rows)
        return found

    def vectors(self, chunk_ids: list[int], model_id: str) -> tuple[list[int], Vectors]:
        """Ids and vectors, shape `(n, d)`, of those of `chunk_ids` that are live.

        Raises:
            IndexUnavailable: a live chunk has no vector under `model_id`; `waypost index rebuild` embeds it.
        """
        ids, vectors = self._stored(chunk_ids, model_id)
        if len(ids) < len(chunk_ids) and (lost := self._live_among(chunk_ids) - set(ids)):
            raise IndexUnavailable(
                f"{len(lost)} passages have no vector of model {model_id}, the first is chunk {min(lost)}. "
                "Run `waypost index rebuild`, which embeds what is missing."
            )
        return ids, vectors

    def _live_among(self, chunk_ids: Sequence[int]) -> set[int]:
        return set(np.intersect1d(self.live_chunk_ids(), np.array(chunk_ids, np.int64)).tolist())

    def _stored(self, chunk_ids: Sequence[int], model_id: str) -> tuple[list[int], Vectors]:
        """Ids and vectors of the live ones of `chunk_ids` that have a vector under `model_id`."""
        ids: list[int] = []
        blobs: list[bytes] = []
        query = live_chunks(select(t.Chunk.id, vector_of(t.Chunk.content_hash, model_id)))
        for piece in pieces(sorted(chunk_ids)):
            with self._database.read() as connection:
                for chunk_id, blob in connection.execute(query.where(t.Chunk.id.in_(piece)).order_by(t.Chunk.id)):
                    if blob is not None:
                        ids.append(chunk_id)
                        blobs.append(blob)
        return ids, vectors_from_bytes(blobs)

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int], model_id: str) -> dict[int, float]:
        """Cosine of `vector`, shape `(d,)`, to each of the live chunks; the last vectors read are kept."""
        wanted = [i for i in dict.fromkeys(chunk_ids) if (model_id, i) not in self._recent]
        if wanted:
            ids, vectors = self._stored(wanted, model_id)
            if len(self._recent) > _RECENT_VECTORS:
                self._recent.clear()
            self._recent.update({(model_id, i): row for i, row in zip(ids, vectors, strict=True)})
        known = [i for i in dict.fromkeys(chunk_ids) if (model_id, i) in self._recent]
        if not known:
            return {}
        scores = np.stack([self._recent[model_id, i] for i in known]) @ vector
        return {i: float(score) for i, score in zip(known, scores, strict=True)}

    def stored(self, model_id: str) -> Iterator[StoredVectors]:
        """Every live chunk with a vector under `model_id` in order of id, some thousand at a time."""
        query = live_chunks(select(t.Chunk.id, t.Document.kind, t.Chunk.role, t.Embedding.vector)).join(
            t.Embedding, (t.Embedding.content_hash == t.Chunk.content_hash) & (t.Embedding.model_id == model_id)
        )
        with self._database.read() as connection:
            for rows in connection.execute(query.order_by(t.Chunk.id)).partitions(_VECTORS_AT_ONCE):
                yield StoredVectors(
                    [row[0] for row in rows],
                    [sys.intern(row[1]) for row in rows],
                    [sys.intern(row[2]) for row in rows],
                    vectors_from_bytes([row[3] for row in rows]),
                )

    def matrix(self, model_id: str) -> tuple[list[int], list[str], list[str], Vectors]:
        """Every live chunk with a vector under `model_id`: ids, kinds, roles, and vectors of shape `(n, d)`."""
        parts = list(self.stored(model_id))
        return (
            [i for part in parts for i in part.ids],
            [kind for part in parts for kind in part.kinds],
            [role for part in parts for role in part.roles],
            np.concatenate([part.vectors for part in parts]) if parts else np.zeros((0, 0), np.float32),
        )

    def add_embeddings(self, model_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors by content hash; one that is there stays."""
        with self._database.write() as connection:
            insert_embeddings(connection, model_id, vectors)

    def count_unembedded(self, model_id: str) -> int:
        """How many texts of live chunks have no vector under `model_id`."""
        return len(list(self.unembedded(model_id)))

    def unembedded(self, model_id: str) -> Iterator[tuple[str, str]]:
        """Content hash and embedded text of live chunks that have no vector under `model_id`."""
        query = (
            live_chunks(select(t.Chunk.content_hash, t.Chunk.embedded_text).distinct())
            .join(
                t.Embedding,
                (t.Embedding.content_hash == t.Chunk.content_hash) & (t.Embedding.model_id == model_id),
                isouter=True,
            )
            .where(t.Embedding.content_hash.is_(None))
        )
        with self._database.read() as connection:
            yield from [(row[0], row[1]) for row in connection.execute(query)]


def _indexed(row: Any) -> IndexedChunk:
    headings = " / ".join(row.heading_path)
    return IndexedChunk(row.id, row.kind, row.role, row.title, headings, row.body, row.content_hash)
