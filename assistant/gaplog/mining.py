"""Old tickets that public knowledge alone could not have answered: the gap log's first day, from the whole history.

Each ticket's question is asked of the articles, with the votes of earlier tickets only. Every ticket is one
transaction, so a run that is stopped or killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from assistant.domain import Answer, Audience, Question
from assistant.gaplog.as_of import AsOf
from assistant.gaplog.hearing import Hearing
from assistant.gaps.minable import asks_something, in_known_language, known_words
from assistant.records import Contact
from assistant.seams import Embedder, Knowledge, Progress
from assistant.store.database import Database
from assistant.store.heard_tickets import HeardTickets
from assistant.store.knowledge import StoredKnowledge
from assistant.store.mined import HumanAnswer, Mined

PUBLIC: tuple[Audience, ...] = ("public",)
_PIECE = 100
LEAST_WORDS = 20  # of a human's answer that is worth comparing; shorter ones ask back or say thanks
UNLIKE = 0.4
UNSURE = 0.55
"""Confidence below which the articles alone could not have answered a ticket, whatever could be drafted.

Read by eye (docs/gap-work-figures.md): of 50 below 0.6, the 12 from 0.55 on held 2 of the 19 real gaps.
"""


class Asker(Protocol):
    """The pipeline, as mining asks it."""

    def ask(self, question: Question, *, audiences: tuple[Audience, ...]) -> Answer:
        """The answer."""
        ...


@dataclass(frozen=True, slots=True)
class MiningResult:
    """How many tickets were asked now, and how all tickets of the period came out, by verdict.

    `no_gaps` of those asked now were not answered and are no gaps of the knowledge: they ask for a person or for
    nothing, or are written in a language that no article is written in.
    """

    asked: int
    verdicts: dict[str, int]
    no_gaps: int


@dataclass(frozen=True, slots=True)
class Mining:
    """Mines the tickets of one database.

    `assistant` makes the pipeline over a view of the knowledge; `model_id` names the model that it embeds questions
    with, `embedder` the one that replies are compared with.
    """

    database: Database
    knowledge: Knowledge
    embedder: Embedder
    model_id: str
    assistant: Callable[[Knowledge], Asker]

    def run(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        again: bool = False,
        progress: Progress | None = None,
    ) -> MiningResult:
        """Ask every ticket of the period that was not asked yet, oldest first; with `again` all of them."""
        Hearing(self.database, self.embedder).hear_tickets()
        mined = Mined(self.database)
        if again:
            mined.again(since, until)
        view = AsOf(self.knowledge, HeardTickets(self.database).order())
        pipeline = self.assistant(view)
        known = self._known_words()
        total, done, no_gaps = mined.count(since, until, done=False), 0, 0
        while piece := mined.waiting(since, until, _PIECE):
            for contact in piece:
                view.move_to(contact.document_key)
                no_gaps += self._mine(pipeline, contact, known)
                done += 1
                if progress:
                    progress(done, total, contact.document_key)
        return MiningResult(done, mined.verdicts(since, until), no_gaps)

    def _known_words(self) -> frozenset[str]:
        articles = StoredKnowledge(self.database).documents(("doc", "faq"))
        return known_words(article.text for article in articles if article.audience in PUBLIC)

    def _mine(self, pipeline: Asker, contact: Contact, known: frozenset[str]) -> bool:
        """Ask a ticket; returns whether it stays unanswered and is yet no gap of the knowledge."""
        question = Question(
            contact.text, title=contact.title, id=contact.document_key, created=contact.at, channel=contact.channel
        )
        answer = pipeline.ask(question, audiences=PUBLIC)
        unanswered = answer.verdict == "gap" or answer.confidence < UNSURE
        said = (contact.title, contact.text)
        is_gap = unanswered and asks_something(*said) and in_known_language(*said, known)
        vector = np.asarray(answer.vector, np.float32)
        Mined(self.database).write(contact, answer, vector, self.model_id, self._human(contact, answer), is_gap=is_gap)
        return unanswered and not is_gap

    def _human(self, contact: Contact, answer: Answer) -> HumanAnswer | None:
        """The human's answer beside ours; None where either is missing."""
        ticket = HeardTickets(self.database).many([contact.document_key]).get(contact.document_key)
        theirs = [text for text in ticket.answers if len(text.split()) >= LEAST_WORDS] if ticket else []
        if not theirs or not answer.parts:
            return None
        linked = self.knowledge.resolving_articles([contact.document_key]).get(contact.document_key, ())
        cited = tuple(dict.fromkeys(source.document_key for source in answer.sources))
        vectors = self.embedder.embed([" ".join(part.text for part in answer.parts), *theirs])
        likeness = float((vectors[1:] @ vectors[0]).max())
        apart = not set(linked) & set(cited) if linked else likeness < UNLIKE
        return HumanAnswer(likeness, cited, linked, apart)
