"""The store as tuning sees it: tickets with what their agents linked, drafts that were taken, passages to find."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlalchemy import select

from assistant.domain import Kind, Question, Role
from assistant.seams import Embedder, PassageIndex, Vectors
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.encoding import vectors_from_bytes
from assistant.store.knowledge import StoredKnowledge, live_chunks
from assistant.store.taken import TakenDrafts
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
        """Every live ticket whose agents linked a live article, and what drafts that were taken teach beside them.

        A ticket asks with the customer's problem. It is one lesson: where agents linked an article themselves, its
        drafts say nothing more.
        """
        asked, replies = self._problems(), self._replies()
        links = self._knowledge.resolving_articles(list(asked))
        tickets = [
            Lesson(key, question, links[key], tuple(replies.get(key, ())))
            for key, question in asked.items()
            if key in links
        ]
        return [*tickets, *(one for one in self._from_drafts() if one.ticket_key not in links)]

    def corpus(self) -> Sequence[CorpusPassage]:
        """Every live chunk of articles and FAQs, as it is embedded."""
        columns = select(t.Chunk.id, t.Document.key, t.Version.title, t.Chunk.embedded_text)
        query = live_chunks(columns.select_from(t.Chunk).join(t.Version, t.Version.id == t.Chunk.version_id))
        with self._database.read() as connection:
            rows = connection.execute(query.where(t.Document.kind.in_(_ARTICLES)).order_by(t.Chunk.id)).all()
        return [CorpusPassage(*row) for row in rows]

    def keyword(self, text: str, k: int) -> Sequence[tuple[int, float]]:
        """Best chunks of the corpus by BM25, with their scores."""
        return self._index.keyword(text, kinds=_ARTICLES, roles=_BODY, k=k)

    def _from_drafts(self) -> list[Lesson]:
        """One lesson for each ticket with a draft that was taken; the latest one counts.

        What was asked without a ticket is one lesson as well, however often it was asked in the same words.
        """
        found: dict[str, Lesson] = {}
        for draft in TakenDrafts(self._database).all():
            question = draft.question
            key = question.id or f"draft:{_digest(question.full_text)}"
            found[key] = Lesson(key, replace(question, id=key), draft.articles, votes=False)
        return list(found.values())

    def _problems(self) -> dict[str, Question]:
        """The first chunk of each ticket's problem as it is embedded: what a question is compared with."""
        found: dict[str, Question] = {}
        for key, created, text in self._ticket_chunks("problem"):
            found.setdefault(key, Question(text, id=key, created=created))
        return found

    def _replies(self) -> dict[str, list[str]]:
        """The chunks of each ticket's resolution as they are embedded."""
        found: dict[str, list[str]] = defaultdict(list)
        for key, _, text in self._ticket_chunks("resolution"):
            found[key].append(text)
        return found

    def _ticket_chunks(self, role: Role) -> list[tuple[str, datetime | None, str]]:
        query = live_chunks(
            select(t.Document.key, t.Version.created_at, t.Chunk.embedded_text)
            .select_from(t.Chunk)
            .join(t.Version, t.Version.id == t.Chunk.version_id)
            .where(t.Document.kind == "ticket", t.Chunk.role == role)
            .order_by(t.Document.id, t.Chunk.id)
        )
        with self._database.read() as connection:
            return [(key, created, text) for key, created, text in connection.execute(query)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class StoredVectors:
    """An embedder that looks into the store first: what was embedded at ingest costs a read."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self.model_id = embedder.model_id

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""
        digests = [_digest(text) for text in texts]
        known = self._known(digests)
        missing = [at for at, digest in enumerate(digests) if digest not in known]
        if missing:
            fresh = self._embedder.embed([texts[at] for at in missing])
            known.update(zip([digests[at] for at in missing], fresh, strict=True))
        return np.stack([known[digest] for digest in digests]) if digests else np.zeros((0, 0), np.float32)

    def _known(self, digests: Sequence[str]) -> dict[str, Vectors]:
        columns = select(t.Embedding.content_hash, t.Embedding.vector).where(t.Embedding.model_id == self.model_id)
        found: dict[str, Vectors] = {}
        for piece in pieces(list(dict.fromkeys(digests))):
            with self._database.read() as connection:
                rows = connection.execute(columns.where(t.Embedding.content_hash.in_(piece))).all()
            found.update(zip([row[0] for row in rows], vectors_from_bytes([row[1] for row in rows]), strict=True))
        return found
