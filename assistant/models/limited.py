"""A drafter inside a day's budget: over the limit it writes nothing, and the extractive draft stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.domain import Candidate, Question, Style, Wish
from assistant.seams import Drafter, Listener, Reworded, Written

_REMEDY = "Raise models.chat_daily_tokens or models.chat_daily_cost, or wait for midnight UTC"


class LimitedDrafter:
    """`drafter`, as long as `exceeded` has nothing to say; it is asked before each draft.

    Drafts that are under way when the limit is reached are finished: a day may exceed it by those.
    """

    def __init__(self, drafter: Drafter, name: str, exceeded: Callable[[], str]) -> None:
        self._drafter = drafter
        self._name = name
        self._exceeded = exceeded

    def draft(
        self,
        question: Question,
        candidates: Sequence[Candidate],
        style: Style | None = None,
        listener: Listener | None = None,
    ) -> Written:
        """A draft, or none and the limit that was reached."""
        reason = self._exceeded()
        if reason:
            return Written(None, self._name, "", f"{reason}; this is the extractive draft. {_REMEDY}")
        return self._drafter.draft(question, candidates, style, listener)

    def reword(self, texts: Sequence[str], wish: Wish) -> Reworded:
        """The texts in other words, or none and the limit that was reached."""
        reason = self._exceeded()
        if reason:
            return Reworded(None, self._name, "", f"{reason}. {_REMEDY}")
        return self._drafter.reword(texts, wish)
