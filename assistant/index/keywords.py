"""Keyword search of one generation: SQLite's FTS5 with BM25 over title, headings and body.

A file of its own, derived from the store, safe to read from several processes. Decision record 0005
has the measurement against other engines.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import islice
from math import log
from pathlib import Path

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.stopwords import STOP_WORDS
from assistant.store.generations import IndexedChunk

_WORD = re.compile(r"\w+", re.UNICODE)
_MAX_TERMS = 24
_MAX_WORDS = 400
_MAX_CHARS = 20_000

_SEARCH = (
    "SELECT rowid, -bm25(passages, 5.0, 2.0, 1.0) AS score FROM passages "
    "WHERE passages MATCH ? AND kind IN ({kinds}) AND role IN ({roles}) ORDER BY score DESC, rowid LIMIT ?"
)
"""BM25 weights of title, headings and body as measured in decision record 0005."""


class Keywords:
    """One FTS5 table; `path` None keeps it in memory."""

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()
        self._frequencies: dict[str, int] = {}
        if path is None:
            self._db = sqlite3.connect(":memory:", check_same_thread=False)
        else:
            mode = "ro" if read_only else "rwc"
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
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
        rows = [(c.chunk_id, c.title, c.headings, c.body, c.kind, c.role) for c in chunks]
        with self._lock, self._db:
            self._frequencies.clear()
            self._db.executemany("DELETE FROM passages WHERE rowid = ?", [(row[0],) for row in rows])
            self._db.executemany(
                "INSERT INTO passages(rowid, title, headings, body, kind, role) VALUES (?, ?, ?, ?, ?, ?)", rows
            )

    def delete(self, chunk_ids: Iterable[int]) -> None:
        """Forget chunks; unknown ids are ignored."""
        with self._lock, self._db:
            self._db.executemany("DELETE FROM passages WHERE rowid = ?", [(i,) for i in chunk_ids])

    def ids(self) -> set[int]:
        """Every chunk id held."""
        with self._lock:
            return {row[0] for row in self._db.execute("SELECT rowid FROM passages")}

    def search(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best `k` chunks by BM25, larger is better.

        Raises:
            IndexUnavailable: the file is damaged.
        """
        try:
            with self._lock:
                query = self._query(text)
                if not query:
                    return []
                sql = _SEARCH.format(kinds=_marks(kinds), roles=_marks(roles))
                return [(row[0], float(row[1])) for row in self._db.execute(sql, (query, *kinds, *roles, k))]
        except sqlite3.DatabaseError as error:
            raise IndexUnavailable(f"The keyword index is damaged ({error}); it is rebuilt from the store.") from error

    def check(self) -> None:
        """Ask SQLite and FTS5 whether the file is whole.

        Raises:
            IndexUnavailable: it is not.
        """
        try:
            with self._lock, closing(self._db.execute("PRAGMA quick_check(1)")) as cursor:
                found = cursor.fetchone()
            if found[0] != "ok":
                raise IndexUnavailable(f"The keyword index is damaged ({found[0]}); it is rebuilt from the store.")
            with self._lock:
                self._db.execute("SELECT count(*) FROM passages_config").fetchone()
        except sqlite3.DatabaseError as error:
            raise IndexUnavailable(f"The keyword index is damaged ({error}); it is rebuilt from the store.") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _query(self, text: str) -> str:
        """The most telling words of `text`, any of which may match, the repeated ones repeated.

        A word counts by how often the question says it (up to three times) and by how rare it is among the
        passages: min(n, 3) x log(1 + N / df). A long question stays fast and to the point; a word in more than
        half of the passages tells nothing.
        """
        said = Counter(word.lower() for word in _WORD.findall(text[:_MAX_CHARS]))
        passages = self._passages()
        telling: list[tuple[float, str, int]] = []
        for word, count in islice(said.items(), _MAX_WORDS):
            if word not in STOP_WORDS and 0 < (found := self._frequency(word)) <= max(passages / 2, 3):
                telling.append((-min(count, 3) * log(1 + passages / found), word, min(count, 3)))
        # FTS5 scores a repeated phrase again, which is the weight that the question gives it.
        return " OR ".join(f'"{word}"' for _, word, count in sorted(telling)[:_MAX_TERMS] for _ in range(count))

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


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
