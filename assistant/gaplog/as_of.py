"""Knowledge as it was for one ticket: every article, but neither that ticket nor any that came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.domain import Audience, Kind, Passage, Question
from assistant.seams import Knowledge


class AsOf:
    """The store's last word less the tickets from one on; `moment` says which, and is set before each question.

    `order` holds each ticket's place in time; documents that are not in it are articles and always there.
    """

    def __init__(self, knowledge: Knowledge, order: Mapping[str, int]) -> None:
        self._knowledge = knowledge
        self._order = order
        self._now = len(order)

    def move_to(self, ticket_key: str) -> None:
        """Leave out this ticket and every later one."""
        self._now = self._order.get(ticket_key, len(self._order))

    def passages(self, chunk_ids: Sequence[int], *, audiences: Sequence[Audience]) -> dict[int, Passage]:
        """As the store has them, less what came later."""
        found = self._knowledge.passages(chunk_ids, audiences=audiences)
        return {chunk_id: p for chunk_id, p in found.items() if self._is_there(p.document_key)}

    def resolving_articles(self, ticket_keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """As the store has them, less what came later."""
        return self._knowledge.resolving_articles([key for key in ticket_keys if self._is_there(key)])

    def link_counts(self) -> Mapping[str, int]:
        """As the store has them: how common an article is among all links, which weighs votes and names no answer."""
        return self._knowledge.link_counts()

    def chunks_of(self, document_keys: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """As the store has them, less what came later."""
        return self._knowledge.chunks_of([key for key in document_keys if self._is_there(key)])

    def chunks_in_scope(self, question: Question, kinds: Sequence[Kind], *, most: int) -> Sequence[int]:
        """As the store has them; what came later is filtered when it is read."""
        return self._knowledge.chunks_in_scope(question, kinds, most=most)

    def whole(self, passages: Sequence[Passage]) -> dict[tuple[str, int], Passage]:
        """As the store has them; what came later never gets this far."""
        return self._knowledge.whole(passages)

    def live_keys(self, document_keys: Sequence[str]) -> set[str]:
        """As the store has them, less what came later."""
        return {key for key in self._knowledge.live_keys(document_keys) if self._is_there(key)}

    def _is_there(self, key: str) -> bool:
        return self._order.get(key, -1) < self._now
