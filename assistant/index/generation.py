"""Index generations: built from the store, verified, swapped in by one transaction, thrown away at will.

Whatever happens to a generation, the store answers: `StoreSearch` is exact search over the stored
vectors with an in-memory keyword index, used until a sound generation is there.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.index.keywords import Keywords
from assistant.index.vectors import ChromaVectors, ExactVectors
from assistant.seams import Embedder, Progress, Vectors
from assistant.store.generations import GenerationRecord, Generations, IndexedChunk

log = logging.getLogger(__name__)

State = Literal["missing", "opening", "sound", "degraded", "rebuilding"]
_ROLES: tuple[Role, ...] = ("body", "problem", "resolution")
_PIECE = 2_000
_SAMPLE = 64
_LEAST_RECALL = 0.95


@dataclass(frozen=True, slots=True)
class Verification:
    """What a generation holds against what the store says, through the query path that answers use.

    `recall` is the share of exact top-10 neighbours that sampled queries find, in [0, 1].
    """

    live_chunks: int
    unreachable: tuple[int, ...]
    unlisted: tuple[int, ...]
    recall: float
    problems: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether nothing is missing."""
        return not (self.unreachable or self.unlisted or self.problems) and self.recall >= _LEAST_RECALL


class StoreSearch:
    """Exact and keyword search straight from the store, loaded at first use and again when the store changed."""

    def __init__(self, generations: Generations, model_id: str) -> None:
        self._generations = generations
        self._model_id = model_id
        self._lock = threading.Lock()
        self._seq: dict[str, int] = {}
        self._vectors: ExactVectors | None = None
        self._keywords: Keywords | None = None

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        """Nearest live chunks, exactly."""
        with self._lock:
            if self._stale("vectors") or self._vectors is None:
                self._vectors = ExactVectors(*self._generations.matrix(self._model_id))
            searched = self._vectors
        return _merged([searched.query(vector, kinds=kinds, role=role, k=k) for role in roles], k)

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        """Cosine of `vector` to each of the chunks, from the stored vectors."""
        return self._generations.similarities(vector, chunk_ids, self._model_id)

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best live chunks by BM25."""
        with self._lock:
            if self._stale("keywords") or self._keywords is None:
                self._keywords = Keywords(None)
                self._keywords.add(self._generations.chunks(list(self._generations.live_chunk_ids())))
            searched = self._keywords
        return searched.search(text, kinds=kinds, roles=roles, k=k)

    def _stale(self, half: str) -> bool:
        seq = self._generations.last_seq()
        stale = self._seq.get(half) != seq
        self._seq[half] = seq
        return stale


class ReaderIndex:
    """Search for a process that does not own the directory: the generation's keyword file, exact vectors."""

    def __init__(self, generations: Generations, folder: Path, model_id: str) -> None:
        self._store = StoreSearch(generations, model_id)
        self._keywords: Keywords | None = None
        self.notice = ""
        record = generations.live()
        self.name = record.name if record else "none"
        if record is None:
            return
        if generations.pending(record.applied_seq).add:
            self.notice = "The keyword index lags behind the store; it is rebuilt in memory for this command."
            return
        try:
            self._keywords = Keywords(folder / record.name / "keywords.sqlite", read_only=True)
            self._keywords.check()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a derived file, the store answers
            self._keywords = None
            self.notice = f"The index is damaged ({error}); answers come straight from the store."

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        """Nearest live chunks, exactly."""
        return self._store.dense(vector, kinds=kinds, roles=roles, k=k)

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        """Cosine of `vector` to each of the chunks, from the stored vectors."""
        return self._store.similarities(vector, chunk_ids)

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best chunks by BM25."""
        if self._keywords is not None:
            try:
                return self._keywords.search(text, kinds=kinds, roles=roles, k=k)
            except IndexUnavailable as error:
                self._keywords, self.notice = None, str(error)
        return self._store.keyword(text, kinds=kinds, roles=roles, k=k)


@dataclass(frozen=True, slots=True)
class _Open:
    """The two halves of an opened generation."""

    record: GenerationRecord
    keywords: Keywords
    vectors: ChromaVectors

    def close(self) -> None:
        self.keywords.close()
        self.vectors.close()


class OwnedIndex:
    """The index of the process that owns the data directory: it alone opens, changes and replaces generations."""

    def __init__(
        self, generations: Generations, folder: Path, embedder: Embedder, *, deadline_s: float, probe_s: float
    ) -> None:
        self._generations = generations
        self._folder = folder
        self._embedder = embedder
        self._deadline_s = deadline_s
        self._probe_s = probe_s
        self._store = StoreSearch(generations, embedder.model_id)
        self._open: _Open | None = None
        self._spare: tuple[int, ChromaVectors] | None = None
        self._writing = threading.RLock()
        self.state: State = "missing"
        self.notice = ""

    @property
    def name(self) -> str:
        """The generation that answers now, "exact" when the store answers itself."""
        return self._open.record.name if self._open else "exact"

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        """Nearest chunks; exact search takes over when the vector index fails."""
        opened = self._open
        if opened is not None:
            try:
                return _merged([opened.vectors.query(vector, kinds=kinds, role=role, k=k) for role in roles], k)
            except IndexUnavailable as error:
                self._degrade(opened, error)
        return self._store.dense(vector, kinds=kinds, roles=roles, k=k)

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        """Cosine of `vector` to each of the chunks, from the stored vectors."""
        return self._store.similarities(vector, chunk_ids)

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best chunks by BM25; an in-memory index takes over when the file fails."""
        opened = self._open
        if opened is not None:
            try:
                return opened.keywords.search(text, kinds=kinds, roles=roles, k=k)
            except IndexUnavailable as error:
                self._degrade(opened, error)
        return self._store.keyword(text, kinds=kinds, roles=roles, k=k)

    def is_current(self) -> bool:
        """Whether the generation on record is clean, of this model, on disk, and holds all that was committed."""
        record = self._generations.live()
        return (
            record is not None
            and record.clean
            and record.model_id == self._embedder.model_id
            and record.applied_seq >= self._generations.last_seq()
            and (self._folder / record.name / "keywords.sqlite").is_file()
            and (self._folder / record.name / "chroma" / "chroma.sqlite3").is_file()
        )

    def expect_build(self) -> None:
        """Start the next generation's child process now, while other work goes on."""
        with self._writing:
            if self._spare is None and self._generations.live() is None:
                generation_id = self._generations.begin(self._embedder.model_id)
                self._spare = (generation_id, self._new_vectors(f"gen-{generation_id:06d}"))

    def bring_up(self, progress: Progress | None = None) -> None:
        """Open the generation on record, verify it, apply what is pending; rebuild when anything is wrong."""
        with self._writing:
            self.state = "opening"
            try:
                opened = self._open_sound()
            except IndexUnavailable as error:
                self.notice = str(error)
                log.warning("index: %s", error)
                self.rebuild(progress)
                return
            self._open, self.state, self.notice = opened, "sound", ""

    def apply(self) -> int:
        """Bring the live generation to what was committed; returns how many chunks changed."""
        with self._writing:
            if self._open is None:
                self.bring_up()
                return 0
            opened = self._open
            pending = self._generations.pending(opened.record.applied_seq)
            if pending.seq == opened.record.applied_seq:
                return 0
            try:
                self._open = self._applied(opened)
            except IndexUnavailable as error:
                self._degrade(opened, error)
                self.rebuild()
            return len(pending.add) + len(pending.delete)

    def rebuild(self, progress: Progress | None = None) -> Verification:
        """Build a new generation beside the old one, verify it, swap it in, remove the old ones.

        Raises:
            IndexUnavailable: the new one does not hold what the store holds; the old state stays.
        """
        with self._writing:
            self.state = "rebuilding"
            self._embed_missing(progress)
            generation_id, vectors = self._take_spare()
            try:
                opened, verification = self._build(generation_id, vectors, progress)
            except BaseException:
                vectors.close()
                self._generations.discard(generation_id, "failed")
                self.state = "degraded"
                raise
            old, self._open = self._open, opened
            self.state, self.notice = "sound", ""
            if old is not None:
                old.close()
            self._remove_others(opened.record.name)
            return verification

    def verify(self) -> Verification:
        """Compare the live generation with the store through real queries; changes nothing."""
        with self._writing:
            if self._open is None:
                try:
                    record = self._record()
                    opened = self._open_files(record)
                except IndexUnavailable as error:
                    live = len(self._generations.live_chunk_ids())
                    return Verification(live, (), (), 0.0, (str(error),))
                verification = self._verified(opened)
                opened.close()
                return verification
            return self._verified(self._open)

    def healthy(self) -> bool:
        """A cheap look at the running generation: both halves answer."""
        opened = self._open
        if opened is None:
            return False
        try:
            opened.keywords.check()
            if not (self._folder / opened.record.name / "chroma" / "chroma.sqlite3").is_file():
                raise IndexUnavailable(f"The index folder {opened.record.name} was removed from outside.")
            dimensions = self._embedder.embed(["health"]).shape[1]
            opened.vectors.query(
                np.full(dimensions, dimensions**-0.5, np.float32), kinds=("doc", "faq"), role="body", k=1
            )
        except IndexUnavailable as error:
            self._degrade(opened, error)
            return False
        return True

    def close(self) -> None:
        """Let the child write what it holds, and note that it did."""
        with self._writing:
            if self._spare is not None:
                self._generations.discard(self._spare[0], "failed")
                self._spare[1].close()
            if self._open is not None:
                self._open.close()
                self._generations.mark(self._open.record.id, clean=True)
                self._open = None

    def _record(self) -> GenerationRecord:
        record = self._generations.live()
        if record is None:
            raise IndexUnavailable("There is no index generation yet.")
        if record.model_id != self._embedder.model_id:
            raise IndexUnavailable(
                f"The index was built with model {record.model_id}, the settings name {self._embedder.model_id}."
            )
        if not (self._folder / record.name / "chroma" / "chroma.sqlite3").is_file():
            raise IndexUnavailable(f"The index folder {record.name} is missing or empty.")
        return record

    def _open_files(self, record: GenerationRecord) -> _Open:
        path = self._folder / record.name / "keywords.sqlite"
        if not path.is_file():
            raise IndexUnavailable(f"The keyword file of {record.name} is missing.")
        try:
            keywords = Keywords(path)
            keywords.check()
        except IndexUnavailable:
            raise
        except Exception as error:
            raise IndexUnavailable(f"The keyword file of {record.name} is damaged ({error}).") from error
        return _Open(record, keywords, self._new_vectors(record.name))

    def _open_sound(self) -> _Open:
        opened = self._open_files(self._record())
        self._generations.mark(opened.record.id, clean=False)
        try:
            opened = self._applied(opened)
            verification = self._verified(opened)
            if not verification.sound:
                raise IndexUnavailable(_described(verification))
        except IndexUnavailable:
            opened.close()
            raise
        return opened

    def _applied(self, opened: _Open) -> _Open:
        record = opened.record
        pending = self._generations.pending(record.applied_seq)
        opened.vectors.delete(pending.delete)
        opened.keywords.delete(pending.delete)
        self._index(pending.add, opened.keywords, opened.vectors, None)
        if pending.seq != record.applied_seq:
            self._generations.mark(record.id, clean=False, applied_seq=pending.seq)
        return _Open(replace(record, applied_seq=pending.seq, clean=False), opened.keywords, opened.vectors)

    def _build(
        self, generation_id: int, vectors: ChromaVectors, progress: Progress | None
    ) -> tuple[_Open, Verification]:
        # Read the position first: what is committed while this builds is applied afterwards.
        seq = self._generations.last_seq()
        ids = sorted(self._generations.live_chunk_ids())
        name = f"gen-{generation_id:06d}"
        keywords = Keywords(self._folder / name / "keywords.sqlite")
        record = GenerationRecord(generation_id, self._embedder.model_id, seq, False, len(ids), datetime.now(UTC), {})
        opened = _Open(record, keywords, vectors)
        self._index(ids, keywords, vectors, progress)
        verification = self._verified(opened, ids)
        if not verification.sound:
            raise IndexUnavailable(_described(verification))
        report = {"live_chunks": verification.live_chunks, "recall": verification.recall}
        self._generations.make_live(generation_id, applied_seq=seq, chunks=len(ids), report=report)
        self._generations.mark(generation_id, clean=False, applied_seq=seq)
        return opened, verification

    def _index(self, ids: Sequence[int], keywords: Keywords, vectors: ChromaVectors, progress: Progress | None) -> None:
        for at in range(0, len(ids), _PIECE):
            piece = list(ids[at : at + _PIECE])
            chunks: list[IndexedChunk] = self._generations.chunks(piece)
            found, matrix = self._generations.vectors([c.chunk_id for c in chunks], self._embedder.model_id)
            row = {chunk_id: i for i, chunk_id in enumerate(found)}
            # A document may be deleted between the two reads: only what both saw is indexed.
            chunks = [c for c in chunks if c.chunk_id in row]
            if chunks:
                vectors.add(chunks, matrix[[row[c.chunk_id] for c in chunks]])
                keywords.add(chunks)
            if progress:
                progress(at + len(piece), len(ids), "indexing")

    def _verified(self, opened: _Open, expected: Sequence[int] | None = None) -> Verification:
        live = set(self._generations.live_chunk_ids()) if expected is None else set(expected)
        ids, kinds, roles, matrix = self._generations.matrix(opened.record.model_id)
        exact = ExactVectors(ids, kinds, roles, matrix)
        reached: set[int] = set()
        recalls: list[float] = []
        for role in _ROLES:
            rows = np.flatnonzero(np.asarray(roles) == role) if roles else np.zeros(0, int)
            if len(rows):
                reached |= opened.vectors.reachable(role, matrix[rows])
                recalls += [_recall(opened.vectors, exact, matrix[row], role) for row in _spread(rows)]
        listed = opened.keywords.ids()
        return Verification(
            live_chunks=len(live),
            unreachable=tuple(sorted((live & set(ids)) - reached)) + tuple(sorted(live - set(ids))),
            unlisted=tuple(sorted(live - listed)),
            recall=float(np.mean(recalls)) if recalls else 1.0,
        )

    def _embed_missing(self, progress: Progress | None) -> None:
        missing = list(self._generations.unembedded(self._embedder.model_id))
        for at in range(0, len(missing), 256):
            piece = missing[at : at + 256]
            vectors = self._embedder.embed([text for _, text in piece])
            hashes = [content_hash for content_hash, _ in piece]
            self._generations.add_embeddings(self._embedder.model_id, dict(zip(hashes, vectors, strict=True)))
            if progress:
                progress(at + len(piece), len(missing), "embedding")

    def _take_spare(self) -> tuple[int, ChromaVectors]:
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        generation_id = self._generations.begin(self._embedder.model_id)
        return generation_id, self._new_vectors(f"gen-{generation_id:06d}")

    def _new_vectors(self, name: str) -> ChromaVectors:
        return ChromaVectors(self._folder / name / "chroma", deadline_s=self._deadline_s, probe_s=self._probe_s)

    def _degrade(self, failed: _Open, error: IndexUnavailable) -> None:
        log.warning("index: %s", error)
        self.notice = str(error)
        if self._open is failed:
            self._open, self.state = None, "degraded"
            failed.close()

    def _remove_others(self, keep: str) -> None:
        for folder in self._folder.glob("gen-*"):
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)


