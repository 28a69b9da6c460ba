"""Small documents with known text, for tests of store and index."""

from __future__ import annotations

import hashlib

import numpy as np

from assistant.domain import Block, Chunk, Document, Role
from assistant.seams import Vectors


def document(key: str, text: str, *, revision: str = "1", **fields: object) -> Document:
    """An article whose paragraphs are blocks."""
    blocks, at = [], 0
    for paragraph in text.split("\n\n"):
        blocks.append(Block("paragraph", at, at + len(paragraph)))
        at += len(paragraph) + 2
    values = {"kind": "doc", "audience": "public", "title": f"Title of {key}", "url": f"https://help.example/{key}"}
    return Document(key=key, text=text, blocks=tuple(blocks), revision=revision, **{**values, **fields})  # type: ignore[arg-type]


def chunks(made: Document, role: Role = "body") -> tuple[Chunk, ...]:
    """One chunk a paragraph."""
    found = []
    for block in made.blocks:
        embedded = f"{made.title}\n{made.text[block.start : block.end]}"
        digest = hashlib.sha256(embedded.encode()).hexdigest()
        found.append(Chunk(block.start, block.end, role, (), "", embedded, digest))
    return tuple(found)


def vector(seed: str, width: int = 384) -> Vectors:
    """A unit vector that depends on the text alone."""
    digest = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "little")
    made = np.random.default_rng(digest).normal(size=width).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made), np.float32)


class SeededEmbedder:
    """An embedder whose vectors are seeded by the text: for tests of store and index alone."""

    model_id = "seeded-384"

    def embed(self, texts: list[str]) -> Vectors:
        """One row a text."""
        return np.stack([vector(text) for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def count(self, texts: list[str]) -> list[int]:
        """Words, near enough to tokens."""
        return [len(text.split()) for text in texts]
