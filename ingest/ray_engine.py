"""The work of a run as Ray tasks, with retries; the result is that of this process, to the bit.

A model's vectors may depend on the texts that it computes together, so tasks are given whole batches as the model
itself would make them. A worker that dies is Ray's to replace: a task has no effect but its result.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from assistant.errors import UsageError
from assistant.seams import Vectors
from ingest.engine import CountingEmbedder, Load, Read, read_one

_RETRIES = 4
_ITEMS_A_TASK = 16
_BATCHES_A_TASK = 32

Recipe = Callable[[], CountingEmbedder]
"""Opens the embedder in a worker: small, and picklable."""


class RayEngine:
    """Two kinds of tasks: items to chunks, batches of texts to vectors."""

    def __init__(
        self, embedder: CountingEmbedder, recipe: Recipe, *, address: str | None = None, workers: int = 0
    ) -> None:
        try:
            import ray
        except ImportError as error:
            raise UsageError('--engine ray needs Ray: pip install "waypost[ray]".') from error
        self._ray: Any = ray
        start: Any = ray.init
        self._embedder = embedder
        if not ray.is_initialized():
            local: dict[str, Any] = {} if address else {"num_cpus": workers or None, "include_dashboard": False}
            start(address=address, log_to_driver=False, logging_level="ERROR", **local)
        self._recipe = ray.put(pickle.dumps(recipe))
        self._read = ray.remote(max_retries=_RETRIES)(_read_items)
        self._embed = ray.remote(max_retries=_RETRIES)(_embed_batches)

    @property
    def window(self) -> int:
        """Enough for every worker, and for the next task of each."""
        return _ITEMS_A_TASK * 2 * max(int(self._ray.cluster_resources().get("CPU", 1)), 1)

    def read(self, loads: Sequence[tuple[Load, str]]) -> list[Read | Exception]:
        """The items, some to a task."""
        parts = [loads[at : at + _ITEMS_A_TASK] for at in range(0, len(loads), _ITEMS_A_TASK)]
        results = self._ray.get([self._read.remote(self._recipe, part) for part in parts])
        return [found for result in results for found in result]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The texts, whole batches to a task."""
        batches = self._batches(texts)
        parts = [batches[at : at + _BATCHES_A_TASK] for at in range(0, len(batches), _BATCHES_A_TASK)]
        given = [[[texts[row] for row in batch] for batch in part] for part in parts]
        results = self._ray.get([self._embed.remote(self._recipe, part) for part in given])
        found = [vectors for result in results for vectors in result]
        if not found:
            return self._embedder.embed([])
        whole = np.zeros((len(texts), found[0].shape[1]), np.float32)
        for rows, vectors in zip(batches, found, strict=True):
            whole[rows] = vectors
        return whole

    def close(self) -> None:
        """End the local cluster, or leave the one that was joined."""
        self._ray.shutdown()

    def _batches(self, texts: Sequence[str]) -> list[list[int]]:
        batches = getattr(self._embedder, "batches", None)
        rows: list[list[int]] = batches(texts) if batches else [list(range(len(texts)))] if texts else []
        return rows


def _read_items(recipe: bytes, loads: Sequence[tuple[Load, str]]) -> list[Read | Exception]:
    count = _opened(recipe).count
    return [read_one(load, revision, count) for load, revision in loads]


def _embed_batches(recipe: bytes, batches: Sequence[Sequence[str]]) -> list[Vectors]:
    embedder = _opened(recipe)
    return [embedder.embed(list(batch)) for batch in batches]


@cache
def _opened(recipe: bytes) -> CountingEmbedder:
    """The worker's own embedder, opened once."""
    made: Recipe = pickle.loads(recipe)  # noqa: S301 (it comes from this program alone)
    return made()
