"""A store with thousands of passages in seconds, and the index over it: for tests of index, faults and kills."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from making import SeededEmbedder, chunks, document, vector

from assistant.index.exact import StoreSearch
from assistant.index.generation import OwnedIndex
from assistant.store.corpus import Corpus
from assistant.store.database import Database, open_database, sqlite_url
from assistant.store.generations import Generations

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = SeededEmbedder.model_id
BOTH = ("public", "internal")
KINDS = ("doc", "faq", "ticket")


def fill(database: Database, documents: int, paragraphs: int, *, prefix: str = "d", **fields: object) -> None:
    """Store `documents` articles of `paragraphs` chunks each."""
    corpus = Corpus(database)
    source = corpus.source("/seeded", "file", {})
    for number in range(documents):
        key = f"{prefix}{number}"
        text = "\n\n".join(f"Passage {at} of {key} about word{number}x{at}." for at in range(paragraphs))
        made = document(key, text, **fields)
        parts = chunks(made)
        corpus.put(source, key, made, parts, {c.content_hash: vector(c.embedded_text) for c in parts}, MODEL)


def remove(database: Database, *keys: str) -> None:
    """Tombstone documents of `fill`."""
    corpus = Corpus(database)
    known = corpus.known(corpus.source("/seeded", "file", {}))
    corpus.remove([known[key].document_id for key in keys])


def owned(database: Database, folder: Path, *, deadline_s: float = 5.0, probe_s: float = 30.0) -> OwnedIndex:
    """The index over `database`, not yet opened."""
    return OwnedIndex(Generations(database), folder, SeededEmbedder(), deadline_s=deadline_s, probe_s=probe_s)


@contextmanager
def opened(folder: Path, **limits: float) -> Iterator[tuple[Database, OwnedIndex]]:
    """The data directory `folder` with its index, closed at the end."""
    database = open_database(sqlite_url(folder), create=True)
    index = owned(database, folder / "index", **limits)
    try:
        yield database, index
    finally:
        index.close()
        database.close()


def question(number: int, at: int) -> str:
    """What the passage `at` of article `number` is embedded as: its own vector is the best question for it."""
    return f"Title of d{number}\nPassage {at} of d{number} about word{number}x{at}."


def answers(index: OwnedIndex, questions: Sequence[str], k: int = 10) -> list[tuple[list[int], list[int]]]:
    """For each question, the ids by dense and by keyword search."""
    found = []
    for text in questions:
        dense = index.dense(vector(text), kinds=KINDS, roles=("body",), k=k)
        keyword = index.keyword(text.rsplit(" ", 1)[-1], kinds=KINDS, roles=("body",), k=k)
        found.append(([i for i, _ in dense], [i for i, _ in keyword]))
    return found


def exact_answers(database: Database, questions: Sequence[str], k: int = 10) -> list[tuple[list[int], list[int]]]:
    """The same, from the store alone."""
    return answers(StoreSearch(Generations(database), MODEL), questions, k)  # type: ignore[arg-type]
