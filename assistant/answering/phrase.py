"""Who phrases the reply: the extractive drafter, or a chat model inside rails; the guard has the last word on both.

After retrieval, before verification. A model's draft that fails, or of which the guard leaves nothing, is replaced
by the extractive one, and said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.answering.copying import COPYING
from assistant.answering.draft import extractive
from assistant.answering.guard import Guarded, guarded
from assistant.answering.prompts import fixed_words
from assistant.answering.violations import Policy
from assistant.domain import Candidate, Draft, Passage, Question, Style, Suggestion, Usage
from assistant.seams import Drafter, Embedder, Listener

EXTRACTIVE = "extractive"

Wholes = Mapping[tuple[str, int], Passage]


class Rails(Protocol):
    """What a draft may carry out: without the knowledge, and with what the knowledge vouches for."""

    def strict(self) -> Policy:
        """The desk's protected texts alone; costs nothing."""
        ...

    def informed(self) -> Policy:
        """With hosts, codes and words that many texts mention; may read the whole knowledge."""
        ...


class NoRails:
    """Nothing is protected and nothing vouched for beyond what a draft itself cites."""

    def strict(self) -> Policy:
        """The empty policy."""
        return Policy()

    def informed(self) -> Policy:
        """The empty policy."""
        return Policy()


@dataclass(frozen=True, slots=True)
class Phrased:
    """A guarded draft, who phrased it, and what is to be said about that.

    `declined`: the model saw no answer. `cut`: its reply broke off after parts of it were shown. `instead` is the
    extractive draft for a model's one, should none of its parts be supported.
    """

    draft: Draft
    model: str = EXTRACTIVE
    prompt_version: str = ""
    notices: tuple[str, ...] = ()
    declined: bool = False
    usage: Usage | None = None
    cut: bool = False
    instead: Phrased | None = None


def phrase(
    question: Question,
    candidates: Sequence[Candidate],
    whole: Wholes,
    embedder: Embedder,
    drafter: Drafter | None,
    rails: Rails,
    style: Style | None = None,
    listener: Listener | None = None,
) -> Phrased:
    """The reply's draft from these passages; `whole` holds the complete versions that they are spans of."""
    plain = screened(extractive(question, candidates, embedder, whole=whole), whole, question, rails)
    if drafter is None or not candidates:
        return Phrased(plain.draft, notices=plain.notices)
    written = drafter.draft(question, candidates, style, listener)
    notices = (f"chat_model: {written.notice}",) if written.notice else ()
    if written.draft is None:
        return Phrased(plain.draft, notices=(*notices, *plain.notices), usage=written.usage)
    if written.declined:
        silent = replace(plain.draft, parts=())
        return Phrased(silent, written.model, written.prompt_version, notices, declined=True, usage=written.usage)
    kept = screened(written.draft, whole, question, rails)
    said = (*notices, *kept.notices)
    if not kept.draft.parts:
        refused = "chat_model: nothing of its draft may be shown; this is the extractive draft"
        return Phrased(plain.draft, notices=(*said, refused), usage=written.usage)
    draft = replace(plain.draft, parts=kept.draft.parts, sent=0)
    instead = Phrased(plain.draft, notices=(*said, *plain.notices), usage=written.usage)
    return Phrased(
        draft, written.model, written.prompt_version, said, usage=written.usage, cut=written.cut, instead=instead
    )


def allowed_suggestions(
    suggestions: Sequence[Suggestion], whole: Wholes, question: Question, rails: Rails
) -> tuple[Suggestion, ...]:
    """The suggestions without what they may not carry from one ticket to another."""
    return screened(Draft((), suggestions=tuple(suggestions)), whole, question, rails).draft.suggestions


def screened(draft: Draft, whole: Wholes, question: Question, rails: Rails) -> Guarded:
    """The draft behind the guard. The knowledge is read only when something would be removed without it."""
    kept = _guarded(draft, whole, question, rails.strict())
    return kept if kept.draft == draft else _guarded(draft, whole, question, rails.informed())


def _guarded(draft: Draft, whole: Wholes, question: Question, policy: Policy) -> Guarded:
    return guarded(draft, whole, question, policy_of(policy))


def policy_of(policy: Policy) -> Policy:
    """The policy with our own wording, which no reply may echo."""
    return replace(policy, prompt=f"{fixed_words()}\n{COPYING}")
