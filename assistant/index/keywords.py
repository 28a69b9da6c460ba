"""Keyword search of one generation: SQLite's FTS5 with BM25 over title, headings and body.

A file of its own, derived from the store, safe to read from several processes. Decision record 0005
has the measurement against other engines.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import closing, contextmanager
from itertools import accumulate, islice
from math import log
from pathlib import Path

import numpy as np

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.seams import Ids
from assistant.stopwords import STOP_WORDS
from assistant.store.generations import IndexedChunk

_WORD = re.compile(r"\w+", re.UNICODE)
_BUSY_S = 1.0
_MAX_TERMS = 24
_MAX_MATCHES = 20_000
"""BM25 reads all matches: 1.3 ms a thousand. The questions of a desk of 6,600 passages have 19,659 at most."""
_MAX_WORDS = 400
_MAX_CHARS = 20_000

_DAMAGED = "The keyword index cannot be used ({}); it is rebuilt from the store."

_SEARCH = (
    "SELECT rowid, -bm25(passages, 5.0, 2.0, 1.0) AS score FROM passages "
    "WHERE passages MATCH ? ORDER BY score DESC, rowid"
)
"""BM25 weights of title, headings and body as measured in decision record 0005.

Kind and role are looked up for the best alone: SQLite would read the text of every match to see them.
"""
_LOOKED_UP = 400


class Keywords:
    """One FTS5 table; `path` None keeps it in memory. Whatever SQLite refuses is `IndexUnavailable`."""

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()
        self._frequencies: dict[str, int] = {}
        with _failing_as_unavailable():
            if path is None:
                self._db = sqlite3.connect(":memory:", check_same_thread=False)
            else:
                address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
                self._db = sqlite3.connect(address, uri=True, timeout=_BUSY_S, check_same_thread=False)
            if not read_only:
                self._prepare()

    def _prepare(self) -> None:
        with self._lock, self._db:
            self._db.execute("PRAGMA journal_mode = WAL")
            # Derived and rebuilt from the store: losing the last second in a power cut costs nothing.
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5("
                "title, headings, body, kind UNINDEXED, role UNINDEXED, "
                "tokenize = 'porter unicode61 remove_diacritics 2')"
            )
            self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5vocab('passages', 'row')")
            if sqlite3.sqlite_version_info >= (3, 42):
                self._db.execute("INSERT INTO passages(passages, rank) VALUES ('secure-delete', 1)")

    def add(self, chunks: Iterable[IndexedChunk]) -> None:
        """Index chunks; one that is there already is replaced by itself."""
        rows = [(c.chunk_id, *_columns(c)) for c in chunks]
        with _failing_as_unavailable(), self._lock, self._db:
            self._frequencies.clear()
            self._db.executemany("DELETE FROM passages WHERE rowid = ?", [(row[0],) for row in rows])
            self._db.executemany(
                "INSERT INTO passages(rowid, title, headings, body, kind, role) VALUES (?, ?, ?, ?, ?, ?)", rows
            )

    def delete(self, chunk_ids: Iterable[int]) -> None:
        """Forget chunks; unknown ids are ignored."""
        with _failing_as_unavailable(), self._lock, self._db:
            self._frequencies.clear()
            self._db.executemany("DELETE FROM passages WHERE rowid = ?", [(i,) for i in chunk_ids])

    def ids(self) -> Ids:
        """Every chunk id held."""
        with _failing_as_unavailable(), self._lock:
            return np.unique(np.fromiter((row[0] for row in self._db.execute("SELECT rowid FROM passages")), np.int64))

    def same(self, chunks: Sequence[IndexedChunk]) -> set[int]:
        """Ids of those of `chunks` that are held exactly as given; at most 500 at a time."""
        query = f"SELECT rowid, title, headings, body, kind, role FROM passages WHERE rowid IN ({_marks(chunks)})"  # noqa: S608
        with _failing_as_unavailable(), self._lock:
            held = {row[0]: row[1:] for row in self._db.execute(query, [c.chunk_id for c in chunks])}
        return {c.chunk_id for c in chunks if held.get(c.chunk_id) == _columns(c)}

    def search(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best `k` chunks by BM25, larger is better.

        Raises:
            IndexUnavailable: the file is damaged.
        """
        with _failing_as_unavailable(), self._lock:
            query = self._query(text)
            if not query:
                return []
            ranked = self._db.execute(_SEARCH, (query,)).fetchall()
            return list(islice(self._of(ranked, set(kinds), set(roles)), k))

    def _of(self, ranked: Sequence[tuple[int, float]], kinds: Set[str], roles: Set[str]) -> Iterator[tuple[int, float]]:
        """Those of these kinds and roles, in order; looked up as far as they are asked for."""
        for at in range(0, len(ranked), _LOOKED_UP):
            piece = ranked[at : at + _LOOKED_UP]
            sql = f"SELECT rowid, kind, role FROM passages WHERE rowid IN ({_marks(piece)})"  # noqa: S608
            places = {row[0]: row[1:] for row in self._db.execute(sql, [chunk_id for chunk_id, _ in piece])}
            for chunk_id, score in piece:
                kind, role = places[chunk_id]
                if kind in kinds and role in roles:
                    yield chunk_id, float(score)

    def check(self) -> None:
        """Ask SQLite whether the file is whole; quick.

        Raises:
            IndexUnavailable: it is not.
        """
        with _failing_as_unavailable(), self._lock, closing(self._db.execute("PRAGMA quick_check(1)")) as cursor:
            found = cursor.fetchone()
            self._db.execute("SELECT count(*) FROM passages_config").fetchone()
        if found[0] != "ok":
            raise IndexUnavailable(_DAMAGED.format(found[0]))

    def check_terms(self) -> None:
        """Ask FTS5 whether its terms are those of the texts it holds; reads everything.

        Raises:
            IndexUnavailable: they are not.
        """
        with _failing_as_unavailable(), self._lock, self._db:
            self._db.execute("INSERT INTO passages(passages) VALUES ('integrity-check')")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _query(self, text: str) -> str:
        """The most telling words of `text`, any of which may match, the repeated ones repeated.

        A word counts by how often the question says it (up to three times) and by how rare it is among the
        passages: min(n, 3) x log(1 + N / df). A long question stays fast and to the point, and so does a large index;
        a word in more than half of the passages tells nothing.
        """
        said = Counter(word.lower() for word in _WORD.findall(text[:_MAX_CHARS]))
        passages = self._passages()
        telling: list[tuple[float, str, int]] = []
        for word, count in islice(said.items(), _MAX_WORDS):
            if word not in STOP_WORDS and 0 < (found := self._frequency(word)) <= max(passages / 2, 3):
                telling.append((-min(count, 3) * log(1 + passages / found), word, min(count, 3)))
        # FTS5 scores a repeated phrase again, which is the weight that the question gives it.
        chosen = self._affordable(sorted(telling)[:_MAX_TERMS])
        return " OR ".join(f'"{word}"' for word, count in chosen for _ in range(count))

    def _affordable(self, telling: Sequence[tuple[float, str, int]]) -> list[tuple[str, int]]:
        """The first of the words, at least one, until together they are in `_MAX_MATCHES` passages."""
        matches = accumulate(self._frequency(word) for _, word, _ in telling)
        return [
            (word, count)
            for place, ((_, word, count), total) in enumerate(zip(telling, matches, strict=True))
            if place == 0 or total <= _MAX_MATCHES
        ]

    def _passages(self) -> int:
        if "" not in self._frequencies:
            self._frequencies[""] = int(self._db.execute("SELECT count(*) FROM passages").fetchone()[0])
        return self._frequencies[""]

    def _frequency(self, word: str) -> int:
        """Chunks that hold `word` or another form of it."""
        if word not in self._frequencies:
            row = self._db.execute("SELECT count(*) FROM passages WHERE passages MATCH ?", (f'"{word}"',)).fetchone()
            self._frequencies[word] = int(row[0])
        return self._frequencies[word]


def _columns(chunk: IndexedChunk) -> tuple[str, str, str, str, str]:
    return chunk.title, chunk.headings, chunk.body, chunk.kind, chunk.role


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


@contextmanager
def _failing_as_unavailable() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise IndexUnavailable(_DAMAGED.format(error)) from error
