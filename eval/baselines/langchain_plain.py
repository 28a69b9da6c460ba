"""The pipeline that a LangChain user writes in an afternoon: splitter, sentence embeddings, Chroma, nearest pieces.

It is the yardstick of the reports and an example of LangChain used plainly: three parts from the library, put together
as its documentation does, nothing tuned.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings

from assistant.domain import Question
from assistant.models.weights import minilm_folder
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
    embeddings = HuggingFaceEmbeddings(model_name=str(minilm_folder()), encode_kwargs={"normalize_embeddings": True})
    pieces = cut(sources)
    with tempfile.TemporaryDirectory() as folder:
        store = Chroma("plain", embeddings, persist_directory=folder, collection_metadata={"hnsw:space": "cosine"})
        for start in range(0, len(pieces), _BATCH):
            batch = pieces[start : start + _BATCH]
            store.add_texts([piece.text for piece in batch], [{"document": piece.document} for piece in batch])
        yield LangChainPlain(store)
