"""An embedder that embeds a text once while it is in use: a draft compares the same sections again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from assistant.seams import Embedder, Vectors


class Remembering:
    """Asks `embedder` only for texts it does not hold; keeps the `most` that were used last (1.5 kB each at 384)."""

    def __init__(self, embedder: Embedder, most: int = 8_000) -> None:
        self._embedder = embedder
        self._most = most
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @property
    def model_id(self) -> str:
        """The embedder's own."""
        return self._embedder.model_id

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order; what is not held is embedded in one batch."""
        wanted = list(dict.fromkeys(texts))
        if not wanted:
            return self._embedder.embed([])
        with self._lock:
            vectors = {text: self._kept[text] for text in wanted if text in self._kept}
        missing = [text for text in wanted if text not in vectors]
        if missing:
            vectors |= dict(zip(missing, self._embedder.embed(missing), strict=True))
        self._keep(vectors)
        return np.stack([vectors[text] for text in texts])

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            for text, vector in vectors.items():
                self._kept[text] = vector
                self._kept.move_to_end(text)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
