"""The pipeline that a LangChain user writes in an afternoon: splitter, sentence embeddings, Chroma, nearest pieces.

It is the yardstick of the reports and an example of LangChain used plainly: three parts from the library, put together
as its documentation does, nothing tuned.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings
from langchain_huggingface import HuggingFaceEmbeddings

from assistant.domain import Question
from assistant.models.weights import minilm_folder
from assistant.seams import Embedder
from eval.baselines.pieces import DEPTH, best_documents, cut
from eval.systems import Source, plain_query

_BATCH = 500


class LangChainPlain:
    """Nearest pieces by cosine similarity, best piece for each document."""

    name = "plain LangChain"

    def __init__(self, store: Chroma) -> None:
        self._store = store

    def search(self, question: Question, k: int) -> list[str]:
        """Return the documents of the nearest pieces."""
        found = self._store.similarity_search(plain_query(question), k=DEPTH)
        return best_documents([piece.metadata["document"] for piece in found], k)


@contextmanager
def opened(sources: Sequence[Source]) -> Iterator[LangChainPlain]:
    """Embed and store the documents in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        filled(Path(folder), sources)
        yield reopened(Path(folder))


def filled(folder: Path, sources: Sequence[Source], embedder: Embedder | None = None) -> int:
    """Embed and store the documents in `folder`; returns how many pieces. Another embedder may stand in."""
    store, pieces = _store(folder, Given(embedder) if embedder else _minilm()), cut(sources)
    for start in range(0, len(pieces), _BATCH):
        batch = pieces[start : start + _BATCH]
        store.add_texts([piece.text for piece in batch], [{"document": piece.document} for piece in batch])
    return len(pieces)


def reopened(folder: Path) -> LangChainPlain:
    """Search what was stored in `folder` before."""
    return LangChainPlain(_store(folder, _minilm()))


def _store(folder: Path, embeddings: Embeddings) -> Chroma:
    return Chroma("plain", embeddings, persist_directory=str(folder), collection_metadata={"hnsw:space": "cosine"})


def _minilm() -> Embeddings:
    return HuggingFaceEmbeddings(model_name=str(minilm_folder()), encode_kwargs={"normalize_embeddings": True})


class Given(Embeddings):
    """An embedder of ours in LangChain's shape."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text."""
        return [[float(value) for value in row] for row in self._embedder.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of one question."""
        return self.embed_documents([text])[0]
