"""From a chat model's reply to a draft: strict reading, valid numbers, quotes found by code.

The model gives numbers only; where in the passage the evidence stands is decided here, so a quote is always
the stored text at its offsets, inside one block.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from assistant.answering.disguise import plain
from assistant.answering.language import content_stems, one_line, sentences
from assistant.answering.prompts import Offer, block_text, usable_blocks
from assistant.domain import Block, Draft, Part, Passage, Quote

_MOST_REPLY_CHARS = 200_000
_MOST_PARTS = 40
_MOST_PART_CHARS = 1_500
_MOST_CITATIONS = 8
_MOST_QUOTES = 3  # a part that needs more places of one passage is a summary, which nobody can check at a glance
_LONGEST_RUN = 3  # sentences that one quote may span
_LEAST_GAIN = 0.15  # share of the part's weight that a further place must add


class ReplyError(ValueError):
    """The reply cannot be read as the schema asks; the message says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """One sentence or step as the model gave it; `citations` are not validated yet."""

    text: str
    citations: tuple[int, ...]
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said; `answered` is False when it found no answer in the passages."""

    answered: bool
    parts: tuple[ReplyPart, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A draft whose every part has quotes, and what was left out of the reply on the way."""

    draft: Draft
    notices: tuple[str, ...]


# --- reading -----------------------------------------------------------------------------------------------


def read_reply(text: str) -> Reply:
    r"""The reply in `text`: one JSON object, alone, fenced, or with words around it; told twice counts once.

    >>> read_reply('```json\n{"answered": true, "parts": [{"text": "Go.", "citations": [1]}]}\n```').parts[0].citations
    (1,)

    Raises:
        ReplyError: empty, too long, no JSON object, or one of another shape.
    """
    if not text.strip():
        raise ReplyError("expected a JSON object, found an empty reply")
    if len(text) > _MOST_REPLY_CHARS:
        raise ReplyError(f"expected at most {_MOST_REPLY_CHARS} characters, found {len(text)}")
    return reply_from(_only_object(text))


def _only_object(text: str) -> Any:
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    begin = text.find("{")
    if begin < 0:
        raise ReplyError("expected a JSON object, found none")
    try:
        value, end = decoder.raw_decode(text, begin)
        rest = text[end:].strip()
        if rest.startswith("{") and decoder.raw_decode(rest)[0] != value:
            raise ReplyError("expected one JSON object, found two that differ")
    except (ValueError, RecursionError) as error:
        if isinstance(error, ReplyError):
            raise
        raise ReplyError("expected a JSON object, found text that is not valid JSON") from error
    return value


def _refuse_constant(name: str) -> Any:
    raise ReplyError(f"expected a number, found {name}")


def reply_from(value: Any) -> Reply:
    """The reply in a decoded JSON value.

    Raises:
        ReplyError: a key is missing or of another type.
    """
    if not isinstance(value, dict) or not isinstance(value.get("parts"), list):
        raise ReplyError('expected an object with a list under "parts"')
    answered = value.get("answered", bool(value["parts"]))
    if not isinstance(answered, bool):
        raise ReplyError('expected true or false under "answered"')
    if len(value["parts"]) > _MOST_PARTS:
        raise ReplyError(f"expected at most {_MOST_PARTS} parts, found {len(value['parts'])}")
    return Reply(answered, tuple(reply_part(part) for part in value["parts"]))


def reply_part(value: Any) -> ReplyPart:
    """One part of a reply in a decoded JSON value.

    Raises:
        ReplyError: a key is missing or of another type.
    """
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise ReplyError('expected each part to be an object with a string under "text"')
    citations = value.get("citations")
    if not isinstance(citations, list) or not all(_is_number(number) for number in citations):
        raise ReplyError('expected a list of whole numbers under "citations"')
    step = value.get("step")
    if step is not None and not _is_number(step):
        raise ReplyError('expected a whole number or null under "step"')
    return ReplyPart(value["text"], tuple(citations), step)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# --- mapping -----------------------------------------------------------------------------------------------

