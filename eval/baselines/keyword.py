"""Keyword search alone: SQLite's full-text index with BM25 and Porter stemming, over the same pieces."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from assistant.domain import Question
from eval.baselines.pieces import DEPTH, best_documents, cut
from eval.systems import Source, plain_query

_WORD = re.compile(r"[^\W_]+")


class KeywordSearch:
    """Best pieces by BM25 over any of the question's words, best piece for each document."""

    name = "keyword search"

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def search(self, question: Question, k: int) -> list[str]:
        """Return the documents of the best pieces; equal scores keep the order of the documents."""
        words = dict.fromkeys(word.casefold() for word in _WORD.findall(plain_query(question)))
        if not words:
            return []
        rows = self._database.execute(
            "SELECT document FROM piece WHERE piece MATCH ? ORDER BY bm25(piece), rowid LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), DEPTH),
        )
        return best_documents([document for (document,) in rows], k)


@contextmanager
def opened(sources: Sequence[Source]) -> Iterator[KeywordSearch]:
    """Index the documents in memory."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE piece USING fts5(document UNINDEXED, text, tokenize='porter unicode61')")
        rows = ((piece.document, piece.text) for piece in cut(sources))
        database.executemany("INSERT INTO piece (document, text) VALUES (?, ?)", rows)
        yield KeywordSearch(database)
