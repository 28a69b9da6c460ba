"""A low-rank map after an encoder, learned from a desk's tickets: the new vector stands beside the old one.

Needs no torch: two small matrices in a `.npz`. The cosine of two adapted vectors is the mean of the encoder's own
cosine and that of the mapped vectors, so what tickets say nothing about is still found as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelError
from assistant.seams import Embedder, Vectors

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Adapter:
    """`x` becomes `x + x @ down @ up`, scaled to unit length; `down` is `(d, rank)`, `up` is `(rank, d)`."""

    down: Matrix
    up: Matrix

    def __call__(self, vectors: Vectors) -> Vectors:
        """Return old and mapped vectors side by side, shape `(n, 2 d)`, rows of unit length.

        With nothing learned both halves are equal, and cosines are what they were:

        >>> nothing = Adapter(np.ones((2, 1), np.float32), np.zeros((1, 2), np.float32))
        >>> nothing(np.array([[1.0, 0.0]], np.float32)).round(3).tolist()
        [[0.7070000171661377, 0.0, 0.7070000171661377, 0.0]]
        """
        mapped = vectors + vectors @ self.down @ self.up
        mapped /= np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
        return np.asarray(np.hstack([vectors, mapped]) / np.sqrt(2.0), np.float32)

    @property
    def digest(self) -> str:
        """Twelve characters that change when a number does."""
        return hashlib.sha256(self.down.tobytes() + self.up.tobytes()).hexdigest()[:12]

    def save(self, file: Path) -> None:
        """Write the two matrices."""
        with file.open("wb") as out:
            np.savez(out, down=self.down, up=self.up)


def load_adapter(file: Path) -> Adapter:
    """Read what `Adapter.save` wrote.

    Raises:
        ModelError: the file is missing or is no adapter.
    """
    try:
        with np.load(file, allow_pickle=False) as held:
            return Adapter(held["down"].astype(np.float32), held["up"].astype(np.float32))
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"Expected a tuned adapter in {file}, could not read it ({error}). Run `waypost tune` again or "
            "`waypost tune --undo`."
        ) from error


class AdaptedEmbedder:
    """An encoder and the map after it, as one embedder of twice the width."""

    def __init__(self, encoder: Embedder, adapter: Adapter) -> None:
        self._encoder = encoder
        self._adapter = adapter

    @property
    def model_id(self) -> str:
        """The encoder's name and the adapter's digest: vectors of two tunings never mix."""
        return f"{self._encoder.model_id}+adapter-{self._adapter.digest}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, shape `(n, 2 d)`, rows of unit length, in order."""
        return self._adapter(self._encoder.embed(texts))
