"""Thousands of passages in seconds, with vectors seeded by their text: to try stores and indexes without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from assistant.domain import Block, Chunk, Document
from assistant.seams import Vectors
from assistant.store.corpus import Corpus
from assistant.store.database import Database

_WIDTH = 384
_DIRECTIONS = np.random.default_rng(0).normal(size=(24, _WIDTH))
"""What vectors are made of. Language fills few of its dimensions; in all 384 everything would be equally far from
everything, and no graph of neighbours finds the nearest of 25,000 (sampled recall 0.81)."""


def vector(text: str) -> Vectors:
    """A unit vector that depends on `text` alone, shape `(384,)`."""
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    made = np.random.default_rng(digest).normal(size=len(_DIRECTIONS)) @ _DIRECTIONS
    return np.asarray(made / np.linalg.norm(made), np.float32)


class SeededEmbedder:
    """An embedder that knows no language: a text is near itself and nothing else."""

    model_id = "seeded-384"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text."""
        return np.stack([vector(text) for text in texts]) if texts else np.zeros((0, _WIDTH), np.float32)


def fill(database: Database, documents: int, passages: int, *, prefix: str = "d", audience: str = "public") -> None:
    """Store `documents` articles of `passages` chunks each, from one source."""
    corpus = Corpus(database)
    source = corpus.source("/seeded", "file", {})
    for number in range(documents):
        key = f"{prefix}{number}"
        spans, text = _paragraphs([_sentence(key, number, at) for at in range(passages)])
        made = Document(
            key=key, kind="doc", audience="internal" if audience == "internal" else "public", title=f"Title of {key}",
            text=text, blocks=tuple(Block("paragraph", *span) for span in spans), revision=str(passages),
        )  # fmt: skip
        chunks = [_chunk(made, *span) for span in spans]
        vectors = {chunk.content_hash: vector(chunk.embedded_text) for chunk in chunks}
        corpus.put(source, key, made, chunks, vectors, SeededEmbedder.model_id)


def remove(database: Database, *keys: str) -> None:
    """Tombstone documents of `fill`."""
    corpus = Corpus(database)
    known = corpus.known(corpus.source("/seeded", "file", {}))
    corpus.remove([known[key].document_id for key in keys])


def question(number: int, at: int, prefix: str = "d") -> str:
    """What passage `at` of article `number` is embedded as; its last word is in no other passage."""
    key = f"{prefix}{number}"
    return f"Title of {key}\n{_sentence(key, number, at)}"


def _sentence(key: str, number: int, at: int) -> str:
    return f"Passage {at} of {key} about word{number}x{at}."


def _paragraphs(sentences: Sequence[str]) -> tuple[list[tuple[int, int]], str]:
    spans, start = [], 0
    for sentence in sentences:
        spans.append((start, start + len(sentence)))
        start += len(sentence) + 2
    return spans, "\n\n".join(sentences)


def _chunk(made: Document, start: int, end: int) -> Chunk:
    embedded = f"{made.title}\n{made.text[start:end]}"
    return Chunk(start, end, "body", (), "", embedded, hashlib.sha256(embedded.encode()).hexdigest())
