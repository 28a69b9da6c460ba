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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.seams import Vectors
from assistant.store.generations import IndexedChunk

SHELVES = ("article", "problem", "resolution")
"""One collection each: articles and FAQs, tickets' questions, tickets' resolutions."""

_WRITE_DEADLINE_S = 300.0
_STDERR_TAIL = 400


def shelf_of(role: Role) -> str:
    """The collection that holds chunks of this role."""
    return "article" if role == "body" else role


class ChromaVectors:
    """One generation folder; every failure is `IndexUnavailable`, and the child is gone afterwards."""

    def __init__(self, folder: Path, *, deadline_s: float, probe_s: float) -> None:
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "False", "TOKENIZERS_PARALLELISM": "false"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assistant.index.chroma_worker", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._opened = False
        self._probe_s = probe_s

    def add(self, chunks: Sequence[IndexedChunk], vectors: Vectors) -> None:
        """Add chunks with their vectors, row by row; ids are never used again, so one id never means two texts."""
        for shelf in dict.fromkeys(shelf_of(chunk.role) for chunk in chunks):
            rows = [row for row, chunk in enumerate(chunks) if shelf_of(chunk.role) == shelf]
            ids, kinds = [str(chunks[r].chunk_id) for r in rows], [chunks[r].kind for r in rows]
            self._call("add", shelf, ids, kinds, vectors[rows], deadline_s=_WRITE_DEADLINE_S)

    def delete(self, chunk_ids: Sequence[int]) -> None:
        """Delete chunks wherever they are; the shelf is found by their ids."""
        ids = [str(chunk_id) for chunk_id in chunk_ids]
        for shelf in SHELVES if ids else ():
            self._call("delete", shelf, ids, deadline_s=_WRITE_DEADLINE_S)

    def query(self, vector: Vectors, *, kinds: Sequence[Kind], role: Role, k: int) -> list[tuple[int, float]]:
        """Nearest chunks of a role by cosine similarity, best first."""
        every = role != "body" or {"doc", "faq"} <= set(kinds)
        ids, scores = self._call("query", shelf_of(role), vector[None, :], k, () if every else tuple(kinds))
        return [(int(i), s) for i, s in zip(ids[0], scores[0], strict=True)]

    def reachable(self, role: Role, vectors: Vectors) -> set[int]:
        """Chunk ids of the role that queries do return, asked with `vectors`, shape `(n, d)`."""
        found = self._call("reachable", shelf_of(role), vectors, deadline_s=_WRITE_DEADLINE_S)
        return {int(i) for i in found}

    def ids(self) -> set[int]:
        """Every chunk id that the collections' own tables hold."""
        return {int(i) for s in SHELVES for i in self._call("ids", s, deadline_s=_WRITE_DEADLINE_S)}

    def close(self) -> None:
        """Let the child write what it holds and end; it is killed when it does not."""
        try:
            self._call("close", deadline_s=60.0)
            self._process.wait(timeout=10)
        except (IndexUnavailable, subprocess.TimeoutExpired):
            pass
        finally:
            self._kill()

    def _call(self, name: str, *arguments: Any, deadline_s: float | None = None) -> Any:
        with self._lock:
            if not self._opened:
                self._receive(self._probe_s, "open")
                self._opened = True
            frame = pickle.dumps((name, arguments), protocol=pickle.HIGHEST_PROTOCOL)
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(struct.pack("<Q", len(frame)) + frame)
                self._process.stdin.flush()
            except (OSError, ValueError) as error:
                raise self._failed(name, "the index process has ended") from error
            return self._receive(deadline_s or self._deadline_s, name)

    def _receive(self, deadline_s: float, call: str) -> Any:
        until = time.monotonic() + deadline_s
        (size,) = struct.unpack("<Q", self._read(8, until, call))
        status, value = pickle.loads(self._read(size, until, call))  # noqa: S301 - our own child's pipe
        if status == "error":
            raise self._failed(call, value)
        return value

    def _read(self, size: int, until: float, call: str) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
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
        self._kill()
        return IndexUnavailable(
            f"The vector index failed at {call!r}: {why[:_STDERR_TAIL]}. Exact search answers meanwhile; "
            "the index is rebuilt from the store."
        )

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                with contextlib.suppress(OSError):
                    stream.close()


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
        scores = self._vectors[rows] @ vector
        best = np.argpartition(-scores, min(k, len(rows) - 1))[:k]
        best = best[np.lexsort((self._ids[rows[best]], -scores[best]))]
        return [(int(self._ids[rows[i]]), float(scores[i])) for i in best]
