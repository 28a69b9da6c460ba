"""An index over a seeded store, opened and asked as answering does: for tests of index and faults."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.index.exact import StoreSearch
from assistant.index.generation import OwnedIndex
from assistant.store.database import Database, open_database, sqlite_url
from assistant.store.generations import Generations
from eval.seeded import SeededEmbedder, vector

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = SeededEmbedder.model_id
BOTH = ("public", "internal")
KINDS = ("doc", "faq", "ticket")


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
