"""How the desk uses its knowledge: citations, what became of them, questions, readers. Read for the silence map."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import func, or_, select

from assistant.seams import Vectors
from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.draft_signals import HEAVY_EDIT
from assistant.store.encoding import vectors_from_bytes
from assistant.store.knowledge import live_chunks
from assistant.store.log_state import LogState
from assistant.store.signals import Signals

_VIEWS = "article_views"


class KnowledgeUse:
    """Counts over drafts, events, contacts and usage data, by document key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def citations(self) -> Mapping[str, int]:
        """How many contacts the knowledge answered, wholly or in part, from each document."""
        answered = select(g.Contact.nearest).where(g.Contact.verdict.in_(("answered", "partial")))
        found: Counter[str] = Counter()
        with self._database.read() as connection:
            for (sources,) in connection.execute(answered):
                found.update(set(sources))
        return found

    def edited_away(self) -> Mapping[str, int]:
        """How many drafts that cite each document were rewritten heavily, discarded, or rated down."""
        events = select(t.DraftEvent.draft_id).where(
            or_(t.DraftEvent.kind == "discarded", t.DraftEvent.edit_distance >= HEAVY_EDIT)
        )
        rated = select(t.Feedback.draft_id).where(t.Feedback.rating == "down")
        query = (
            select(t.Document.key, func.count(func.distinct(t.Citation.draft_id)))
            .join(t.Version, t.Version.document_id == t.Document.id)
            .join(t.Citation, t.Citation.version_id == t.Version.id)
            .where(or_(t.Citation.draft_id.in_(events), t.Citation.draft_id.in_(rated)))
        )
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query.group_by(t.Document.key))}

    def rewritten(self) -> Mapping[str, Mapping[str, float]]:
        """For each document whose drafts were rewritten heavily: how many `drafts`, and their mean edit `distance`."""
        return Signals(self._database).edited_sources()

    def asked_about(self) -> Mapping[str, int]:
        """For how many contacts each document was the nearest one, whether it answered or not."""
        found: Counter[str] = Counter()
        with self._database.read() as connection:
            for (nearest,) in connection.execute(select(g.Contact.nearest)):
                found.update(nearest[:1])
        return found

    def vectors(self, model_id: str) -> Mapping[str, Vectors]:
        """The mean of each live article's chunk vectors under `model_id`, of unit length, shape `(d,)`."""
        query = live_chunks(select(t.Document.key, t.Embedding.vector).select_from(t.Chunk)).join(
            t.Embedding, (t.Embedding.content_hash == t.Chunk.content_hash) & (t.Embedding.model_id == model_id)
        )
        found: defaultdict[str, list[bytes]] = defaultdict(list)
        with self._database.read() as connection:
            for key, vector in connection.execute(query.where(t.Document.kind != "ticket")):
                found[key].append(vector)
        return {key: _mean(rows) for key, rows in found.items()}

    def titles(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The title of each of the documents that is live and has one."""
        current = select(t.Document.key, t.Version.title).join(t.Version, t.Version.id == t.Document.version_id)
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for piece in pieces(list(dict.fromkeys(keys))):
                found.update(
                    {row.key: row.title for row in connection.execute(current.where(t.Document.key.in_(piece)))}
                )
        return {key: title for key, title in found.items() if title}

    def views(self) -> Mapping[str, float]:
        """How often each article was read, where somebody said so."""
        return {str(key): float(count) for key, count in (LogState(self._database).get(_VIEWS) or {}).items()}

    def set_views(self, views: Mapping[str, float]) -> None:
        """Keep how often articles were read; it replaces what was said of these before."""
        LogState(self._database).set(_VIEWS, {**self.views(), **views})


def _mean(rows: list[bytes]) -> Vectors:
    mean = vectors_from_bytes(rows).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)
