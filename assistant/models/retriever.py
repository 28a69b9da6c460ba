"""The whole search as a LangChain retriever, for those who build a chain of their own on it.

Each hit is one LangChain document: the best passage of an article or FAQ, as search ranks it (dense, keyword and
ticket evidence fused), with what a citation needs in its metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from assistant.cleaning import cleaned
from assistant.domain import Audience, Hit, Kind, Question, Retrieval

Search = Callable[..., Retrieval]
"""`assistant.answering.pipeline.Assistant.search`."""


class WaypostRetriever(BaseRetriever):
    """Searches like the desk does. `audiences` decides what may come back: public alone unless said otherwise.

    Tickets vote for articles whatever `kinds` says, and are returned only where it names them.
    """

    search: Search = Field(exclude=True)
    k: int = Field(10, ge=1, le=100)
    audiences: Sequence[Audience] = ("public",)
    kinds: Sequence[Kind] = ("doc", "faq")

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        found = self.search(Question(cleaned(query)), audiences=tuple(self.audiences), kinds=tuple(self.kinds))
        tickets = found.tickets if "ticket" in self.kinds else ()
        hits = [*found.articles, *tickets]
        return [_document(hit) for hit in hits[: self.k]]


def _document(hit: Hit) -> Document:
    passage = hit.best
    metadata: dict[str, Any] = {
        "document_id": hit.document_key,
        "version": passage.version,
        "kind": passage.kind,
        "audience": passage.audience,
        "title": passage.title,
        "url": passage.url,
        "headings": list(passage.heading_path),
        "start": passage.start,
        "end": passage.end,
        "updated_at": passage.updated_at.isoformat() if passage.updated_at else None,
        "score": round(hit.score, 6),
    }
    return Document(
        id=f"{hit.document_key}@{passage.version}:{passage.start}", page_content=passage.text, metadata=metadata
    )
