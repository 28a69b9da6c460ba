"""What speaks for and against an answer being in the evidence: numbers between retrieval and `decide`.

Each is generic: nothing here knows a product's words. All but one need only the retrieval; the title is compared
with the headings that were found, because askers put the matter into the title and writers into the heading.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from threading import Lock

import numpy as np

from assistant.domain import Hit, Question, Retrieval
from assistant.seams import Embedder, Vectors

_KERNEL = 0.1
_NEAR_TICKETS = 30
_MAX_HEADINGS = 60
_QUESTION_CHARS = 2_000
_TITLE_CHARS = 300
_HOW = re.compile(
    r"\bhow (?:do|can|to|could|would|should)\b|\bis there (?:a|any) way\b|\bwhere (?:is|are|do|can)\b|"
    r"\b(?:want|would like|need|trying) to\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signals:
    """One question's evidence in numbers.

    `leader` is the cosine of the question and the leading article's best passage, `agreement` that cosine less the
    best of all, at most 0: below it when keywords and votes put another article first. `how` is 1 when the question
    asks how to do something, else 0. `title` is the cosine of the title and the nearest title or heading found, None
    without an embedder. `density` is the log of how crowded resolved tickets are around the question, None when
    there are none.
    """

    leader: float
    agreement: float
    how: float
    title: float | None = None
    density: float | None = None

    def pairs(self) -> tuple[tuple[str, float], ...]:
        """Names and values of those that are known."""
        named = (
            ("leader", self.leader),
            ("agreement", self.agreement),
            ("how", self.how),
            ("title", self.title),
            ("density", self.density),
        )
        return tuple((name, value) for name, value in named if value is not None)


class Headings:
    """Vectors of titles and headings, each embedded once while it is in use; `most` are kept."""

    def __init__(self, embedder: Embedder, most: int = 5_000) -> None:
        self._embedder = embedder
        self._most = most
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def nearest(self, title: str, headings: Sequence[str]) -> float:
        """Return the best cosine of the title and the headings, in [-1, 1]; 0 without any.

        The title and the headings not met before are embedded in one batch.
        """
        wanted = list(dict.fromkeys(heading for heading in headings if heading.strip()))
        if not wanted or not title.strip():
            return 0.0
        with self._lock:
            vectors = {heading: self._kept[heading] for heading in wanted if heading in self._kept}
        missing = [heading for heading in wanted if heading not in vectors]
        embedded = self._embedder.embed([title, *missing])
        vectors |= dict(zip(missing, embedded[1:], strict=True))
        self._keep(vectors)
        return float(np.max(np.stack(list(vectors.values())) @ embedded[0]))

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            for heading, vector in vectors.items():
                self._kept[heading] = vector
                self._kept.move_to_end(heading)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def signals(retrieval: Retrieval, headings: Headings | None) -> Signals | None:
    """Return the signals of one retrieval, None when it found no article."""
    if not retrieval.articles:
        return None
    cosines = [max(c.dense for c in hit.candidates) for hit in retrieval.articles]
    near = [hit.score for hit in retrieval.tickets[:_NEAR_TICKETS]]
    return Signals(
        leader=cosines[0],
        agreement=cosines[0] - max(cosines),
        how=float(bool(_HOW.search(retrieval.question.full_text[:_QUESTION_CHARS]))),
        title=_title_cosine(retrieval, headings),
        density=crowding(near) if near else None,
    )


def _title_cosine(retrieval: Retrieval, headings: Headings | None) -> float | None:
    if headings is None:
        return None
    return headings.nearest(_headline(retrieval.question), _headings(retrieval.articles))


def crowding(similarities: Sequence[float]) -> float:
    """Return the log of the mean kernel of the nearest tickets, at most 0.

    Two tickets at cosine 1 and 0.9: the mean of 1 and `1/e`, 0.684, of which the log is taken.

    >>> round(crowding([1.0, 0.9]), 3)
    -0.38
    """
    return log(sum(exp((s - 1.0) / _KERNEL) for s in similarities) / len(similarities))


def _headline(question: Question) -> str:
    """The title, or the first line of a question without one."""
    return (question.title.strip() or question.text.strip().partition("\n")[0])[:_TITLE_CHARS]


def _headings(articles: Sequence[Hit]) -> list[str]:
    candidates = [c for hit in articles for c in hit.candidates]
    return [h for c in candidates for h in (c.passage.title, *c.passage.heading_path[-1:])][:_MAX_HEADINGS]
