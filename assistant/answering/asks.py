"""What a question asks for, sentence by sentence, and how much of it a text covers.

Between retrieval and drafting: the drafter scores by the asks, `decide` uses `coverage` as a feature.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

from assistant.answering.language import content_stems, sentences, stem
from assistant.domain import Part, Question

_MAX_QUESTION_CHARS = 6_000  # what comes after that in a ticket is a log, a quotation or a paste
_MAX_SENTENCE_CHARS = 600

_LEAD_IN = r"^\W*(?:\d{1,2}[.):]\W*)?(?:(?:so|and|but|also|then|now|please|hi|hello|ok|if so|thanks)\W+)*"
_INTERROGATIVE = re.compile(
    _LEAD_IN + r"(?:how|what|where|when|why|who|which|can|could|is|are|does|do|did|should|will|would|has|have|must|may|"
    r"any way)\b",
    re.IGNORECASE,
)
_ASKS_LATER = re.compile(
    r"[,;:\u2013] (?:and |so |then )?(?:(?:how|what|where|when|why|which) (?:(?:can|could|do|does|did|should|would|"
    r"will|is|are|may) )?|(?:can|could|may|is|are|does|do|will|should|must) )"
    r"(?:i|we|you|he|she|it|they|there|this|that|the|my|our|his|her|its|their|an?)\b",
    re.IGNORECASE,
)
"""A question that its sentence only comes to: "for the future, can I …?"."""
_WISH = re.compile(_LEAD_IN + r"(?:i|we)(?:'d| would)? (?:like|want|need|wish) (?:to|a|an|another|my)\b", re.IGNORECASE)
_HOW = re.compile(
    r"\bhow (?:do|can|to|could|would|should)\b|\bis there (?:a|any) way\b|\bwhere (?:is|are|do|can)\b|"
    r"\b(?:want|wants|would like|need|trying|unable) to\b|\bcan(?:'t|not)? i\b",
    re.IGNORECASE,
)
_UNMARKED = re.compile(
    _LEAD_IN
    + r"(?:how (?:do|can|to|would|could|should)|where (?:do|can|is|are)|(?:can|could|may|must) (?:i|we|you|it)|"
    r"is (?:there|it possible))\b",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"[,;]? and (?=(?:also |then )?"
    r"(?:how|what|where|when|why|which|whether|can|could|does|do|is|are|will|should) \w+ \w)"
    r"|\W+(?:and )?\d{1,2}[.)] (?=(?:how|what|where|when|why|which|can|could|does|do|is|are|will|should) \w+ \w)",
    re.IGNORECASE,
)
_ADDED = re.compile(
    r"^\W*(?:(?:also|another|additionally|besides|furthermore|moreover|secondly)\b|(?:in addition|on top of that|"
    r"apart from that|one more)\b|(?:i|we) also\b)",
    re.IGNORECASE,
)
"""A further matter, though nothing is asked of it: "Also the screen is too bright"."""
_AND = re.compile(rf"{_ADDED.pattern}|^\W*and\b", re.IGNORECASE)
_TROUBLE = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|can|could|will|wo|would|has|have)(?: not|n['\u2019]?t)|cannot|no longer|"
    r"never|fails?|failed|stopped|broken?|vanished|disappeared|missing|lost|gone|wrong|errors?|stuck|empty|"
    r"crash(?:es|ed)?)\b",
    re.IGNORECASE,
)
_NEED = re.compile(
    r"\b(?:(?:i|we)(?:'d| would)? (?:want|need|like|wish|have|try|tried|am trying|are trying)(?:ed)? (?:\w+ )?to"
    r"|(?:i|we)(?:'d| would) like|can ?not|can't|cant|unable to|how (?:do|can|to)|does ?n[o']t|won't|is there)\b",
    re.IGNORECASE,
)
# Sentences with a question mark that ask for help as such, or to be answered, and name no matter of their own.
_EMPTY_ASK = re.compile(
    _LEAD_IN + r"(?:any(?:one|body)?\b.{0,30}\b(?:ideas?|suggestions?|thoughts?|tips?|advice|help|clues?|else|same)\b"
    r"|(?:can|could|would|will|does|is there|has) (?:you|any(?:one|body)|some(?:one|body)) (?:please |kindly |here )*"
    r"(?:out there |else )?(?:help|assist|advise|explain|suggest|tell|know|guide|have|had|seen|shed|point|look|that)\b"
    r"|do you (?:have|know|think|need|see|understand)\b"
    r"|what (?:can|should|do|must|could|shall|would) (?:i|we) (?:do|try|change|be doing|next)\b"
    r"|what(?: am i| are we|'s| is| was| has| could| went|) (?:be )?(?:doing|missing|wrong|going|happening|happened|"
    r"gone|up|the (?:problem|issue|solution|fix|matter|reason|cause|deal))\b"
    r"|(?:why|how|what|where|when|who|really|right|correct|huh)(?: (?:is|was|are|did|does|do) (?:that|this|it))?"
    r"(?: so| not| be| come| happen(?:ing)?)?\W*$"
    r"|how (?:do|can|could|should|would|to)(?: (?:i|we|you))? (?:fix|solve|resolve|correct|overcome|stop|do|get|change|"
    r"prevent|handle|go about)(?: (?:this|that|it|these|them))?(?: (?:problem|issue|error|back|again|please|now))*\W*$"
    r"|(?:where|what) am i (?:doing |going )?wrong\b"
    r"|(?:have|am) i (?:been )?(?:on the right|doing (?:it|this|something))\b"
    r"|(?:is|are|was) (?:this|that|it|there)(?: a| an| some| any)? (?:normal|possible|bug|known|expected|right|"
    r"correct|way|solution|fix|true|something|anything)\b(?: (?:bug|issue|problem|thing))?\W*$)",
    re.IGNORECASE,
)
_EMPTY_STEMS = frozenset(
    stem(word)
    for word in """help idea ideas suggestion suggestions advice advise assist assistance support question questions
    problem problems issue issues answer answers solution solve fix fixed work works working anybody hello dear
    two three regards appreciate appreciated hope wonder wondering possible way ways tell understand day days time
    please
    """.split()
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that was asked: the sentence as written and the stems that carry it."""

    text: str
    stems: frozenset[str]


