"""A conversation read for its question: what the customer wants now, what that leans on, and what was sent already.

Before retrieval. "And on Android?" asks nothing by itself; the message that it follows on is what it is about. What an
agent has sent is no answer any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.answering.asks import is_question, is_wish
from assistant.answering.language import content_stems, sentences
from assistant.answering.matter import asks_nothing, names_a_matter
from assistant.domain import Draft, Part, Question, Source, Turn

_MOST_TURN_CHARS = 4_000
_MOST_TURNS = 60
_MOST_BEFORE = 4  # messages; what was asked longer ago is another matter
_FOLLOWS_ON = re.compile(r"^\W*(?:and|but|or|what about|how about|what if|then|so|same)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\b(?:it|its|this|that|these|those|them|they|there|one|ones|same)\b", re.IGNORECASE)
_INSTEAD = re.compile(
    r"^\W*(?i:and|or|what about|how about|same for)(?i: (?:on|for|with|in|from|to|of|the|my|an?))*"
    r" ([^\W\d_]*[A-Z][\w+]*(?: [A-Z0-9][\w+]*)?)\W*$"
)
_PROPER = re.compile(r"(?<=[\w,] )(?!I\b)[^\W\d_]*[A-Z][\w+]*(?: [A-Z0-9][\w+]*)?")
_THING = re.compile(r"\b(?:my|our|your|the|an?)\s+\w", re.IGNORECASE)
"""What a pronoun after it may mean."""
_TRIED = re.compile(r"\b(?:tried|did|done|already|still)\b", re.IGNORECASE)
_FEW_STEMS = 3
_LEAST_STEMS = 4  # fewer are "Tap Done", which many procedures have
_SAME = 0.75


def in_conversation(question: Question, turns: Sequence[Turn]) -> Question:
    """The question that the conversation comes to: the customer's last messages in a row, and what they lean on.

    Empty when the customer never wrote.

    >>> turns = [Turn("customer", "How do I add the widget on my iPhone?"), Turn("agent", "Hold the screen.")]
    >>> found = in_conversation(Question(""), [*turns, Turn("customer", "And on Android?")])
    >>> found.text, found.before
    ('And on Android?', 'How do I add the widget on my Android?')
    """
    last = max((place for place, turn in enumerate(turns) if turn.by == "customer"), default=-1)
    first = last
    while first > 0 and turns[first - 1].by == "customer":
        first -= 1
    text = "\n".join(turn.text for turn in turns[max(first, 0) : last + 1])
    others = [*turns[: max(first, 0)], *turns[last + 1 :]]
    asked = replace(question, text=text, turns=tuple(_shortened(others)))
    if asks_nothing(asked) or not leans(text):
        return asked
    return replace(asked, before=completed(text, "\n".join(_leaned_on(turns[: max(first, 0)]))))


def completed(text: str, before: str) -> str:
    """What was asked before, of what is named now: "And Outlook?" takes the place of the one name there was.

    >>> completed("And on Android?", "How do I get a widget on my iPhone?")
    'How do I get a widget on my Android?'
    """
    named = _INSTEAD.match(text)
    names = set(_PROPER.findall(before))
    return _PROPER.sub(lambda _: named[1], before) if named and len(names) == 1 else before


def leans(text: str) -> bool:
    """Whether the text cannot be understood without what was said before: no question of its own, or half of one.

    >>> [leans(text) for text in ("That did not work.", "And on Android?", "Can I return it?", "Windows 11")]
    [True, True, True, True]
    >>> leans("Thanks! How do I share a shopping list?")
    False
    """
    told = [text[start:end] for start, end in sentences(text)]
    asking = [sentence for sentence in told if is_question(sentence) or is_wish(sentence)]
    if any(stands(sentence) for sentence in asking):
        return False
    # "What can we do?" asks about what the same message tells, unless that tells of attempts.
    news = " ".join(one for one in told if one not in asking and not _TRIED.search(one))
    return not asking or len(set(content_stems(news))) < _FEW_STEMS or not names_a_matter(news)


def stands(sentence: str) -> bool:
    """Whether a sentence names its matter and points back to no other.

    >>> [stands(text) for text in ("How do I print the list?", "How do I print it?", "Is my disk dead if it hums?")]
    [True, False, True]
    """
    if _FOLLOWS_ON.match(sentence) or not names_a_matter(sentence):
        return False
    pointing = _POINTS_BACK.search(sentence)
    if pointing is None or _THING.search(sentence[: pointing.start()]):
        return True
    return len(set(content_stems(sentence))) > _FEW_STEMS


def _leaned_on(turns: Sequence[Turn]) -> list[str]:
    """The customer's messages back to the latest that stands by itself, which comes first."""
    found: list[str] = []
    said = [turn.text for turn in turns if turn.by == "customer" and not asks_nothing(Question(turn.text))]
    for text in reversed(said):
        found.insert(0, text)
        if not leans(text):
            return found[:_MOST_BEFORE]
    return found[:1] + found[1:][-_MOST_BEFORE + 1 :]


