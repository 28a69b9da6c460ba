"""Index generations: built from the store, verified, swapped in by one transaction, thrown away at will.

Whatever happens to a generation, the store answers: exact search over the stored vectors with an
in-memory keyword index, used until a sound generation is there.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.index.exact import StoreSearch, exactly, merged
from assistant.index.files import digests
from assistant.index.keywords import Keywords
from assistant.index.vectors import ChromaVectors, ExactVectors, IndexBusy
from assistant.index.verification import Verification, compared
from assistant.seams import Embedder, Ids, Progress, Vectors
from assistant.store.generations import GenerationRecord, Generations, IndexedChunk

log = logging.getLogger(__name__)

State = Literal["missing", "opening", "sound", "degraded", "rebuilding"]
_PIECE = 2_000
_BYTES_A_CHUNK = 20_000
"""Room for one chunk while building: 384 floats in Chroma's graph and its write-ahead queue, and the words."""
_SPARE_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class _Open:
    """The two halves of an opened generation; `apart` searches the passages that the vector index cannot reach."""

    record: GenerationRecord
    folder: Path
    keywords: Keywords
    vectors: ChromaVectors
    apart: ExactVectors | None = None

    def nearest(self, vector: Vectors, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Nearest chunks of these roles, best first."""
        found = [self.vectors.query(vector, kinds=kinds, role=role, k=k) for role in roles]
        if self.apart is not None:
            found += [self.apart.query(vector, kinds=kinds, role=role, k=k) for role in roles]
        return merged(found, k)

    def completed(self, generations: Generations, verification: Verification) -> _Open:
        """With what the verification found to be out of reach."""
        if not verification.apart:
            return self
        log.info("index: %d passages are searched apart", len(verification.apart))
        return replace(self, apart=exactly(generations, verification.apart, self.record.model_id))

    def close(self) -> bool:
        """Close both halves; whether all was written."""
        self.keywords.close()
        return self.vectors.close()

    def abandon(self) -> None:
        """End both halves at once."""
        self.keywords.close()
        self.vectors.kill()

    def verified(self, generations: Generations, *, thorough: bool) -> Verification:
        """What it holds against what the store says."""
        return compared(
            generations, self.keywords, self.vectors,
            model_id=self.record.model_id, applied_seq=self.record.applied_seq, thorough=thorough,
        )  # fmt: skip


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
        self._switching = threading.Lock()
        self.state: State = "missing"
        self.notice = ""

    @property
    def name(self) -> str:
        """The generation that answers now, "exact" when the store answers itself."""
        opened = self._open
        return opened.record.name if opened else "exact"

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        """Nearest chunks; exact search takes over when the vector index fails."""
        opened = self._open
        if opened is not None:
            try:
                return opened.nearest(vector, kinds, roles, k)
            except IndexBusy:
                log.debug("index: busy; this question is answered by exact search")
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
                self._spare = self._begun()

    def bring_up(self, progress: Progress | None = None) -> None:
        """Open the generation on record, apply what is pending, verify it; rebuild when anything is wrong."""
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
            self._remove_others(opened.record.name)

    def apply(self) -> int:
        """Bring the live generation to what was committed; returns how many chunks changed."""
        with self._writing:
            opened = self._open
            if opened is None:
                self.bring_up()
                return 0
            pending = self._generations.pending(opened.record.applied_seq)
            if pending.seq == opened.record.applied_seq:
                return 0
            try:
                applied = self._applied(opened)
            except IndexUnavailable as error:
                self._degrade(opened, error)
                self.rebuild()
            else:
                with self._switching:
                    # A question may have found it broken meanwhile.
                    self._open = applied if self._open is opened else None
            return len(pending.add) + len(pending.delete)

    def rebuild(self, progress: Progress | None = None) -> Verification:
        """Build a new generation beside the old one, verify it, swap it in, remove the old ones.

        Raises:
            IndexUnavailable: the new one does not hold what the store holds; the old state stays.
        """
        with self._writing:
            before = self.state
            self.state = "rebuilding"
            try:
                self._embed_missing(progress)
                opened, verification = self._built(progress)
            except BaseException as error:
                self.state = before if self._open is not None else "degraded"
                self.notice = str(error)
                raise
            with self._switching:
                old, self._open = self._open, opened
                self.state, self.notice = "sound", ""
            if old is not None:
                old.abandon()
            self._remove_others(opened.record.name)
            return verification

    def verify(self) -> Verification:
        """Compare the live generation with the store through real queries; changes none of what it holds."""
        with self._writing:
            try:
                if self._open is not None:
                    return self._open.verified(self._generations, thorough=True)
                return self._verified_once(self._record())
            except IndexUnavailable as error:
                return Verification(len(self._generations.live_chunk_ids()), 0.0, problems=(str(error),))

    def _verified_once(self, record: GenerationRecord) -> Verification:
        """Verify files that nobody has open. Chroma rewrites its own by opening them: sound ones are noted anew."""
        opened = self._open_files(record)
        try:
            found = opened.verified(self._generations, thorough=True)
        except BaseException:
            opened.close()
            raise
        if opened.close() and found.sound and record.clean:
            self._note_closed(opened)
        return found

    def healthy(self) -> bool:
        """A cheap look at the running generation: both halves answer."""
        opened = self._open
        if opened is None:
            return False
        try:
            opened.keywords.check()
            _refuse_absent(opened.folder)
            width = self._embedder.embed(["health"]).shape[1]
            opened.vectors.query(np.full(width, width**-0.5, np.float32), kinds=("doc", "faq"), role="body", k=1)
        except IndexBusy:
            return True
        except IndexUnavailable as error:
            self._degrade(opened, error)
            return False
        return True

    def close(self) -> None:
        """Let the child write what it holds, and note that it did."""
        with self._writing:
            if self._spare is not None:
                self._give_up(*self._spare)
                self._spare = None
            with self._switching:
                opened, self._open = self._open, None
                self.state = "missing"
            if opened is not None and opened.close():
                self._note_closed(opened)

    def _note_closed(self, opened: _Open) -> None:
        """Keep what the closed files hash to, so that the next opening knows them again."""
        report = {**opened.record.report, "files": digests(opened.folder)}
        self._generations.mark(opened.record.id, clean=True, report=report)

    def _record(self) -> GenerationRecord:
        record = self._generations.live()
        if record is None:
            raise IndexUnavailable("There is no index generation yet.")
        if record.model_id != self._embedder.model_id:
            raise IndexUnavailable(
                f"The index was built with model {record.model_id}, the settings name {self._embedder.model_id}."
            )
        return record

    def _open_files(self, record: GenerationRecord) -> _Open:
        folder = self._folder / record.name
        _refuse_absent(folder)
        if record.clean and (expected := record.report.get("files")) and digests(folder) != expected:
            raise IndexUnavailable(f"The files of {record.name} are not those that were closed.")
        # Chroma waits for a locked database and panics over a damaged one; SQLite itself says so at once.
        _refuse_locked_or_damaged(folder / "chroma" / "chroma.sqlite3")
        keywords = Keywords(folder / "keywords.sqlite")
        try:
            keywords.check()
            return _Open(record, folder, keywords, self._new_vectors(record.name))
        except IndexUnavailable:
            keywords.close()
            raise

    def _open_sound(self) -> _Open:
        record = self._record()
        opened = self._open_files(record)
        try:
            self._generations.mark(record.id, clean=False)
            opened = self._applied(opened)
            # Files that are those of a clean end were verified before it; a killed process may have left anything.
            verification = opened.verified(
                self._generations, thorough=not (record.clean and record.report.get("files"))
            )
            if not verification.sound:
                raise IndexUnavailable(str(verification))
            return opened.completed(self._generations, verification)
        except BaseException:
            opened.abandon()
            raise

    def _applied(self, opened: _Open) -> _Open:
        record = opened.record
        pending = self._generations.pending(record.applied_seq)
        opened.vectors.delete(pending.delete)
        opened.keywords.delete(pending.delete)
        self._index(np.array(pending.add, np.int64), opened.keywords, opened.vectors, None)
        if pending.seq != record.applied_seq:
            self._generations.mark(record.id, clean=False, applied_seq=pending.seq)
        return replace(opened, record=replace(record, applied_seq=pending.seq, clean=False))

    def _built(self, progress: Progress | None) -> tuple[_Open, Verification]:
        """A new generation, live on record. A child that was started ahead may have died since: one more try."""
        if self._spare is not None:
            spare, self._spare = self._spare, None
            try:
                return self._build(*spare, progress)
            except IndexUnavailable as error:
                log.warning("index: %s", error)
        return self._build(*self._begun(), progress)

    def _build(
        self, generation_id: int, vectors: ChromaVectors, progress: Progress | None
    ) -> tuple[_Open, Verification]:
        # Read the position first: what is committed while this builds is applied afterwards.
        seq = self._generations.last_seq()
        ids = self._generations.live_chunk_ids()
        name = f"gen-{generation_id:06d}"
        try:
            self._refuse_full_disk(len(ids))
            keywords = Keywords(self._folder / name / "keywords.sqlite")
            record = GenerationRecord(
                generation_id, self._embedder.model_id, seq, False, len(ids), datetime.now(UTC), {}
            )
            opened = _Open(record, self._folder / name, keywords, vectors)
            self._index(ids, keywords, vectors, progress)
            verification = opened.verified(self._generations, thorough=False)
            if not verification.sound:
                raise IndexUnavailable(str(verification))
            opened = opened.completed(self._generations, verification)
            report = {
                "live_chunks": verification.live_chunks, "recall": verification.recall, "apart": len(verification.apart)
            }  # fmt: skip
            self._generations.make_live(generation_id, applied_seq=seq, chunks=len(ids), report=report)
        except BaseException:
            self._give_up(generation_id, vectors)
            raise
        return replace(opened, record=replace(record, report=report)), verification

    def _index(self, ids: Ids, keywords: Keywords, vectors: ChromaVectors, progress: Progress | None) -> None:
        for at in range(0, len(ids), _PIECE):
            piece = ids[at : at + _PIECE].tolist()
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

    def _embed_missing(self, progress: Progress | None) -> None:
        missing = list(self._generations.unembedded(self._embedder.model_id))
        for at in range(0, len(missing), 256):
            piece = missing[at : at + 256]
            vectors = self._embedder.embed([text for _, text in piece])
            hashes = [content_hash for content_hash, _ in piece]
            self._generations.add_embeddings(self._embedder.model_id, dict(zip(hashes, vectors, strict=True)))
            self._store.forget()
            if progress:
                progress(at + len(piece), len(missing), "embedding")

    def _begun(self) -> tuple[int, ChromaVectors]:
        generation_id = self._generations.begin(self._embedder.model_id)
        name = f"gen-{generation_id:06d}"
        # A restored store may count again from where an abandoned folder was left.
        shutil.rmtree(self._folder / name, ignore_errors=True)
        return generation_id, self._new_vectors(name)

    def _give_up(self, generation_id: int, vectors: ChromaVectors) -> None:
        vectors.kill()
        shutil.rmtree(self._folder / f"gen-{generation_id:06d}", ignore_errors=True)
        self._generations.discard(generation_id, "failed")

    def _new_vectors(self, name: str) -> ChromaVectors:
        return ChromaVectors(self._folder / name / "chroma", deadline_s=self._deadline_s, probe_s=self._probe_s)

    def _degrade(self, failed: _Open, error: IndexUnavailable) -> None:
        with self._switching:
            if self._open is not failed:
                return  # replaced meanwhile; a question that held on to the old one is answered by the store
            self._open, self.state, self.notice = None, "degraded", str(error)
        log.warning("index: %s", error)
        failed.abandon()

    def _refuse_full_disk(self, chunks: int) -> None:
        needed = chunks * _BYTES_A_CHUNK + _SPARE_BYTES
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise IndexUnavailable(
                f"The index needs about {needed / 1e6:,.0f} MB beside the old one, {self._folder} has "
                f"{free / 1e6:,.0f} MB free. Make room; exact search answers meanwhile."
            )

    def _remove_others(self, keep: str) -> None:
        for folder in self._folder.glob("gen-*"):
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)
        self._generations.discard_unfinished()


def _refuse_absent(folder: Path) -> None:
    for file in (folder / "keywords.sqlite", folder / "chroma" / "chroma.sqlite3"):
        if not file.is_file():
            raise IndexUnavailable(f"The index {folder.name} is incomplete: {file.name} is missing.")


def _refuse_locked_or_damaged(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=1.0)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise IndexUnavailable(f"The vector index's database cannot be used ({error}).") from error
    if found != "ok":
        raise IndexUnavailable(f"The vector index's database is damaged ({found}).")
