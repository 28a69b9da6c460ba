"""Asking with memory: every answer is stored whole, and every question is a contact of the gap log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.answering.live import Follower
from assistant.answering.matter import is_matter
from assistant.answering.naming import named
from assistant.answering.pipeline import Assistant, question_vector
from assistant.domain import FROM_ANOTHER_ARTICLE, Answer, Audience, Question, Style, Wish
from assistant.gaplog.hearing import Hearing
from assistant.redaction import Known, Person, Redactor
from assistant.seams import Embedder
from assistant.store.asked import DraftRecord
from assistant.store.drafts import Drafts
from assistant.store.gaps import Gaps


@dataclass(frozen=True, slots=True)
class Desk:
    """One pipeline with the logs behind it; `settings` is what drafts are made with, kept on record.

    `embedder` is the one that questions are embedded with for answering. What is kept went through
    `redactor`; what the agent sees did not.
    """

    assistant: Assistant
    drafts: Drafts
    gaps: Gaps
    hearing: Hearing
    embedder: Embedder
    settings: Mapping[str, Any]
    redactor: Redactor = field(default_factory=Redactor)

    def ask(
        self,
        question: Question,
        *,
        audiences: Sequence[Audience],
        asked_by: str,
        ticket_id: str | None = None,
        token: str | None = None,
        style: Style | None = None,
        follower: Follower | None = None,
    ) -> Answer:
        """The answer, stored. The contact, and the gap if there is one, count once under `token`."""
        question = with_turns_redacted(named(question), self.redactor)
        answer = self.assistant.ask(question, audiences=audiences, style=style, follower=follower)
        self._hear(answer, token or answer.id, DraftRecord(ticket_id, asked_by, self.settings))
        return answer

    def rewrite(self, draft_id: str, wish: Wish, *, asked_by: str, requester: str = "") -> Answer:
        """A stored draft said anew, stored as a draft of its own; it is no new contact.

        Raises:
            NotFound: no such draft. UsageError: it cannot be said anew that way, and why.
        """
        before = self.drafts.load(draft_id)
        answer = self.assistant.rewrite(before, wish, requester=requester)
        kept = as_kept(answer, self.redactor)
        self.drafts.save(kept, ticket_id=before.question.id or None, asked_by=asked_by, settings=self.settings)
        return answer

    def redraft(
        self, draft_id: str, document_key: str, *, audiences: Sequence[Audience], asked_by: str, requester: str = ""
    ) -> Answer:
        """The stored question asked of one article, stored as a draft of its own; it is no new contact.

        Raises:
            NotFound: no such draft, or no such article. UsageError: nothing of the article can be told.
        """
        before = self.drafts.load(draft_id)
        question = replace(before.question, requester=requester)
        answer = self.assistant.ask_of(question, document_key, audiences=audiences)
        answer = replace(answer, parent_id=before.id, rewritten=FROM_ANOTHER_ARTICLE)
        kept = as_kept(answer, self.redactor)
        self.drafts.save(kept, ticket_id=before.question.id or None, asked_by=asked_by, settings=self.settings)
        return answer

    def log(self, answer: Answer, *, token: str) -> int | None:
        """Enter a contact without keeping a draft; returns its gap's id, None where there is no gap."""
        return self._hear(answer, token, None)

    def _hear(self, answer: Answer, token: str, draft: DraftRecord | None) -> int | None:
        kept = as_kept(answer, self.redactor)
        if not is_matter(answer.question):  # thanks and "It does not work" are no gap of any article, and no theme
            if draft is not None:
                record = {"ticket_id": draft.ticket_id, "asked_by": draft.asked_by, "settings": draft.settings}
                self.drafts.save(kept, **record)  # type: ignore[arg-type]
            return None
        vector = question_vector(answer)
        if kept.question.full_text != answer.question.full_text:  # the vector of a text tells much of it
            vector = self.embedder.embed([kept.question.full_text])[0]
        return self.hearing.hear_answer(kept, vector, self.embedder.model_id, token=token, draft=draft)


def with_turns_redacted(question: Question, redactor: Redactor) -> Question:
    """The question with placeholders in what was said before it: a chat model reads that, and it is stored nowhere."""
    texts = redactor.texts([turn.text for turn in question.turns], _known(question))
    turns = (replace(turn, text=text) for turn, text in zip(question.turns, texts, strict=True))
    return replace(question, turns=tuple(turns)) if texts else question


def _known(question: Question) -> Known:
    people = (Person((question.requester,)),) if question.requester.strip() else ()
    return Known(people, (question.product,) if question.product else (), question.locale)


def as_kept(answer: Answer, redactor: Redactor) -> Answer:
    """The answer with placeholders for what is personal or secret in the question and what repeats it.

    The requester's name stays beside the question: only its keyed hash is ever stored.
    """
    question = answer.question
    text = f"{question.text}\n{question.before}" if question.before else question.text
    title, text, greeting, *uncovered = redactor.texts(
        [question.title, text, answer.greeting, *answer.uncovered], _known(question)
    )
    question = replace(question, title=title, text=text, before="", turns=())
    return replace(answer, question=question, greeting=greeting, uncovered=tuple(uncovered))
