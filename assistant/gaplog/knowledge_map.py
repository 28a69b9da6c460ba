"""The map of the knowledge from one data directory: gathers what the store knows of each article's use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from assistant.answering.conflict import contradiction
from assistant.gaps.silence import Article, SilenceMap, related_pairs, silence_map
from assistant.seams import Vectors
from assistant.store.knowledge import StoredKnowledge, StoredVersion
from assistant.store.use import KnowledgeUse

_PAIRS = 2_000
"""The most related pairs that are read for contradictions; 2,000 take about a second."""


@dataclass(frozen=True, slots=True)
class KnowledgeMap:
    """Reads articles, their use and their vectors; `model_id` names the model of the live index."""

    knowledge: StoredKnowledge
    use: KnowledgeUse
    model_id: str
    stale_after_days: int

    def drawn(self, now: datetime) -> SilenceMap:
        """The map of this moment: articles and FAQs that have a vector, tickets left out."""
        vectors = self.use.vectors(self.model_id)
        stored = [version for version in self.knowledge.documents(("doc", "faq")) if version.document_key in vectors]
        if not stored:
            return silence_map((), np.zeros((0, 1), np.float32), now=now, stale_after_days=self.stale_after_days)
        rows = np.stack([vectors[version.document_key] for version in stored])
        return silence_map(
            self._articles(stored),
            rows,
            now=now,
            stale_after_days=self.stale_after_days,
            contradictions=tuple(_contradictions(stored, rows)),
        )

    def _articles(self, stored: Sequence[StoredVersion]) -> list[Article]:
        cited, edited, asked, views = (
            self.use.citations(), self.use.edited_away(), self.use.asked_about(), self.use.views(),
        )  # fmt: skip
        rewritten = self.use.rewritten()
        return [
            Article(
                key=version.document_key,
                title=version.title,
                url=version.url,
                audience=version.audience,
                updated_at=version.updated_at,
                cited=cited.get(version.document_key, 0),
                edited=edited.get(version.document_key, 0),
                contacts=asked.get(version.document_key, 0),
                views=views.get(version.document_key),
                rewritten=int(rewritten.get(version.document_key, {}).get("drafts", 0)),
                edit_distance=rewritten.get(version.document_key, {}).get("distance"),
            )
            for version in stored
        ]


def _contradictions(stored: Sequence[StoredVersion], rows: Vectors) -> Iterator[tuple[str, str, str]]:
    for one, other, _ in related_pairs(rows)[:_PAIRS]:
        found = contradiction(stored[one].text, stored[other].text)
        if found:
            yield stored[one].document_key, stored[other].document_key, " / ".join(found)
