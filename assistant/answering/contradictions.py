"""What a claim says otherwise than its evidence, in classes of words that exclude one another.

Used by the verifier. Overlap and meaning hardly tell "at most 5 GHz in May" from "at least 5 MHz in June"; here such
words are read as values of a few closed classes, and a value that stands where the evidence has another one is a
contradiction. So is a condition of the evidence that the claim leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.answering.facts import FIGURE, Fact, facts_in
from assistant.answering.facts import Kind as FactKind
from assistant.answering.language import content_stems, sentences, stem, words

Kind = FactKind | Literal["condition"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What of the claim is said otherwise; of a condition left out, what the evidence says, in brackets."""

    kind: Kind
    shown: str


def contradictions(claim: str, evidence: Sequence[str]) -> tuple[Contradiction, ...]:
    """What each sentence of the claim says otherwise than the sentences of the evidence that speak of the same.

    >>> told = ["The display needs 5 GHz and at least 2 minutes.", "If you have Plus, you can add photos."]
    >>> [one.shown for one in contradictions("It needs 5 MHz and at most 2 minutes.", told)]
    ['5 MHz', 'at most']
    >>> [one.shown for one in contradictions("You can add photos.", told)]
    ['(If you have Plus)']
    """
    read = [_Read.of(text) for text in evidence[:_MOST_SENTENCES]]
    found: dict[Contradiction, None] = {}
    for start, end in sentences(claim)[:_MOST_SENTENCES]:
        said = _Read.of(claim[start:end])
        verdicts = [list(_otherwise(said, window)) for window in _windows(said, read)]
        if verdicts:  # where several sentences speak of the same, one that agrees is enough
            mildest = min(verdicts, key=len)
            found.update(dict.fromkeys(mildest))
    return tuple(found)


_MOST_SENTENCES = 60
_MOST_WINDOWS = 6


@dataclass(frozen=True, slots=True)
class _Read:
    """A sentence with its facts; `matter` are the stems that tell, but for values of a class, `all` are all."""

    text: str
    facts: tuple[Fact, ...]
    matter: frozenset[str]
    all: frozenset[str]

    def shares(self, other: _Read) -> tuple[int, int]:
        """How much of the matter is the other's too, then how many words."""
        return len(self.matter & other.matter), len(self.all & other.all)

    @classmethod
    def of(cls, text: str) -> _Read:
        facts = tuple(facts_in(text))
        values = {stem(word) for fact in facts if fact.kind != "opposite" for word in words(fact.shown)}
        stems = frozenset(content_stems(text))
        return cls(text, facts, stems - values, frozenset(stem(word) for word in words(text)))


def _windows(said: _Read, read: Sequence[_Read]) -> Iterator[tuple[_Read, ...]]:
    """Each sentence that shares most of the claim's matter, with those that hold what is still missing of it."""
    shares = [said.shares(one) for one in read]
    most = max(shares, default=(0, 0))
    if not any(most):
        return
    nearest = (place for place, share in enumerate(shares) if share == most or (most[0] and share[0] == most[0]))
    for first in list(nearest)[:_MOST_WINDOWS]:
        window, left = [read[first]], said.matter - read[first].matter
        while left and (further := max(read, key=lambda one: len(left & one.matter))).matter & left:
            window.append(further)
            left -= further.matter
        yield tuple(window)


def _otherwise(said: _Read, window: Sequence[_Read]) -> Iterator[Contradiction]:
    known = frozenset[str]().union(*(one.all for one in window))
    claimed, held = _by_class(said.facts), _by_class([fact for one in window for fact in one.facts])
    for (kind, key), values in claimed.items():
        others = held.get((kind, key), {})
        added = {value: shown for value, shown in values.items() if value not in others}
        if kind == "name":
            added = {name: shown for name, shown in added.items() if not set(name.split()) <= known}
            others = {name: shown for name, shown in others.items() if not set(name.split()) <= said.all}
        if added and set(others) - set(values):
            yield from (Contradiction(kind, shown) for shown in added.values())
    for one in window:
        yield from (Contradiction("condition", f"({text})") for text in _left_out(said, one))


def _by_class(facts: Sequence[Fact]) -> Mapping[tuple[Kind, str], dict[str, str]]:
    found: dict[tuple[Kind, str], dict[str, str]] = {}
    for fact in (fact for fact in facts if fact.value):
        found.setdefault((fact.kind, fact.key), {}).setdefault(fact.value, fact.shown)
    return found


# --- conditions ------------------------------------------------------------------------------------------------

_CONDITION = re.compile(
    r"^(?P<first>(?:(?:but|and|even|only) )?(?:if|unless|when|whenever|once|provided|as long as|in case|where)\b"
    r"[^,:;]{3,90}|(?:on|with|without|for|in|under)(?: [^\W\d][\w'-]*,?){1,4}?)(?:[,:]|(?= you\b| we\b)) (?P<after>.+)$"
    r"|^(?P<before>.+?),? \(?(?P<last>(?:only )?(?:if|unless|except|provided|as long as|"
    r"only (?:on|with|for|in|when))\b.{3,90})$"
    r"|^(?P<main>.+?) (?P<term>(?:within|until|before) (?:the (?:first|next|last|end)\b|"
    rf"an? (?:hour|day|week|month|year)\b|{FIGURE}).*)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"; | [\u2013\u2014] ")
_LED_IN = 0.5  # share of the claim's matter that a clause has to hold, to be what the claim tells
_KEPT = 0.5  # share of a condition's matter from which it counts as told
_LIMITS = frozenset(map(stem, "only just solely exclusively must limited no not".split()))


def _left_out(said: _Read, one: _Read) -> Iterator[str]:
    """Conditions of a sentence whose main clause the claim tells, and of which it says next to nothing."""
    text = one.text.strip().rstrip(".!")
    for match in filter(None, (_CONDITION.match(clause.strip()) for clause in _CLAUSE.split(text))):
        condition = match["first"] or match["last"] or match["term"]
        needs = frozenset(content_stems(condition)) or frozenset(map(stem, words(condition)))
        is_told = len(needs & said.all) >= _KEPT * len(needs)
        if not is_told and _tells(said, match["after"] or match["before"] or match["main"]):
            yield condition.strip().rstrip(")")
    if stem("only") in one.all and _LIMITS.isdisjoint(said.all):
        yield from ("only" for clause in re.split(r"[,;:] ", text) if "only" in words(clause) and _tells(said, clause))


def _tells(said: _Read, clause: str) -> bool:
    """Whether more than half of what the claim speaks of is in the clause."""
    return len(said.matter & frozenset(content_stems(clause))) > _LED_IN * len(said.matter)
