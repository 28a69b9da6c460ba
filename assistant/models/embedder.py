"""Text to unit vectors: the packaged MiniLM by default, any sentence-transformers model by setting.

The default computes one text a core with products in int8 (decision record 0003: its speed and its loss, measured).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assistant.errors import ModelError
from assistant.models.weights import PINNED, minilm_folder, verified
from assistant.seams import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from assistant.models.minilm import MiniLM

DEFAULT = "all-MiniLM-L6-v2"
MAX_TOKENS = 256
_MAX_CHARS = 12_000  # more text than 256 tokens can hold in any script; spares the tokenizer a 50 MB field


class TokenCounter(Protocol):
    """Counts the model's own tokens, to size chunks by."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without special tokens, not truncated."""
        ...


def offline() -> None:
    """Keeps every Hugging Face library off the network unless the operator allowed it."""
    if os.environ.get("WAYPOST_ALLOW_MODEL_DOWNLOAD") != "1":
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def load_embedder(name: str = DEFAULT, *, threads: int = 0) -> OnnxMiniLM | SentenceTransformerEmbedder:
    """The embedder called `name`; `threads` 0 means one per core.

    Raises:
        ModelError: the weights are missing, altered, or cannot be loaded.
    """
    offline()
    if name == DEFAULT:
        return OnnxMiniLM(threads=threads)
    return SentenceTransformerEmbedder(name)


class OnnxMiniLM:
    """all-MiniLM-L6-v2 with int8 products: 384 dimensions, mean pooling, rows of unit length.

    The model is opened at the first use: commands that embed nothing stay fast.
    """

    depends_on_text_alone = True

    def __init__(self, *, threads: int = 0) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._loading = threading.Lock()
        self._started_workers: ThreadPoolExecutor | None = None
        self._loaded_model: MiniLM | None = None
        self._loaded_tokenizer: Tokenizer | None = None

    @property
    def model_id(self) -> str:
        """Weights and backend, since vectors of two backends differ slightly."""
        return f"{DEFAULT}@int8-products-{PINNED['model.safetensors'][:12]}"

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        return 384

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, shape `(n, 384)`, rows of unit length, in order; each depends on its own text alone."""
        encoded = [_truncated(ids) for ids in self._tokens(texts)]
        if not encoded:
            return np.zeros((0, self.dimensions), np.float32)
        vector = self._model().vector
        if len(encoded) == 1:
            return vector(encoded[0])[None]
        return np.stack(list(self._workers().map(vector, encoded)))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without the two special tokens, not truncated."""
        return [len(ids) - 2 for ids in self._tokens(texts)]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        tokenizer = self._tokenizer()
        return [encoding.ids for encoding in tokenizer.encode_batch([_cleaned(text) for text in texts])]

    def _workers(self) -> ThreadPoolExecutor:
        """Threads that stay: starting them takes as long as a few short texts."""
        with self._loading:
            if self._started_workers is None:
                self._started_workers = ThreadPoolExecutor(self._threads, thread_name_prefix="embedding")
            return self._started_workers

    def _tokenizer(self) -> Tokenizer:
        with self._loading:
            if self._loaded_tokenizer is None:
                from tokenizers import Tokenizer

                loaded = Tokenizer.from_file(str(verified(minilm_folder() / "tokenizer.json")))
                loaded.no_truncation()
                loaded.no_padding()
                self._loaded_tokenizer = loaded
            return self._loaded_tokenizer

    def _model(self) -> MiniLM:
        with self._loading:
            if self._loaded_model is None:
                from assistant.models.minilm import MiniLM

                self._loaded_model = MiniLM(verified(minilm_folder() / "model.safetensors"))
            return self._loaded_model


class SentenceTransformerEmbedder:
    """Any sentence-transformers model by name or folder, through torch, never with remote code."""

    def __init__(self, name: str, *, model_id: str = "") -> None:
        """`model_id` names the weights where `name` is only the place they lie at."""
        self._name = name
        self._model_id = model_id or f"{name}@torch"
        self._loading = threading.Lock()
        self._model: Any = None

    @property
    def model_id(self) -> str:
        """The model's name and backend."""
        return self._model_id

    @property
    def dimensions(self) -> int:
        """Width of a vector."""
        return int(self._load().get_sentence_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, shape `(n, d)`, rows of unit length, in order."""
        model = self._load()
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        vectors = model.encode([_cleaned(t) for t in texts], normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without special tokens, not truncated."""
        tokenizer = self._load().tokenizer
        return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]

    def _load(self) -> Any:
        with self._loading:
            if self._model is None:
                from sentence_transformers import SentenceTransformer

                folder = self._name
                if self._name == f"{DEFAULT}-torch":
                    verified(minilm_folder() / "model.safetensors")
                    folder = str(minilm_folder())
                try:
                    self._model = SentenceTransformer(folder, trust_remote_code=False, device="cpu")
                except (OSError, ValueError) as error:
                    raise ModelError(
                        f"The embedding model {self._name!r} could not be loaded: {error}. Give a folder that holds "
                        "a sentence-transformers model, or set WAYPOST_ALLOW_MODEL_DOWNLOAD=1 on a machine with a "
                        "network to fetch it by name."
                    ) from error
            return self._model


def _cleaned(text: str) -> str:
    """Text the tokenizer accepts: no lone surrogates, bounded, never empty (an empty text would have no vector)."""
    return text[:_MAX_CHARS].encode("utf-8", "replace").decode() or " "


def _truncated(ids: list[int]) -> list[int]:
    """At most `MAX_TOKENS` ids, the closing special token kept."""
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]
