"""Similar resolved tickets with how they ended, for the agent beside a draft; never text for a customer.

After retrieval. What a ticket says goes behind the guard like everything else: nobody else's identifiers come along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.answering.resolutions import last_resolution
from assistant.domain import Audience, Hit, Passage, Suggestion
from assistant.seams import Knowledge

LEAST_SIMILAR = 0.45


@dataclass(frozen=True, slots=True)
class LinkedArticle:
    """An article that the ticket's agents linked."""

    document_key: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class SimilarTicket:
    """One ticket: `similarity` is a cosine in [-1, 1], `resolution` the first sentences of how it ended, or empty."""

    document_key: str
    title: str
    status: str
    updated_at: datetime | None
    similarity: float
    resolution: str
    articles: tuple[LinkedArticle, ...]


Allow = Callable[[Sequence[Suggestion]], Sequence[Suggestion]]
"""Drops what may not be carried from one ticket to another."""


def similar_tickets(
    hits: Sequence[Hit], knowledge: Knowledge, audiences: Sequence[Audience], allow: Allow, *, limit: int
) -> tuple[SimilarTicket, ...]:
    """The nearest tickets that ended somehow: with an agent's reply or a linked article; nearest first."""
    near = [hit for hit in hits if hit.score >= LEAST_SIMILAR][: 3 * limit]
    keys = [hit.document_key for hit in near]
    links = knowledge.resolving_articles(keys)
    passages = _passages([*keys, *(key for linked in links.values() for key in linked)], knowledge, audiences)
    found: list[SimilarTicket] = []
    for hit in near:
        articles = tuple(_article(passages[key][0]) for key in links.get(hit.document_key, ()) if passages.get(key))
        resolution = _resolution(passages.get(hit.document_key, []), allow)
        if resolution or articles:
            best = hit.best
            found.append(
                SimilarTicket(
                    hit.document_key, best.title, best.status, best.updated_at, hit.score, resolution, articles
                )
            )
    return tuple(found[:limit])


def _passages(
    keys: Sequence[str], knowledge: Knowledge, audiences: Sequence[Audience]
) -> Mapping[str, Sequence[Passage]]:
    chunks = knowledge.chunks_of(list(dict.fromkeys(keys)))
    passages = knowledge.passages([i for ids in chunks.values() for i in ids], audiences=audiences)
    return {key: [passages[i] for i in ids if i in passages] for key, ids in chunks.items()}


def _resolution(passages: Sequence[Passage], allow: Allow) -> str:
    """The last reply that resolved it, in whole sentences."""
    ends = [passage for passage in passages if passage.role == "resolution"]
    told = last_resolution(ends)
    kept = allow([told]) if told is not None else ()
    return kept[0].text if kept else ""


def _article(passage: Passage) -> LinkedArticle:
    return LinkedArticle(passage.document_key, passage.title, passage.url)
