"""Cuts documents into the pieces that all baselines search, so that only the search differs between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from langchain_text_splitters import RecursiveCharacterTextSplitter

from eval.systems import Source

DEPTH = 50
"""How many pieces are fetched before they are folded into documents."""


@dataclass(frozen=True, slots=True)
class Piece:
    """At most 800 characters of one document, its title in front."""

    document: str
    text: str


def cut(sources: Iterable[Source]) -> tuple[Piece, ...]:
    """Return the pieces of all documents: 800 characters with 100 of overlap, cut at paragraphs where possible."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=800, chunk_overlap=100)
    return tuple(
        Piece(source.id, f"{source.title}\n{text}") for source in sources for text in splitter.split_text(source.text)
    )


def best_documents(documents: Sequence[str], k: int) -> list[str]:
    """Return the documents of ranked pieces, each at its best piece, `k` at most.

    >>> best_documents(["a", "b", "a", "c"], 2)
    ['a', 'b']
    """
    return list(dict.fromkeys(documents))[:k]
