"""Exact search straight from the store: what answers while there is no sound index, and the yardstick for one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from assistant.domain import Kind, Role
from assistant.index.keywords import Keywords
from assistant.index.vectors import ExactVectors
from assistant.seams import Vectors
from assistant.store.generations import Generations


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
            seq = self._generations.last_seq()
            if self._vectors is None or self._seq.get("vectors") != seq:
                self._vectors = ExactVectors(*self._generations.matrix(self._model_id))
                self._seq["vectors"] = seq
            searched = self._vectors
        return merged([searched.query(vector, kinds=kinds, role=role, k=k) for role in roles], k)

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        """Cosine of `vector` to each of the chunks, from the stored vectors."""
        return self._generations.similarities(vector, chunk_ids, self._model_id)

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best live chunks by BM25."""
        with self._lock:
            seq = self._generations.last_seq()
            if self._keywords is None or self._seq.get("keywords") != seq:
                fresh = Keywords(None)
                fresh.add(self._generations.chunks(self._generations.live_chunk_ids().tolist()))
                self._keywords, self._seq["keywords"] = fresh, seq
            searched = self._keywords
        return searched.search(text, kinds=kinds, roles=roles, k=k)

    def forget(self) -> None:
        """Load anew at the next use: vectors were added to chunks that are there already."""
        with self._lock:
            self._seq.clear()


def exactly(generations: Generations, chunk_ids: Sequence[int], model_id: str) -> ExactVectors:
    """Exact search over the live ones of a few chunks."""
    ids, vectors = generations.vectors(list(chunk_ids), model_id)
    chunks = {chunk.chunk_id: chunk for chunk in generations.chunks(ids)}
    rows = [row for row, chunk_id in enumerate(ids) if chunk_id in chunks]
    held = [chunks[ids[row]] for row in rows]
    return ExactVectors([c.chunk_id for c in held], [c.kind for c in held], [c.role for c in held], vectors[rows])


def merged(results: Sequence[list[tuple[int, float]]], k: int) -> list[tuple[int, float]]:
    """The best `k` of several rankings whose scores have one scale; what is in two of them counts once."""
    if len(results) == 1:
        return results[0]
    found = {chunk_id: score for result in results for chunk_id, score in result}
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
