"""Encoders that `waypost tune` trained: kept in the data directory under the hash of their weights, checked at load."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from assistant.errors import ModelError
from assistant.models.curriculum import Curriculum
from assistant.models.embedder import DEFAULT, SentenceTransformerEmbedder, offline
from assistant.seams import Progress, Vectors

_WEIGHTS = "model.safetensors"
_NAME_CHARS = 16


class TrainedEncoder(SentenceTransformerEmbedder):
    """A trained MiniLM; embeds in mixed precision where the processor has it."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, shape `(n, 384)`, rows of unit length, in order."""
        from assistant.models.precision import half_precision

        with half_precision():
            return super().embed(texts)


def train(lessons: Curriculum, folder: Path, progress: Progress | None) -> TrainedEncoder:
    """Train the packaged encoder on `lessons`, save it in `folder`, and return it as an embedder."""
    from assistant.models.train import train_encoder

    offline()
    train_encoder(lessons, folder, progress=progress)
    return TrainedEncoder(str(folder))


def keep(trained: Path, encoders: Path) -> str:
    """Move the encoder in `trained` to its place among `encoders` and return the sha256 of its weights."""
    digest = _digest(trained / _WEIGHTS)
    place = encoders / digest[:_NAME_CHARS]
    if not place.exists():
        encoders.mkdir(parents=True, exist_ok=True)
        shutil.move(str(trained), place)
    return digest


def load_trained(encoders: Path, digest: str) -> TrainedEncoder:
    """The encoder with these weights.

    Raises:
        ModelError: it is not there, or its weights are not those that were kept.
    """
    folder = encoders / digest[:_NAME_CHARS]
    remedy = "Bring the folder back from a backup, run `waypost tune` again, or `waypost tune --undo`."
    if not (folder / _WEIGHTS).is_file():
        raise ModelError(f"The encoder that `waypost tune` trained is not at {folder}. {remedy}")
    if (found := _digest(folder / _WEIGHTS)) != digest:
        raise ModelError(f"The encoder at {folder} was altered: expected sha256 {digest}, found {found}. {remedy}")
    offline()
    return TrainedEncoder(str(folder), model_id=f"{DEFAULT}-tuned-{digest[:_NAME_CHARS]}@torch")


def remove_others(encoders: Path, wanted: Collection[str]) -> None:
    """Remove encoders that nothing names any more."""
    names = {digest[:_NAME_CHARS] for digest in wanted}
    for folder in encoders.iterdir() if encoders.is_dir() else ():
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
