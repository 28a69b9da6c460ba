"""The store as tuning sees it: resolved tickets with what their agents linked, and the passages to find."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import func, select

from assistant.domain import Kind, Question, Role
from assistant.seams import PassageIndex
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.knowledge import StoredKnowledge, live_chunks
from assistant.tuning.lessons import CorpusPassage, Lesson

_ARTICLES: tuple[Kind, ...] = ("doc", "faq")
_BODY: tuple[Role, ...] = ("body",)


class StoredDesk:
    """Reads lessons from one database; `index` answers keyword searches."""

    def __init__(self, database: Database, index: PassageIndex) -> None:
        self._database = database
        self._knowledge = StoredKnowledge(database)
        self._index = index

    def lessons(self) -> Sequence[Lesson]:
        """Every live ticket whose agents linked a live article, with the customer's problem as the question."""
        asked = self._problems()
        links = self._knowledge.resolving_articles(list(asked))
        return [Lesson(key, question, links[key]) for key, question in asked.items() if key in links]

    def corpus(self) -> Sequence[CorpusPassage]:
        """Every live chunk of articles and FAQs, as it is embedded."""
        query = live_chunks(select(t.Chunk.id, t.Document.key, t.Chunk.embedded_text).select_from(t.Chunk))
        with self._database.read() as connection:
            rows = connection.execute(query.where(t.Document.kind.in_(_ARTICLES)).order_by(t.Chunk.id)).all()
        return [CorpusPassage(*row) for row in rows]

    def keyword(self, text: str, k: int) -> Sequence[tuple[int, float]]:
        """Best chunks of the corpus by BM25, with their scores."""
        return self._index.keyword(text, kinds=_ARTICLES, roles=_BODY, k=k)

    def _problems(self) -> dict[str, Question]:
        span = func.substr(t.Version.text, t.Chunk.start + 1, t.Chunk.end - t.Chunk.start)
        query = live_chunks(
            select(t.Document.key, t.Version.title, t.Version.created_at, span)
            .select_from(t.Chunk)
            .join(t.Version, t.Version.id == t.Chunk.version_id)
            .where(t.Document.kind == "ticket", t.Chunk.role == "problem")
            .order_by(t.Document.id, t.Chunk.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        found: dict[str, Question] = {}
        for key, group in groupby(rows, key=lambda row: row[0]):
            parts = list(group)
            text = "\n".join(str(row[3]) for row in parts)
            found[key] = Question(text, title=parts[0][1], id=key, created=parts[0][2])
        return found
