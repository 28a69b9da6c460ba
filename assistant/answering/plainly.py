"""A draft's own sentences, fewer of them or as steps: what can be said anew without a model.

Beside `rewrite`. No word changes; a sentence that stands alone cites the piece of its quote that it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.asks import question_weights
from assistant.answering.language import content_stems, sentences
from assistant.domain import Part, Question, Quote

_KEPT_SHARE = 0.5
_DOES = (
    "add|adjust|allow|attach|browse|cancel|change|charge|check|choose|clear|click|close|confirm|connect|copy|create|"
    "delete|disable|disconnect|double-click|download|drag|enable|enter|export|fill|find|follow|go|hold|import|insert|"
    "install|keep|locate|log|make|mark|move|open|paste|pick|place|plug|point|press|pull|push|put|reboot|reconnect|"
    "remove|rename|repeat|replace|reset|restart|return|right-click|run|save|scan|scroll|search|select|send|set|sign|"
    "start|swipe|switch|tap|tick|toggle|try|turn|type|uncheck|uninstall|unplug|untick|update|upload|verify|wait|write"
)
_INSTRUCTS = re.compile(
    rf"^(?:(?:on|in|at|from|under|to|if|when|for|after|before|once)\b[^,:.]{{1,80}}[,:]\s+)?"
    rf"(?:(?:then|next|now|please|first|second|finally|also|simply|just)\b,?\s+){{0,2}}(?:{_DOES})\b",
    re.IGNORECASE,
)


def shortened(parts: Sequence[Part], question: Question) -> tuple[Part, ...]:
    """Every step, and of the other sentences those nearest the question, about half of them by length.

    Of a draft without steps at least one sentence stays. A sentence that ends in a colon leads to what follows it and
    stays with it.
    """
    pieces = [piece for part in parts for piece in split(part)]
    prose = [piece for piece in pieces if _may_go(piece)]
    room = _KEPT_SHARE * sum(len(piece.text) for piece in prose)
    weights = question_weights(question)

    def worth(piece: Part) -> float:
        stems = set(content_stems(piece.text))
        return sum(weight for stem, weight in weights.items() if stem in stems) / (len(stems) + 4)

    kept: set[int] = set()
    must_have_one = len(prose) == len(pieces)
    for piece in sorted(prose, key=lambda piece: (-worth(piece), pieces.index(piece))):
        if len(piece.text) <= room or (must_have_one and not kept):
            kept.add(id(piece))
            room -= len(piece.text)
    chosen = tuple(piece for piece in pieces if not _may_go(piece) or id(piece) in kept)
    return tuple(parts) if len(chosen) == len(pieces) else chosen


def _may_go(piece: Part) -> bool:
    return piece.step is None and not piece.text.rstrip().endswith(":")


def listed(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with each sentence that tells the reader to do something as a step; the others as they are."""
    made: list[Part] = []
    count = 0
    for part in parts:
        if part.step is not None:
            count = 1 if part.step == 1 else count + 1
            made.append(replace(part, step=count))
            continue
        pieces = split(part)
        for piece in pieces if any(_INSTRUCTS.match(one.text) for one in pieces) else [part]:
            is_step = _INSTRUCTS.match(piece.text) is not None
            count += is_step
            made.append(replace(piece, step=count) if is_step else piece)
    return tuple(made)


def split(part: Part) -> list[Part]:
    """A part that is no step as one part for each sentence, each with the piece of the quotes that it is."""
    if part.step is not None:
        return [part]
    texts = [part.text[start:end] for start, end in sentences(part.text)]
    if len(texts) < 2:
        return [part]
    return [Part(text, _narrowed(text, part.quotes)) for text in texts]


def _narrowed(text: str, quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """The span of one quote that is this text, or all quotes where none holds it as it stands."""
    for quote in quotes:
        place = quote.text.find(text)
        if place >= 0:
            start = quote.start + place
            return (replace(quote, start=start, end=start + len(text), text=text),)
    return tuple(quotes)
