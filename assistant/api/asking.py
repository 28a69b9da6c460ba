"""From a request for a draft to an answer, for the plain route and the streamed one alike."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.conversation import in_conversation
from assistant.answering.live import Follower
from assistant.answering.shapes import answer_json
from assistant.answering.tongue import foreign, spoken
from assistant.api.auth import Caller
from assistant.api.schemas import AnswerOut, DraftRequest
from assistant.api.services import Services
from assistant.cleaning import cleaned
from assistant.desk import Desk
from assistant.domain import Audience, Part, Passage, Question, Style, Turn, Wish
from assistant.errors import SettingsError, UsageError


@dataclass(frozen=True, slots=True)
class Asking:
    """One question as a caller asks it; `language` is the one to translate the reply into, empty for none."""

    desk: Desk
    question: Question
    audiences: Sequence[Audience]
    asked_by: str
    style: Style
    language: str

    def answer(self, follower: Follower | None = None) -> AnswerOut:
        """The answer, stored; in the question's language, where a chat model can translate it.

        One that is translated afterwards cannot be followed: its words are to change.
        """
        ticket_id = self.question.id or None
        has_model = self.desk.assistant.has_model
        own = spoken(self.question.text) if has_model else ""
        follower = Withholding(follower, own) if follower is not None and own else follower
        answer = self.desk.ask(
            self.question,
            audiences=self.audiences,
            asked_by=self.asked_by,
            ticket_id=ticket_id,
            token=_contact(ticket_id, self.question),
            style=self.style,
            follower=None if self.language else follower,
        )
        language = self.language or (foreign(answer) if has_model else "")
        if language and answer.parts:
            wish = Wish("translate", language)
            answer = self.desk.rewrite(answer.id, wish, asked_by=self.asked_by, requester=self.question.requester)
        return AnswerOut.model_validate(answer_json(answer))


@dataclass(slots=True)
class Withholding:
    """A `Follower` that is not shown parts in another language than `language`: they are to be translated."""

    follower: Follower
    language: str
    is_foreign: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the reader has left."""
        return self.follower.is_gone

    def found(self, passages: Sequence[Passage]) -> None:
        """Pass on what was found, and see in which language it is."""
        self.is_foreign = any(spoken(passage.text) not in ("", self.language) for passage in passages)
        self.follower.found(passages)

    def part(self, part: Part) -> None:
        """Pass on a part that stays as it is."""
        if not self.is_foreign:
            self.follower.part(part)


def asking(body: DraftRequest, caller: Caller, services: Services) -> Asking:
    """What the request asks.

    Raises:
        UsageError: neither a ticket with a customer's message nor a text.
        SettingsError: the reply is to be translated and no chat model is set.
    """
    options = body.options
    language = cleaned(options.language).strip()
    if language and not services.desk.assistant.has_model:
        raise SettingsError(
            "Expected a chat model to translate the reply, found none: the setting models.chat is empty. Set it to "
            "'provider:model' (docs/settings.md), or leave options.language out."
        )
    style = Style(options.tone or None, options.length or None)
    audiences = caller.audiences(options.audience)
    return Asking(services.desk, _question(body), audiences, caller.name, style, language)


def _question(body: DraftRequest) -> Question:
    """The question behind the request, read in its conversation.

    Raises:
        UsageError: neither a ticket with a customer's message nor a text.
    """
    ticket = body.ticket
    if ticket is None:
        if not cleaned(body.text).strip():
            raise UsageError("Expected a question in 'text' or a 'ticket' with messages, found neither.")
        return Question(
            cleaned(body.text),
            title=cleaned(body.title),
            channel=cleaned(body.channel) or "api",
            requester=cleaned(body.requester),
        )
    subject = Question(
        "",
        title=cleaned(ticket.subject),
        id=cleaned(ticket.id),
        channel=cleaned(ticket.channel) or "api",
        locale=cleaned(ticket.locale),
        product=cleaned(ticket.product),
        requester=cleaned(ticket.requester),
    )
    asked = in_conversation(subject, [Turn(m.by, cleaned(m.text)) for m in ticket.messages if m.public])
    if not asked.text.strip() and not asked.title.strip():
        raise UsageError("Expected a customer's message in the ticket, found none. Send the public conversation.")
    return asked if asked.text.strip() else replace(asked, text=asked.title)


def _contact(ticket_id: str | None, question: Question) -> str | None:
    """The same ticket with the same words is one contact, however often a draft is asked for."""
    if ticket_id is None:
        return None
    return hashlib.sha256(f"{ticket_id}|{question.full_text}".encode()).hexdigest()
