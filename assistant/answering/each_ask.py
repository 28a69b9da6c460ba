"""Whether each thing that was asked is told; what is not is looked for by itself, and else listed as not covered.

After the draft was verified, for questions that ask several things. A search for all of them at once finds the loudest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.answering.asks import Ask, asks
from assistant.answering.conversation import stands
from assistant.answering.language import content_stems
from assistant.domain import Question, Support
from assistant.seams import Embedder

Alone = Callable[[Question], Sequence[Support]]
"""What may be told of one question by itself; empty where that would be a gap."""

_MOST_ASKS = 4
_MOST_PARTS = 18
_MOST_CHARS = 600  # in a longer story a further question is seldom a matter of its own, and each costs a search
# Read off 28 questions of two parts each, put to the sample help desk.
_SAID = 0.5
_NEAR = 0.55
_SURELY_NEAR = 0.65
_HALF_NEAR = 0.4
_OWN_NEAR = 0.52
_NEARER = 0.02
_LEAD_IN = re.compile(r"^\W*(?:\d{1,2}[.)]\W*)?(?:(?:and|also|then|but)\b\W*)+", re.IGNORECASE)


def each_asked(
    question: Question,
    supports: Sequence[Support],
    embedder: Embedder,
    alone: Alone | None,
    title_of: Callable[[str], str],
) -> tuple[list[Support], tuple[str, ...]]:
    """What is told, with what `alone` has for asks that are left open, and the asks that stay open, as written.

    Of a question that asks one thing nothing is open. Without `alone`, or in a long story, nothing is added.
    `title_of` gives a cited document's title: steps seldom say what they are for.
    """
    told = list(supports)
    asked = asks(question)[:_MOST_ASKS]
    if len(asked) < 2:
        return told, ()
    left: list[str] = []
    for place, ask in enumerate(asked):
        titles = [title_of(key) for key in _documents(told)]
        if _is_told(ask, told, titles, embedder):
            continue
        near = _nearness(ask, told, titles, embedder)
        own = list(alone(_by_itself(question, asked, place))) if alone and len(question.text) <= _MOST_CHARS else []
        is_old = _documents(own) <= _documents(told)  # the best for it is told from already
        if near >= (_HALF_NEAR if not own or is_old else _SURELY_NEAR):
            continue
        fits = not is_old and _nearness(ask, own, (), embedder) >= max(_OWN_NEAR, near + _NEARER)
        if fits and len(told) + len(own) <= _MOST_PARTS:
            told += own
        else:
            left.append(ask.text)
    return told, tuple(left)


def _is_told(ask: Ask, told: Sequence[Support], titles: Sequence[str], embedder: Embedder) -> bool:
    """Whether the parts speak of the ask, by its words and by meaning."""
    said = {stem for text in (*(one.part.text for one in told), *titles) for stem in content_stems(text)}
    share = len(ask.stems & said) / len(ask.stems) if ask.stems else 1.0
    if not told or share == 1.0:
        return bool(told)
    near = _nearness(ask, told, titles, embedder)
    return near >= _SURELY_NEAR or (share >= _SAID and near >= _NEAR)


def _nearness(ask: Ask, told: Sequence[Support], titles: Sequence[str], embedder: Embedder) -> float:
    """The best cosine of the ask and a part, all parts together, or what the articles are about, in [-1, 1]."""
    texts = [support.part.text for support in told]
    if not texts:
        return -1.0
    vectors = embedder.embed([ask.text, *texts, " ".join(texts), *titles])
    return float(max(vectors[1:] @ vectors[0]))


def _by_itself(question: Question, asked: Sequence[Ask], place: int) -> Question:
    """One ask as a question; "Can I return it?" leans on the ask before."""
    text = _LEAD_IN.sub("", asked[place].text)
    before = asked[place - 1].text if place else question.title
    return replace(question, title="", text=text, before="" if stands(text) else before)


def _documents(told: Sequence[Support]) -> set[str]:
    return {quote.document_key for support in told for quote in support.part.quotes}
