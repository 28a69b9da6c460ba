"""What speaks for and against an answer being in the evidence: numbers between retrieval and `decide`.

Each is generic: nothing here knows a product's words. Some need only the retrieval; the title is compared with the
headings that were found, because askers put the matter into the title and writers into the heading. What was measured,
and what was left out: `docs/decisions/0009-confidence.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log

import numpy as np

from assistant.domain import Hit, Passage, Retrieval
from assistant.seams import Embedder

_NEAR_TICKETS = 30
_LEAST_VOTES = 0.003
_MAX_HEADINGS = 60
_QUESTION_CHARS = 2_000
_HOW = re.compile(
    r"\bhow (?:do|can|to|could|would|should)\b|\bis there (?:a|any) way\b|\bwhere (?:is|are|do|can)\b|"
    r"\b(?:want|would like|need|trying) to\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signals:
    """One question's evidence in numbers; None is not known.

    `leader` is the cosine of the question and the leading article's best passage, `agreement` that cosine less the
    best of all, at most 0: below it when keywords and votes put another article first. `how` is 1 when the question
    asks how to do something, else 0.

    An embedder gives `title`, the cosine of the title and the nearest title or heading found. Tickets give `votes`, the
    log of what the resolved ones cast for the leading article; not known when none of the 30 nearest links anything.
    """

    leader: float
    agreement: float
    how: float
    title: float | None = None
    votes: float | None = None

    def pairs(self) -> tuple[tuple[str, float], ...]:
        """Names and values of those that are known."""
        return tuple((name, value) for name, value in asdict(self).items() if value is not None)


class Meaning:
    """Compares a question by meaning; the embedder should be one that remembers, for headings come back."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def nearest(self, title: str, headings: Sequence[str]) -> float:
        """Return the best cosine of the title and the headings, in [-1, 1]; 0 without any."""
        wanted = list(dict.fromkeys(heading for heading in headings if heading.strip()))
        if not wanted or not title.strip():
            return 0.0
        vectors = self._embedder.embed([title, *wanted])
        return float(np.max(vectors[1:] @ vectors[0]))


def signals(retrieval: Retrieval, meaning: Meaning | None) -> Signals | None:
    """Return the signals of one retrieval, None when it found no article."""
    if not retrieval.articles:
        return None
    question, leader = retrieval.question, retrieval.articles[0]
    cosines = [max(c.dense for c in hit.candidates) for hit in retrieval.articles]
    is_linked = any(hit.links for hit in retrieval.tickets[:_NEAR_TICKETS])
    return Signals(
        leader=cosines[0],
        agreement=cosines[0] - max(cosines),
        how=float(bool(_HOW.search(question.full_text[:_QUESTION_CHARS]))),
        title=meaning.nearest(question.headline, _headings(retrieval.articles)) if meaning else None,
        votes=log(leader.candidates[0].votes + _LEAST_VOTES) if is_linked else None,
    )


def _headings(articles: Sequence[Hit]) -> list[str]:
    candidates = [c for hit in articles for c in hit.candidates]
    return [heading for c in candidates for heading in headings_of(c.passage)][:_MAX_HEADINGS]


def headings_of(passage: Passage) -> tuple[str, ...]:
    """What a question's title is compared with: the document's title and the heading right above the passage."""
    return (passage.title, *passage.heading_path[-1:])