_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)([^*_`\n]+?)(?<=\S)\1")
_LIST_MARK = re.compile(r"^\s*(?:[-*\u2022\u2013]\s+|(?:step\s+)?\d{1,2}[.):]\s+|#{1,6}\s+)", re.IGNORECASE)
_INLINE_CITATION = re.compile(r"\s*(?:\[\d{1,2}(?:\s*,\s*\d{1,2})*\]|\(passages?\s+\d{1,2}\))", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[\[\s*link\s+(\d{1,3})\s*\]\]", re.IGNORECASE)
_LEFT_OVER = re.compile(r"\[\[|\]\]|={3,}|\blink \d+\]")


def draft_from(reply: Reply, offer: Offer, allowed: Collection[str] = ()) -> Mapped:
    """The reply's parts with quotes from the passages they cite.

    A number that was not offered is removed, and a part left without a number, without words or without
    a place in its passages is removed with it; repeated parts are kept once. Steps count from 1 in each run.
    Where texts are `allowed`, a part that is none of them is removed.
    """
    mapper = Mapper(offer, allowed)
    parts = tuple(part for said in reply.parts if (part := mapper.part(said)) is not None)
    return Mapped(Draft(parts), mapper.notices())


class Mapper:
    """Maps a reply's parts one by one, as they come, onto the passages that were offered."""

    def __init__(self, offer: Offer, allowed: Collection[str] = ()) -> None:
        self._offer = offer
        self._allowed = allowed
        self._notes: Counter[str] = Counter()
        self._told: set[str] = set()
        self._step = 0

    def part(self, said: ReplyPart) -> Part | None:
        """The next part with its quotes and its place in the procedure; None when it is left out."""
        if self._allowed and cleaned(said.text) not in self._allowed:
            self._notes["a part in words of its own"] += 1
            return None
        part = _part(said, self._offer, self._notes)
        if part is None:
            return None
        key = " ".join(content_stems(part.text))
        if key in self._told:
            self._notes["a part told twice"] += 1
            return None
        self._told.add(key)
        self._step = self._step + 1 if part.step is not None else 0
        return replace(part, step=self._step or None)

    def notices(self) -> tuple[str, ...]:
        """What was left out so far, one line a kind."""
        return tuple(f"left out of the model's reply: {what} ({count})" for what, count in self._notes.items())


def _part(said: ReplyPart, offer: Offer, notes: Counter[str]) -> Part | None:
    numbers = tuple(dict.fromkeys(n for n in said.citations if 1 <= n <= len(offer.passages)))[:_MOST_CITATIONS]
    if any(number not in numbers for number in said.citations):
        notes["a citation of a passage that was not offered"] += 1
    text = linked(said.text, numbers, offer)
    if not numbers:
        notes["a part without a valid citation"] += 1
    elif text is None:
        notes["a part with an address that its passages do not hold"] += 1
    elif not any(char.isalnum() for char in text) or len(text) > _MOST_PART_CHARS:
        notes["a part without words or too long"] += 1
    else:
        quotes = _quotes(text, [offer.passages[number - 1] for number in numbers])
        if quotes:
            return Part(text, quotes, said.step)
        notes["a part without a place in its passages"] += 1
    return None


def cleaned(text: str) -> str:
    """The words of a part on one line, without list marks, emphasis and citation numbers written into the text.

    >>> cleaned("1. Click **Save** [2].")
    'Click Save.'
    """
    line = _LIST_MARK.sub("", one_line(text) if text.isprintable() else one_line(text.replace("\n", " ")))
    return _INLINE_CITATION.sub("", _EMPHASIS.sub(r"\2", line)).strip()


def linked(text: str, numbers: Collection[int], offer: Offer) -> str | None:
    """The cleaned text with addresses for placeholders; None when one is unknown or another passage's."""
    if _LEFT_OVER.search(_PLACEHOLDER.sub("", text)):
        return None
    line = cleaned(text)
    for match in _PLACEHOLDER.finditer(line):
        number, address = offer.links.get(int(match.group(1)), (0, ""))
        if number not in numbers:
            return None
        line = line.replace(match.group(), address)
    return line


# --- quotes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A span of one block with the stems that it holds."""

    start: int
    end: int
    stems: frozenset[str]


def _quotes(text: str, passages: Sequence[Passage]) -> tuple[Quote, ...]:
    """For each passage the places that support the text best; passages that share no word only where none does."""
    wanted = frozenset(content_stems(text))
    found = [(passage, _best_places(wanted, passage)) for passage in passages]
    sharing = [(passage, places) for passage, places in found if any(place.stems & wanted for place in places)]
    quotes = [_quote(passage, place) for passage, places in (sharing or found) for place in places]
    return tuple(dict.fromkeys(quotes))


def _quote(passage: Passage, place: _Place) -> Quote:
    text = passage.text[place.start - passage.start : place.end - passage.start]
    return Quote(passage.document_key, passage.version, place.start, place.end, text)


def _best_places(wanted: frozenset[str], passage: Passage) -> list[_Place]:
    """Greedy cover of the wanted stems by places of one passage, rarer stems weighing more, in the text's order."""
    places = _places(passage)
    weights = _weights(wanted, places)
    total = sum(weights.values()) or 1.0
    chosen: list[_Place] = []
    left = set(wanted)
    while places and len(chosen) < _MOST_QUOTES:
        best = max(places, key=lambda place: _worth(place, left, weights))
        gain = sum(weights[stem] for stem in best.stems & left) / total
        if chosen and (gain < _LEAST_GAIN or any(best.start < one.end and one.start < best.end for one in chosen)):
            break
        chosen.append(best)
        left -= best.stems
    return sorted(chosen, key=lambda place: place.start)


def _weights(wanted: Collection[str], places: Sequence[_Place]) -> dict[str, float]:
    """Of each wanted stem, 1 / (1 + log n) for n places that hold it: telling words decide."""
    counts = Counter(stem for place in places for stem in place.stems if stem in wanted)
    return {stem: 1.0 / (1.0 + log(max(1, counts[stem]))) for stem in wanted}


def _worth(place: _Place, left: Collection[str], weights: dict[str, float]) -> float:
    """What the place covers, less a little for each word beyond: the shortest place that says it wins."""
    return sum(weights[stem] for stem in place.stems if stem in left) - 0.02 * len(place.stems)


def _places(passage: Passage) -> list[_Place]:
    """Runs of one to three sentences inside each usable block; headings only where there is nothing else."""
    blocks = usable_blocks(passage)
    bodies = [block for block in blocks if block.kind != "heading"] or blocks
    return [place for block in bodies for place in _runs(passage, block)]


def _runs(passage: Passage, block: Block) -> list[_Place]:
    text = block_text(passage, block)
    begin = max(block.start, passage.start)
    spans = sentences(text)
    return [
        _Place(
            begin + spans[i][0], begin + spans[j][1], frozenset(content_stems(plain(text[spans[i][0] : spans[j][1]])))
        )
        for i in range(len(spans))
        for j in range(i, min(i + _LONGEST_RUN, len(spans)))
    ]
