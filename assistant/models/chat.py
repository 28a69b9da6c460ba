"""Any LangChain chat model as a drafter: one question, numbered passages, a deadline, and a typed outcome.

Whatever the vendor does ends as a draft that passed `assistant.answering.written`, or as a notice; nothing is raised.
`assistant.answering.phrase` guards it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.answering.copying import COPYING_VERSION, allowed_texts, copying_prompt
from assistant.answering.heard import HeardParts
from assistant.answering.prompts import (
    PROMPT_VERSION,
    REWORDING_VERSION,
    Offer,
    Prompt,
    offered,
    prompt,
    rewording_prompt,
)
from assistant.answering.written import Mapper, Reply, draft_from
from assistant.domain import Candidate, Draft, Part, Question, Style, Usage, Wish
from assistant.models.talk import ChatModel, Clock
from assistant.models.vendor import Prices
from assistant.seams import Listener, Reworded, Saying, Written

Wording = Literal["own", "copied"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is asked to draft: in which style, in whose words, and from how many passages at most.

    "copied" lets it say sentences of the passages only: for a small model, or a desk that wants nothing rephrased.
    """

    style: Style = field(default_factory=Style)
    wording: Wording = "own"
    passages: int = 10


class LangChainDrafter:
    """Drafts and rewords with the chat model `name` ("provider:model"); see `assistant.models.talk.ChatModel`."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any] | None = None,
        deadline_s: float = 30.0,
        attempts: int = 3,
        *,
        manner: Manner = Manner(),
        prices: Prices = Prices(),
        clock: Clock = Clock(),
    ) -> None:
        """Keep the settings; nothing is imported or opened yet.

        Raises:
            SettingsError: `name` is not "provider:model", or `structured_output` is unknown.
        """
        self.model = ChatModel(name, options, deadline_s, attempts, clock, prices)
        self._manner = manner
        self._version = COPYING_VERSION if manner.wording == "copied" else PROMPT_VERSION

    def load(self) -> None:
        """Import langchain and build the model now, for a server's start and for `doctor`.

        Raises:
            ChatModelError: the integration's package or its key is missing, or an option is refused.
        """
        self.model.load()

    def draft(
        self,
        question: Question,
        candidates: Sequence[Candidate],
        style: Style | None = None,
        listener: Listener | None = None,
    ) -> Written:
        """A draft, not yet guarded; an empty one when the model declined; none, with a notice, when anything failed."""
        offer = offered(candidates[: self._manner.passages])
        if not offer.passages:
            return self._without("no passage could be shown to the model")
        copied = self._manner.wording == "copied"
        allowed = allowed_texts(offer) if copied else frozenset()
        writing = _Writing(offer, allowed, listener) if listener is not None else None
        manner = style.over(self._manner.style) if style is not None else self._manner.style

        def asked(json_only: bool) -> Prompt:
            if copied:
                return copying_prompt(question, offer, json_only=json_only)
            return prompt(question, offer, manner, json_only=json_only)

        said = self.model.ask(asked, len(offer.passages), writing)
        if writing is not None and writing.shown and not writing.is_kept_by(said.reply):
            notice = (
                f"the reply broke off and ends with its last complete part ({said.notice or 'it changed its mind'})"
            )
            return self._written(Draft(tuple(writing.parts)), notice, said.usage, cut=True)
        if said.reply is None:
            return self._without(said.notice, said.usage)
        return self._read(said.reply, offer, allowed, said.usage)

    def reword(self, texts: Sequence[str], wish: Wish) -> Reworded:
        """The texts in other words, their numbers not yet checked; none, with a notice, when anything failed."""
        said = self.model.ask(lambda json_only: rewording_prompt(texts, wish, json_only=json_only), len(texts))
        sayings = None
        if said.reply is not None:
            sayings = tuple(Saying(part.text, part.citations, part.step) for part in said.reply.parts)
        return Reworded(sayings, self.model.name, REWORDING_VERSION, said.notice, said.usage)

    def _read(self, reply: Reply, offer: Offer, allowed: Collection[str], usage: Usage) -> Written:
        if not reply.answered:
            return self._written(Draft(()), "declined: the model found no answer in the passages", usage, declined=True)
        mapped = draft_from(reply, offer, allowed)
        notice = "; ".join(mapped.notices)
        if not mapped.draft.parts:
            return self._without(f"nothing usable in the model's reply{f' ({notice})' if notice else ''}", usage)
        return self._written(mapped.draft, notice, usage)

    def _without(self, notice: str, usage: Usage = Usage()) -> Written:
        return Written(None, self.model.name, self._version, notice, usage=usage)

    def _written(
        self, draft: Draft, notice: str, usage: Usage, *, declined: bool = False, cut: bool = False
    ) -> Written:
        return Written(draft, self.model.name, self._version, notice, declined=declined, usage=usage, cut=cut)


class _Writing:
    """A draft as it is written: maps each complete part and offers it to the listener."""

    def __init__(self, offer: Offer, allowed: Collection[str], listener: Listener) -> None:
        self._offer = offer
        self._allowed = allowed
        self._listener = listener
        self.shown = False
        self.again()

    @property
    def is_gone(self) -> bool:
        """Nobody waits for the draft any more."""
        return self._listener.is_gone

    def again(self) -> None:
        """Begin anew."""
        self._heard = HeardParts()
        self._mapper = Mapper(self._offer, self._allowed)
        self.parts: list[Part] = []

    def hear(self, piece: str) -> bool:
        """Take the next piece of the reply; returns whether any part was shown so far."""
        for said in self._heard.feed(piece):
            part = self._mapper.part(said)
            if part is not None:
                self.parts.append(part)
                self.shown = self._listener.part(part) or self.shown
        return self.shown

    def is_kept_by(self, reply: Reply | None) -> bool:
        """Whether the whole reply begins with the parts that were heard."""
        if reply is None or not reply.answered:
            return False
        return list(draft_from(reply, self._offer, self._allowed).draft.parts[: len(self.parts)]) == self.parts
