"""Where reading, chunking and embedding run: in this process, or wherever another engine takes them.

The store is written by one process alone; an engine only turns items into documents with chunks, and texts into
vectors, and the same items give the same of both wherever they run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.cleaning import cleaned
from assistant.domain import Chunk, Document
from assistant.errors import UnreadableItem
from assistant.seams import Embedder, Vectors
from ingest.chunk import Count
from ingest.chunk import chunks as chunked

Read = tuple[Document, tuple[Chunk, ...]]
Load = Callable[[], Document]


class CountingEmbedder(Embedder, Protocol):
    """An embedder that also counts its own tokens, to size chunks by."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        ...


class Engine(Protocol):
    """Does the work of a run. `window` is how many items it wants to be given at once."""

    @property
    def window(self) -> int:
        """Items at once."""
        ...

    def read(self, loads: Sequence[tuple[Load, str]]) -> list[Read | Exception]:
        """Document and chunks of each item, or why there are none, in order; an item comes with its revision."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """The engine that is this process."""

    embedder: CountingEmbedder

    @property
    def window(self) -> int:
        """One: what is read is stored as soon as a batch is full."""
        return 1

    def read(self, loads: Sequence[tuple[Load, str]]) -> list[Read | Exception]:
        """Each in turn."""
        return [read_one(load, revision, self.embedder.count) for load, revision in loads]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """By the embedder itself."""
        return self.embedder.embed(texts)


def read_one(load: Load, revision: str, count: Count) -> Read | Exception:
    """The document and its chunks, or what went wrong: a value, so that it travels as well as a good one."""
    try:
        document = storable(load(), revision)
        chunks = chunked(document, count)
        if not chunks:
            raise UnreadableItem("expected some text, found nothing to search in.")
    except Exception as error:  # noqa: BLE001 (whatever it is, it is one item's)
        return error
    return document, chunks


def storable(document: Document, revision: str) -> Document:
    """The document with fields that every database takes: no NUL, no lone surrogates, an id that is not blank.

    Raises:
        UnreadableItem: the id has no visible character.
    """
    key = cleaned(document.key).strip()
    if not key:
        raise UnreadableItem(f"expected an id with visible characters, found {document.key[:80]!r}.")
    return replace(
        document,
        key=key,
        revision=revision,
        title=cleaned(document.title),
        url=cleaned(document.url),
        locale=cleaned(document.locale),
        product=cleaned(document.product),
        channel=cleaned(document.channel),
        status=cleaned(document.status),
        tags=tuple(map(cleaned, document.tags)),
        agent_links=tuple(map(cleaned, document.agent_links)),
    )