def asks(question: Question) -> tuple[Ask, ...]:
    """What is asked, in order: the questions that name a matter, in the text or in what it leans on; else the title;
    else the first need or sentence.

    A wish beside a single question is asked as well: "I want to stop my plan. May my sister use the rest?". So is a
    trouble that a question is joined to, or that is joined to one: "Photos do not load. And how do I print?".

    >>> [ask.text for ask in asks(Question("I like it. How do I sort mail? And can I print it? Any ideas? Thanks!"))]
    ['How do I sort mail?', 'And can I print it?']
    >>> [ask.text for ask in asks(Question("Can I cancel, and when do refunds arrive?"))]
    ['Can I cancel', 'when do refunds arrive?']
    >>> [ask.text for ask in asks(Question("It vanished. What can I do?", title="Inbox is empty"))]
    ['Inbox is empty']
    """
    told = _told(question)
    asking = [sentence for sentence in told if is_question(sentence)]
    direct = [sentence for sentence in asking if _INTERROGATIVE.match(sentence) or _ASKS_LATER.search(sentence)]
    wishes = [sentence for sentence in told if is_wish(sentence)][:1] if len(direct) == 1 else []
    asked = [sentence for sentence in told if sentence in (*wishes, *direct)] if direct else asking
    added = [
        sentence
        for place, sentence in enumerate(told)
        if sentence not in asked and (_ADDED.match(sentence) or _is_joined_trouble(told, place, asked))
    ]
    asked = [sentence for sentence in told if sentence in (*asked, *added)] if asked else asked
    pieces = [_ask(piece) for sentence in asked for piece in _JOINED.split(sentence)]
    named = [ask for ask in pieces if not _EMPTY_ASK.match(ask.text)]
    if any(ask.stems for ask in named):
        return tuple(named)
    if question.before:
        return asks(replace(question, text=question.before, before=""))
    title = _ask(question.title.strip()[:_MAX_SENTENCE_CHARS])
    if title.stems:
        return (title, *map(_ask, added))
    needs = [sentence for sentence in told if _NEED.search(sentence) or _INTERROGATIVE.match(sentence)]
    first = [piece for need in (needs or told)[:1] for piece in _JOINED.split(need)]
    return tuple(ask for ask in map(_ask, dict.fromkeys([*first, *added])) if ask.stems or len(first) == 1)


def _is_joined_trouble(told: Sequence[str], place: int, asked: Sequence[str]) -> bool:
    """Whether the sentence reports a trouble and "and" stands between it and a question."""
    if not _TROUBLE.search(told[place]):
        return False
    before, after = told[max(place - 1, 0) : place], told[place + 1 : place + 2]
    is_joined_to = bool(before) and before[0] in asked and _AND.match(told[place]) is not None
    return is_joined_to or (bool(after) and after[0] in asked and _AND.match(after[0]) is not None)


def is_question(sentence: str) -> bool:
    """Whether the sentence asks, with a question mark or without."""
    return sentence.endswith(("?", "\uff1f")) or _UNMARKED.match(sentence) is not None


def is_wish(sentence: str) -> bool:
    """Whether the sentence says what its writer wants to do."""
    return _WISH.match(sentence) is not None


def asks_how(question: Question) -> bool:
    """Whether steps are wanted: "how do I", "where is", "I want to"."""
    return _HOW.search(question.full_text[:_MAX_QUESTION_CHARS]) is not None


def _told(question: Question) -> list[str]:
    """The sentences of the text that say something."""
    text = question.text[:_MAX_QUESTION_CHARS]
    told = [text[start:end] for start, end in sentences(text) if end - start <= _MAX_SENTENCE_CHARS]
    return [sentence for sentence in told if _ask(sentence).stems or sentence.endswith("?")]


def _ask(text: str) -> Ask:
    return Ask(text, frozenset(content_stems(text)) - _EMPTY_STEMS)


def question_weights(question: Question) -> dict[str, float]:
    """Weight of each stem of the question: 1 in the title or in a sentence that asks, 0.5 elsewhere, never 0.

    >>> question_weights(Question("I bought a printer. How do I print?"))["printer"]
    0.5
    """
    said = f"{question.text[:_MAX_QUESTION_CHARS]}\n{question.before[:_MAX_QUESTION_CHARS]}"
    weights = dict.fromkeys(content_stems(said), 0.5)
    leaned_on = asks(Question(question.before)) if question.before else ()
    for ask in (*asks(question), *leaned_on):
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
    """Share of what is asked, by weight, that the parts speak of, in [0, 1]; 0 without words or parts.

    What is asked is the title and the asks; the story around them does not count. `rare` weighs stems by how telling
    they are (see `rarity`). "Print", "photo" and "train" are asked, the part has two of them:

    >>> part = Part("Click Print to get the photo.", ())
    >>> round(coverage(Question("I bought a printer. How do I print a photo on the train?"), [part]), 2)
    0.67
    """
    said = {stem for part in parts for stem in content_stems(part.text)}
    asked = [stem for stem, weight in question_weights(question).items() if weight == 1.0]
    weights = {stem: (rare or {}).get(stem, 1.0) for stem in asked}
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in said) / total if total else 0.0
