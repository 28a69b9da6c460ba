"""Asking with memory: every answer is stored whole, and every question is a contact of the gap log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answering.pipeline import Assistant, question_vector
from assistant.domain import Answer, Audience, Question
from assistant.gaplog.hearing import Hearing
from assistant.store.asked import DraftRecord
from assistant.store.drafts import Drafts
from assistant.store.gaps import Gaps


@dataclass(frozen=True, slots=True)
class Desk:
    """One pipeline with the logs behind it; `settings` is what drafts are made with, kept on record.

    `model_id` names the model that questions are embedded with for answering.
    """

    assistant: Assistant
    drafts: Drafts
    gaps: Gaps
    hearing: Hearing
    model_id: str
    settings: Mapping[str, Any]

    def ask(
        self,
        question: Question,
        *,
        audiences: Sequence[Audience],
        asked_by: str,
        ticket_id: str | None = None,
        token: str | None = None,
    ) -> Answer:
        """The answer, stored. The contact, and the gap if there is one, count once under `token`."""
        answer = self.assistant.ask(question, audiences=audiences)
        self._hear(answer, token or answer.id, DraftRecord(ticket_id, asked_by, self.settings))
        return answer

    def log(self, answer: Answer, *, token: str) -> int | None:
        """Enter a contact without keeping a draft; returns its gap's id, None where there is no gap."""
        return self._hear(answer, token, None)

    def _hear(self, answer: Answer, token: str, draft: DraftRecord | None) -> int | None:
        return self.hearing.hear_answer(answer, question_vector(answer), self.model_id, token=token, draft=draft)