def _shortened(turns: Sequence[Turn]) -> list[Turn]:
    """The first and the latest messages, each no longer than matters."""
    kept = turns if len(turns) <= _MOST_TURNS else [turns[0], *turns[-_MOST_TURNS + 1 :]]
    return [Turn(turn.by, turn.text[:_MOST_TURN_CHARS]) for turn in kept if turn.text.strip()]


@dataclass(frozen=True, slots=True)
class Sent:
    """What agents have sent, as the stems of each sentence and of each two in a row."""

    said: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, question: Question) -> Sent:
        """What the agents of this conversation have sent."""
        said: list[frozenset[str]] = []
        for turn in question.turns:
            if turn.by == "agent":
                each = [frozenset(content_stems(turn.text[start:end])) for start, end in sentences(turn.text)]
                said += [*each, *(one | other for one, other in pairwise(each))]
        return cls(tuple(stems for stems in said if len(stems) >= _LEAST_STEMS))

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.said)

    def unsent(self, parts: Sequence[Part]) -> list[Part]:
        """The parts that were not sent yet, numbered anew; none when only words that lead to the others are left.

        A part of few words was sent when the one before it was: "Tap Done" closes many procedures.
        """
        kept: list[Part] = []
        was_sent = False
        for part in parts:
            if len(set(content_stems(part.text))) >= _LEAST_STEMS or part.text.rstrip().endswith(":"):
                was_sent = self._has(part.text)
            if not was_sent:
                kept.append(part)
        if len(kept) == len(parts):
            return list(parts)
        return _numbered(kept) if any(not part.text.rstrip().endswith(":") for part in kept) else []

    def _has(self, text: str) -> bool:
        """Whether sentences that hold most of the text's words were sent."""
        each = [frozenset(content_stems(text[start:end])) for start, end in sentences(text)]
        sent = [one for one in each if any(len(one & said) >= _SAME * len(one) for said in self.said if len(one) > 1)]
        return 2 * sum(map(len, sent)) > sum(map(len, each))


def sent_before(question: Question, draft: Draft, sources: Sequence[Source]) -> tuple[str, ...]:
    """What the agent should know of what was sent before: parts left out, and articles that were linked."""
    told: list[str] = []
    if draft.sent and draft.parts:
        told.append(f"sent_before: what was sent in this conversation is left out ({draft.sent} steps or sentences)")
    elif draft.sent:
        told.append("sent_before: all that was found on this has been sent in this conversation already")
    linked = is_linked(question)
    again = dict.fromkeys(source.title for source in sources if linked(source.url))
    return (*told, *(f"sent_before: {title} was linked in this conversation" for title in again))


def is_linked(question: Question) -> Callable[[str], bool]:
    """Tells whether an agent of this conversation has sent an address."""
    replies = "\n".join(turn.text for turn in question.turns if turn.by == "agent")
    return lambda url: bool(url) and re.search(rf"{re.escape(url)}(?![\w/-])", replies) is not None


def _numbered(parts: Sequence[Part]) -> list[Part]:
    """Steps counted from 1 again wherever a count began."""
    made: list[Part] = []
    number = before = 0
    for part in parts:
        if part.step is None:
            made.append(part)
            continue
        number = 1 if part.step <= before else number + 1
        before = part.step
        made.append(replace(part, step=number))
    return made
