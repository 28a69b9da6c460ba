"""Vector search of one generation, through a Chroma child process with a deadline on every call."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.seams import Ids, Vectors
from assistant.store.generations import IndexedChunk

SHELVES = ("doc-body", "faq-body", "ticket-body", "ticket-problem", "ticket-resolution")
"""One collection for each kind and role, so that no query depends on what Chroma's tables say of a chunk."""

SAME = 1e-3
"""Difference of cosines that is none: float32 arithmetic differs by 1e-6."""

_PIECE = 2_000
_WRITE_DEADLINE_S = 300.0
_PATIENCE_S = 0.25
_LONGEST_REASON = 400


VectorsOf = Callable[[Sequence[int]], tuple[list[int], Vectors]]
"""The live ones of some chunks, with the store's own vectors, shape `(n, d)`."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the store holds for one shelf: chunks, and each one's cosine to the probe, shape `(n,)`."""

    ids: Ids
    cosines: Vectors


class IndexBusy(IndexUnavailable):
    """The index process is at something long; nothing is wrong with it."""


def shelf_of(kind: str, role: str) -> str:
    """The collection that holds chunks of this kind and role."""
    return f"{kind}-{role}"


class ChromaVectors:
    """One generation folder; every failure is `IndexUnavailable`, and the child is gone afterwards."""

    def __init__(self, folder: Path, *, deadline_s: float, probe_s: float) -> None:
        self._deadline_s = deadline_s
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexUnavailable(f"The index folder {folder} cannot be made: {error.strerror}.") from error
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "False", "TOKENIZERS_PARALLELISM": "false"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assistant.index.chroma_worker", str(folder), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self._process.stdin is not None
        # A child that stopped reading must not hold its parent past the deadline.
        os.set_blocking(self._process.stdin.fileno(), False)
        self._opened = False
        self._probe_s = probe_s

    def add(self, chunks: Sequence[IndexedChunk], vectors: Vectors) -> None:
        """Add chunks with their vectors, row by row; ids are never used again, so one id never means two texts."""
        shelves = [shelf_of(chunk.kind, chunk.role) for chunk in chunks]
        for shelf in dict.fromkeys(shelves):
            rows = [row for row, found in enumerate(shelves) if found == shelf]
            self._call("add", shelf, [str(chunks[row].chunk_id) for row in rows], vectors[rows])

    def delete(self, chunk_ids: Sequence[int]) -> None:
        """Delete chunks wherever they are: what was deleted no longer says its kind."""
        ids = [str(chunk_id) for chunk_id in chunk_ids]
        for shelf in SHELVES if ids else ():
            self._call("delete", shelf, ids)

    def query(self, vector: Vectors, *, kinds: Sequence[Kind], role: Role, k: int) -> list[tuple[int, float]]:
        """Nearest chunks of a role by cosine similarity, best first.

        Raises:
            IndexBusy: it is at something long. IndexUnavailable: it failed, and its process is gone.
        """
        found: list[tuple[int, float]] = []
        for shelf in dict.fromkeys(shelf_of(kind, role) for kind in kinds):
            if shelf in SHELVES:
                found += self._nearest(shelf, vector, k)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def reach(
        self, shelf: str, expected: Shelf, probe: Vectors, stored: VectorsOf, *, thorough: bool
    ) -> tuple[Ids, Ids]:
        """Chunks of the shelf that queries return, and those of `expected` whose vector is another.

        `probe` is any vector of shape `(d,)`; `stored` gives the own vectors of some. One query as deep as the shelf
        names every chunk that the graph reaches and how far it is. Where that falls short, or `thorough`, each chunk is
        looked for in its own neighbourhood, as questions meet it.
        """
        total, named, scores = self._call("deep", shelf, probe)
        seen, rows = np.unique(named, return_index=True)
        _, there, known = np.intersect1d(seen, expected.ids, assume_unique=True, return_indices=True)
        # A cosine that is no number is another one, too.
        same = np.abs(scores[rows[there]] - expected.cosines[known]) < SAME
        doubtful = expected.ids if thorough else np.setdiff1d(expected.ids, seen, assume_unique=True)
        reached, altered = [np.setdiff1d(seen, doubtful, assume_unique=True)], [seen[there][~same]]
        for at in range(0, len(doubtful), _PIECE):
            ids, vectors = stored(doubtful[at : at + _PIECE].tolist())
            near = self._call("own", shelf, [str(i) for i in ids], vectors, np.isin(ids, seen).tolist())
            found = np.array(self._numbers(near), np.int64)
            reached.append(found)
            altered.append(found[~(np.array(list(near.values()), np.float32) > 1 - SAME)])
        if (count := sum(map(len, reached))) > total:
            raise self._failed("reach", f"queries return {count} ids of a collection that counts {total}")
        return np.unique(np.concatenate(reached)), np.unique(np.concatenate(altered))

    def close(self) -> bool:
        """Let the child write what it holds and end; it is killed when it does not. Returns whether it did."""
        try:
            self._call("close", deadline_s=60.0)
            self._process.wait(timeout=10)
        except (IndexUnavailable, subprocess.TimeoutExpired):
            return False
        else:
            return self._process.returncode == 0
        finally:
            self.kill()

    def kill(self) -> None:
        """End the child at once; what it was writing does not matter any more."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        # A call that is under way in another thread meets the end of the pipe. Closed under its hands, the number of
        # its descriptor could be that of the next child's pipe.
        with self._lock:
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None and not stream.closed:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _nearest(self, shelf: str, vector: Vectors, k: int) -> list[tuple[int, float]]:
        ids, scores = self._call("query", shelf, vector[None, :], k, deadline_s=self._deadline_s, wait_s=_PATIENCE_S)
        if not np.isfinite(scores).all():
            raise self._failed("query", "distances that are not finite")
        try:
            return [(int(i), s) for i, s in zip(ids[0], scores[0], strict=True)]
        except ValueError as error:
            raise self._failed("query", f"ids that are not ours ({error})") from error

    def _numbers(self, names: Iterable[str]) -> list[int]:
        try:
            return [int(name) for name in names]
        except ValueError as error:
            raise self._failed("reach", f"ids that are not ours ({error})") from error

    def _call(
        self, name: str, *arguments: Any, deadline_s: float = _WRITE_DEADLINE_S, wait_s: float = _WRITE_DEADLINE_S
    ) -> Any:
        if not self._lock.acquire(timeout=wait_s):
            raise IndexBusy(f"The vector index is busy; {name!r} did not wait for it.")
        try:
            if not self._opened:
                self._receive(time.monotonic() + self._probe_s, "open")
                self._opened = True
            until = time.monotonic() + deadline_s
            frame = pickle.dumps((name, arguments), protocol=pickle.HIGHEST_PROTOCOL)
            self._write(struct.pack("<Q", len(frame)) + frame, until, name)
            return self._receive(until, name)
        finally:
            self._lock.release()

    def _write(self, frame: bytes, until: float, call: str) -> None:
        assert self._process.stdin is not None
        rest = memoryview(frame)
        try:
            while rest:
                descriptor = self._process.stdin.fileno()
                _, ready, _ = select.select([], [descriptor], [], max(0.0, until - time.monotonic()))
                if not ready:
                    raise self._failed(call, "no reply within the deadline")
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(descriptor, rest) :]
        except (OSError, ValueError) as error:
            raise self._failed(call, "the index process has ended") from error

    def _receive(self, until: float, call: str) -> Any:
        (size,) = struct.unpack("<Q", self._read(8, until, call))
        status, value = pickle.loads(self._read(size, until, call))  # noqa: S301 - our own child's pipe
        if status == "error":
            raise self._failed(call, value)
        return value

    def _read(self, size: int, until: float, call: str) -> bytes:
        assert self._process.stdout is not None
        try:
            descriptor = self._process.stdout.fileno()
        except ValueError as error:
            raise self._failed(call, "the index process has ended") from error
        parts: list[bytes] = []
        while size:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise self._failed(call, "no reply within the deadline")
            part = os.read(descriptor, min(size, 1 << 20))
            if not part:
                raise self._failed(call, "the index process has ended")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _failed(self, call: str, why: str) -> IndexUnavailable:
        """The error to raise. The child is killed: after a failure its state is not worth knowing."""
        self.kill()
        return IndexUnavailable(
            f"The vector index failed at {call!r}: {why[:_LONGEST_REASON]}. Exact search answers meanwhile; "
            "the index is rebuilt from the store."
        )


class ExactVectors:
    """Exact cosine search in memory over the store's own vectors: the fallback and the yardstick."""

    def __init__(self, ids: Sequence[int], kinds: Sequence[str], roles: Sequence[str], vectors: Vectors) -> None:
        self._ids = np.asarray(ids, np.int64)
        self._kinds = np.asarray(kinds)
        self._roles = np.asarray(roles)
        self._vectors = vectors

    def query(self, vector: Vectors, *, kinds: Sequence[Kind], role: Role, k: int) -> list[tuple[int, float]]:
        """Nearest chunks of a role by cosine similarity, best first, ties by lower id."""
        if not len(self._ids):
            return []
        rows = np.flatnonzero((self._roles == role) & np.isin(self._kinds, list(kinds)))
        if not len(rows):
            return []
        # The whole product first: copying the rows of a role would take five times as long.
        scores = (self._vectors @ vector)[rows]
        best = np.argpartition(-scores, min(k, len(rows) - 1))[:k]
        best = best[np.lexsort((self._ids[rows[best]], -scores[best]))]
        return [(int(self._ids[rows[i]]), float(scores[i])) for i in best]
