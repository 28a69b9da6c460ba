"""The work of a run as Ray tasks, with retries; the result is that of this process, to the bit.

A worker that dies is Ray's to replace: a task has no effect but its result.
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
_TEXTS_A_TASK = 32

Recipe = Callable[[], CountingEmbedder]
"""Opens the embedder in a worker: small, and picklable."""


class RayEngine:
    """Two kinds of tasks: items to chunks, texts to vectors."""

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
        # Most models pad the texts that they compute together, which moves the last bits of the vectors.
        self._may_split = getattr(embedder, "depends_on_text_alone", False)
        if not ray.is_initialized():
            local: dict[str, Any] = {} if address else {"num_cpus": workers or None, "include_dashboard": False}
            start(address=address, log_to_driver=False, logging_level="ERROR", **local)
        self._recipe = ray.put(pickle.dumps(recipe))
        self._read = ray.remote(max_retries=_RETRIES)(_read_items)
        self._embed = ray.remote(max_retries=_RETRIES)(_embed_texts)

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
        """The texts, some to a task."""
        some = _TEXTS_A_TASK if self._may_split else max(len(texts), 1)
        parts = [texts[at : at + some] for at in range(0, len(texts), some)]
        found = self._ray.get([self._embed.remote(self._recipe, part) for part in parts])
        return np.concatenate(found) if found else self._embedder.embed([])

    def close(self) -> None:
        """End the local cluster, or leave the one that was joined."""
        self._ray.shutdown()


def _read_items(recipe: bytes, loads: Sequence[tuple[Load, str]]) -> list[Read | Exception]:
    count = _opened(recipe).count
    return [read_one(load, revision, count) for load, revision in loads]


def _embed_texts(recipe: bytes, texts: Sequence[str]) -> Vectors:
    return _opened(recipe).embed(texts)


@cache
def _opened(recipe: bytes) -> CountingEmbedder:
    """The worker's own embedder, opened once."""
    made: Recipe = pickle.loads(recipe)  # noqa: S301 (it comes from this program alone)
    return made()
