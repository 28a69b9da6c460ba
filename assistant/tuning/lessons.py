"""What a desk teaches: resolved tickets with the articles that resolved them, and the passages to learn against.

The first step of tuning: records in, an earlier part to learn from and a later part to be judged on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.domain import Question
from assistant.models.curriculum import Pair
from assistant.seams import Vectors

Flags = npt.NDArray[np.bool_]
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A resolved ticket: what was asked, the live articles that its agents linked (at least one), what they wrote.

    `votes` is False where the lesson comes from a draft that was taken: it teaches, but only tickets that are indexed
    vote when a question is answered.
    """

    ticket_key: str
    question: Question
    articles: tuple[str, ...]
    replies: tuple[str, ...] = ()
    votes: bool = True


@dataclass(frozen=True, slots=True)
class CorpusPassage:
    """A live chunk of an article or FAQ, as it is embedded."""

    chunk_id: int
    document_key: str
    title: str
    embedded_text: str


class Desk(Protocol):
    """What tuning reads from the store."""

    def lessons(self) -> Sequence[Lesson]:
        """Every resolved ticket with a live linked article, and every draft that was taken with what it cites."""
        ...

    def corpus(self) -> Sequence[CorpusPassage]:
        """Every live chunk of articles and FAQs."""
        ...

    def keyword(self, text: str, k: int) -> Sequence[tuple[int, float]]:
        """Best chunks of the corpus by BM25, with their scores."""
        ...


def by_time(lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """Return the lessons, oldest first; those without a date come first, equal dates in the order of their keys."""
    return tuple(sorted(lessons, key=lambda one: (_moment(one.question.created), one.ticket_key)))


def _moment(created: datetime | None) -> datetime:
    if created is None:
        return _NEVER
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def split(lessons: Sequence[Lesson], later_share: float) -> tuple[tuple[Lesson, ...], tuple[Lesson, ...]]:
    """Return the earlier and the later part by time; the later holds this share, rounded down."""
    ordered = by_time(lessons)
    at = len(ordered) - int(later_share * len(ordered))
    return ordered[:at], ordered[at:]


def link_table(lessons: Sequence[Lesson], documents: Sequence[str]) -> Flags:
    """Return which lesson links which document, shape `(lessons, documents)`; unknown articles are left out."""
    place = {key: at for at, key in enumerate(documents)}
    table = np.zeros((len(lessons), len(documents)), dtype=bool)
    for row, lesson in enumerate(lessons):
        table[row, [place[key] for key in lesson.articles if key in place]] = True
    return table


def training_pairs(
    links: Flags, questions: Vectors, passages: Vectors, document_of: npt.NDArray[np.int64], *, most: int = 2
) -> tuple[Pair, ...]:
    """Return one pair for each link: the question with the `most` passages of the article that are nearest to it.

    A link names an article, not the passage that helped; by the cosine of the untrained encoder the nearest two
    contain it most often. `document_of`, shape `(m,)`, says which document each passage belongs to.
    """
    pairs = []
    for row, column in np.argwhere(links):
        own = np.flatnonzero(document_of == column)
        if len(own):
            nearest = own[np.argsort(-(passages[own] @ questions[row]), kind="stable")[:most]]
            pairs.append(Pair(int(row), int(column), tuple(int(at) for at in nearest)))
    return tuple(pairs)