def _merged(results: Sequence[list[tuple[int, float]]], k: int) -> list[tuple[int, float]]:
    if len(results) == 1:
        return results[0]
    return sorted((pair for result in results for pair in result), key=lambda pair: -pair[1])[:k]


def _spread(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """At most `_SAMPLE` rows, evenly spread."""
    return [int(r) for r in rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(int)]]


def _recall(vectors: ChromaVectors, exact: ExactVectors, vector: Vectors, role: Role) -> float:
    """Share of the exact top-10 scores that the index reaches; equal scores count, since twins may swap places."""
    kinds: tuple[Kind, ...] = ("doc", "faq", "ticket")
    true = [score for _, score in exact.query(vector, kinds=kinds, role=role, k=10)]
    found = [score for _, score in vectors.query(vector, kinds=kinds, role=role, k=10)]
    if not true:
        return 1.0
    return sum(score >= true[-1] - 1e-4 for score in found[: len(true)]) / len(true)


def _described(verification: Verification) -> str:
    return (
        f"The index does not hold what the store holds: of {verification.live_chunks} live passages "
        f"{len(verification.unreachable)} cannot be reached, {len(verification.unlisted)} are missing from keyword "
        f"search, sampled recall is {verification.recall:.3f} (expected at least {_LEAST_RECALL})."
    )
