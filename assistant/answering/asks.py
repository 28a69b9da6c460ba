"""What a question asks for, sentence by sentence, and how much of it a text covers.

Between retrieval and drafting: the drafter scores by the asks, `decide` uses `coverage` as a feature.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from assistant.answering.language import content_stems, sentences, stem
from assistant.domain import Part, Question

_MAX_QUESTION_CHARS = 6_000  # what comes after that in a ticket is a log, a quotation or a paste
_MAX_SENTENCE_CHARS = 600

_INTERROGATIVE = re.compile(
    r"^\W*(?:(?:so|and|but|also|then|now|please|hi|hello|ok|if so|thanks)\W+)*"
    r"(?:how|what|where|when|why|who|which|can|could|is|are|does|do|did|should|will|would|has|have|any (?:way|idea))\b",
    re.IGNORECASE,
)
_NEED = re.compile(
    r"\b(?:(?:i|we)(?:'d| would)? (?:want|need|like|wish|have|try|tried|am trying|are trying)(?:ed)? (?:\w+ )?to"
    r"|(?:i|we)(?:'d| would) like|can ?not|can't|cant|unable to|how (?:do|can|to)|does ?n[o']t|won't|is there)\b",
    re.IGNORECASE,
)
_EMPTY_STEMS = frozenset(
    stem(word)
    for word in """help idea ideas suggestion suggestions advice advise assist assistance support question questions
    problem problems issue issues answer answers solution solve fix fixed work works working anybody hello dear
    regards appreciate appreciated hope wonder wondering possible way ways tell understand day days time please
    """.split()
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that was asked: the sentence as written and the stems that carry it."""

    text: str
    stems: frozenset[str]


def asks(question: Question) -> tuple[Ask, ...]:
    """The sentences that ask something, in order; the title or the first need when no sentence is a question.

    >>> [ask.text for ask in asks(Question("I like it. How do I sort mail? And can I print it? Thanks!"))]
    ['How do I sort mail?', 'And can I print it?']
    """
    told = _told(question)
    direct = [ask for ask in told if ask.text.endswith(("?", "\uff1f")) and _INTERROGATIVE.match(ask.text)]
    marked = direct or [ask for ask in told if ask.text.endswith(("?", "\uff1f"))]
    if marked:
        return tuple(marked)
    title = _ask(question.title.strip()[:_MAX_SENTENCE_CHARS])
    if title.stems:
        return (title,)
    needs = [ask for ask in told if _NEED.search(ask.text) or _INTERROGATIVE.match(ask.text)]
    return tuple(needs[:1] or told[:1])


def _told(question: Question) -> list[Ask]:
    text = question.text[:_MAX_QUESTION_CHARS]
    told = [_ask(text[start:end]) for start, end in sentences(text) if end - start <= _MAX_SENTENCE_CHARS]
    return [ask for ask in told if ask.stems]


def _ask(text: str) -> Ask:
    return Ask(text, frozenset(content_stems(text)) - _EMPTY_STEMS)


def question_weights(question: Question) -> dict[str, float]:
    """Weight of each stem of the question: 1 in the title or in a sentence that asks, 0.5 elsewhere, never 0.

    >>> question_weights(Question("I bought a printer. How do I print?"))["printer"]
    0.5
    """
    weights = dict.fromkeys(content_stems(question.text[:_MAX_QUESTION_CHARS]), 0.5)
    for ask in asks(question):
        weights.update(dict.fromkeys(ask.stems, 1.0))
    weights.update(dict.fromkeys(_ask(question.title[:_MAX_SENTENCE_CHARS]).stems, 1.0))
    return {stem: weight for stem, weight in weights.items() if stem not in _EMPTY_STEMS} or weights


def rarity(texts: Iterable[Iterable[str]]) -> dict[str, float]:
    """How telling each stem is among `texts` (each given as stems), in (0, 1]: 1 in one text, less in more.

    A stem in all of n texts gets 1 / (1 + log n). Stems that occur nowhere are absent: treat them as 1.

    >>> {stem: round(weight, 2) for stem, weight in rarity([["mail", "junk"], ["mail"]]).items()}["mail"]
    0.59
    """
    counts = Counter(stem for stems in texts for stem in set(stems))
    return {stem: 1.0 / (1.0 + log(count)) for stem, count in counts.items()}


def coverage(question: Question, parts: Sequence[Part], *, rare: Mapping[str, float] | None = None) -> float:
    """Share of what the question says, by weight, that the parts speak of, in [0, 1]; 0 without words or parts.

    `rare` weighs stems by how telling they are (see `rarity`). Of "print" (asked) and "printer" (told, weight 0.5)
    the part below has the first only, of three ("bought" is told too): 1 / 2.

    >>> part = Part("Click Print.", ())
    >>> round(coverage(Question("I bought a printer. How do I print?"), [part]), 2)
    0.5
    """
    said = {stem for part in parts for stem in content_stems(part.text)}
    weights = {stem: weight * (rare or {}).get(stem, 1.0) for stem, weight in question_weights(question).items()}
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in said) / total if total else 0.0
