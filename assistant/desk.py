"""Asking with memory: every answer is stored whole, and what was not answered enters the gap log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answering.pipeline import Assistant, question_vector
from assistant.domain import Answer, Audience, Question
from assistant.store.drafts import Drafts
from assistant.store.gaps import Gaps


@dataclass(frozen=True, slots=True)
class Desk:
    """One pipeline with the two logs behind it; `settings` is what drafts are made with, kept on record."""

    assistant: Assistant
    drafts: Drafts
    gaps: Gaps
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
        """The answer, stored. A gap is logged under `token`, so that the same contact counts once."""
        answer = self.assistant.ask(question, audiences=audiences)
        self.drafts.save(answer, ticket_id=ticket_id, asked_by=asked_by, settings=self.settings)
        self.log_gap(answer, token=token or answer.id, draft_id=answer.id)
        return answer

    def log_gap(self, answer: Answer, *, token: str, draft_id: str | None) -> int | None:
        """Enter what was not answered into the gap log; returns the gap's id, None where there is no gap."""
        if answer.gap is None:
            return None
        vector = question_vector(answer)
        return self.gaps.log(answer.question, answer.gap, vector, self.model_id, token=token, draft_id=draft_id)
