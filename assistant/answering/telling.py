"""From one unit of an outline to parts of a reply: steps as steps, lists with their lead-in, the best sentences.

Nothing is reworded. Lines that a reader could not use without the article around them are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from assistant.answering.conditions import Reader
from assistant.answering.language import NEGATIONS, content_stems, words
from assistant.answering.outline import Line, Unit, is_question_of
from assistant.answering.rendering import Rendered, rendered
from assistant.domain import Block, Part, Passage

_YES_OR_NO = re.compile(r"(?:yes|no|yep|nope)(?:[.,;:!]|\s[\u2013\u2014-])", re.IGNORECASE)
_POINTS_AWAY = re.compile(
    r"\b(?:see|read|refer to) (?:also )?(?:the )?(?:this|these|those|below|above|following)\b"
    r"|\b(?:image|screenshot|picture|figure|video|table|diagram) (?:below|above|shows)\b"
    r"|\b(?:this|following|previous|next) (?:article|section|image|screenshot|page|table)\b"
    r"|(?:^|, )(?:please )?(?:see|refer to|visit)\b"
    r"|\bclick here\b|\bhere documents\b|^skip to\b|^here,? you (?:can|will)\b|^in (?:the|this) example\b"
    r"|\bas (?:explained|described|shown|mentioned|noted) (?:above|below|earlier|previously)\b|\bas (?:above|below)\b"
    r"|\b(?:steps?|instructions?|options|methods|ways) (?:above|below|that follow)\b|\bfollow these steps\b"
    r"|\b(?:below|above)[.:)]|\bshown below\b|^based on (?:information|text) from\b"
    r"|^more for [^.:]{1,40}:|^(?:to )?learn more\b"
    r"|^for (?:more|further) \w+, (?:see|visit)\b"
    r"|\b(?:is|are) (?:described|explained|covered) in\b|(?:^|, )(?:please )?(?:go on|continue) with\b",
    re.IGNORECASE,
)
_REPEATS_STEPS = re.compile(
    r"\b(?:(?:the|these|those) above|the same|previous|preceding) steps\b|\bsteps above\b", re.IGNORECASE
)
_LISTS_LINKS = re.compile(
    r"\b(?:see|read|refer|articles?|sections?|resources?|links?|topics?|pages?|information|details)\b[^.]*:$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"^(?:\w+\W+){0,3}\W*(?:(?:https?://|www\.)\S+\s*)+\W*$|^\S+/\S+/\S+$")
_LEANS_BACK = re.compile(
    r"^(?:(?:note|tip|warning|important): )?(?:this|that|these|those|it|they|he|she|however|then|otherwise|also|"
    r"instead|therefore|thus|so|if so|if not|but|and|or|alternatively|again|such|both|neither|afterwards?|finally|"
    r"now that|in addition|additionally|furthermore|as (?:a result|such)|for (?:this reason|example|instance)|"
    r"(?:in|if|when|once|after|before|until|because of|for|with|by|using|to do|to use|doing|from|on|at|of) "
    r"(?:this|that|these|those|so|doing it))\b",
    re.IGNORECASE,
)

_IS_FRAME = re.compile(
    r"(?:an? |the )?(?:overview|introduction|summary|background|details?|notes?|tips?|instructions?|steps?|solutions?|"
    r"answers?|general|description|what to do|more|resolution|how it works|before you (?:begin|start)|"
    r"(?:frequently asked )?questions?|faqs?)\W*$",
    re.IGNORECASE,
)
"""Headings that say what kind of text follows, and nothing of its matter."""

_IS_PLACE = re.compile(
    r"(?:(?:on|in|from) )?(?:the |your )?(web(?:site)?|browser|desktop|(?:mobile |web )?app|app store|google play|"
    r"(?:mobile )?phone|iphone|ipad|android|windows|mac(?:os)?|linux)\W*$",
    re.IGNORECASE,
)
"""Headings that say where what follows holds."""
_COUNTED = re.compile(r"\s*(?:step )?\d{1,2}[.):]\s+(?=\S)", re.IGNORECASE)
_NAMED_AT_ONCE = 12  # characters before a place's name in a sentence that opens with it: "On the", "Open your"

_WHOLE_LIST = 6
_LIST_CHARS = 600
_BEST_ITEMS = 4
_RUN = 3
_PARAGRAPH_CHARS = 450
_LONGEST_LINE = 700
_LABEL_WORDS = 6
_SAME_QUESTION = 0.6  # share of stems, both ways, from which a "Yes" may be told
_BARE_LABEL_WORDS = 2


def repeats_steps(unit: Unit) -> bool:
    """Whether prose or a list sends the reader back to steps told before it."""
    return unit.kind != "procedure" and any(_REPEATS_STEPS.search(line.text) for line in unit.lines)


def leans_on_others(unit: Unit) -> bool:
    """Whether any of the unit refers to what stands elsewhere in its article."""
    return any(_points_away(line.text) for line in unit.lines)


@lru_cache(maxsize=20_000)
def _points_away(text: str) -> bool:
    return _POINTS_AWAY.search(text) is not None


@lru_cache(maxsize=20_000)
def leans_back(text: str) -> bool:
    """Whether a sentence needs the one before it: "Then …", "This …", "If that fails, …".

    >>> leans_back("If that doesn't help, restart."), leans_back("If the light blinks, restart.")
    (True, False)
    """
    return _LEANS_BACK.match(text.strip()) is not None


def heading_of(unit: Unit, passage: Passage, reader: Reader, told: Sequence[Part]) -> Part | None:
    """The heading that the unit stands under, as a part that leads to `told`; None where it adds nothing to them.

    Steps and sentences of a section rely on its heading: "Removing it" is what tells three clicks from their opposite.
    """
    line = _uncounted(unit.heading) if unit.heading else None
    if line is None or is_question_of(line, passage) or _IS_FRAME.match(line.text.strip()):
        return None
    said = {stem for part in told for stem in content_stems(part.text)}
    shown = rendered(line, passage, reader, conditioned=False)
    # Beside others of its kind, a place is the condition of what is told under it, though a step names it in passing.
    place = _IS_PLACE.match(line.text.strip())
    opens = place is not None and place[1].casefold() in told[0].text[: len(place[1]) + _NAMED_AT_ONCE].casefold()
    is_told = said.issuperset(content_stems(line.text)) and (place is None or opens)
    if shown is None or is_told or _points_away(line.text):
        return None
    text = shown.text.rstrip()
    return Part(text if text.endswith((".", "!", "?", ":")) else f"{text}:", shown.quotes)


def _uncounted(line: Line) -> Line:
    """The heading without its number, which counts within its article: "4. Is the service down?"."""
    counted = _COUNTED.match(line.text)
    return replace(line, start=line.start + counted.end(), text=line.text[counted.end() :]) if counted else line


@dataclass(frozen=True, slots=True)
class Voice:
    """Tells one unit to one reader.

    `anchored` says that the reader knows what stands before the unit; `headings` are the article's, in lower case: an
    item that repeats one is a link to it. `heading` is the unit's own, and `asked` holds the weights of the question's
    stems: a "Yes" is told only to somebody who asked what the heading asks.
    """

    unit: Unit
    passage: Passage
    reader: Reader
    anchored: bool = True
    headings: frozenset[str] = frozenset()
    heading: str = ""
    asked: Mapping[str, float] = field(default_factory=dict)

    def procedure(self) -> list[Part]:
        """The lead-in, then one part for each step; what stands or is nested under it is told with it."""
        told, shared = self._parts(self._lead()), self._shares_condition()
        number = 0
        for lines in _step_groups(self.unit.lines):
            if _is_bare_label(lines):
                continue
            part = self._step(lines, conditioned=not (told and shared))
            if part is None:
                continue
            if lines[0].block.kind == "step":
                number = 1 if lines[0].block.number == 1 else number + 1
                part = replace(part, step=number)
            elif lines[0].block.kind == "item" and part.text[-1].isalnum():
                part = replace(part, text=f"{part.text}:")  # an item among steps heads those that follow
            told.append(part)
        return told

    def listing(self, weights: Mapping[str, float]) -> list[Part]:
        """The lead-in and the items; nothing when it only lists links or most items cannot stand alone."""
        lead = self.unit.lead[-1:]
        if lead and (_LISTS_LINKS.search(lead[-1].text) or _points_away(lead[-1].text)):
            return []
        groups = [lines for lines in _item_groups(self.unit.lines) if not _is_table_head(lines[0])]
        usable = [lines for lines in groups if self._stands_alone(lines[0]) and not self._is_label(lines[0])]
        if len(usable) < len(groups) / 2:
            return []
        told, shared = self._parts(self._lead()), self._shares_condition()
        head = next((line for line in self.unit.lines if _is_table_head(line)), None)
        introduced = bool(told) and told[-1].text.endswith(":")
        if head and (not introduced or head.text.count("\t") > 1):  # else nobody knows what "Yes, No" says
            named = self._step([head], conditioned=False)
            told += [named] if named else []
        begun = len(told)
        for lines in _best_items(usable, weights):
            part = self._step(lines, conditioned=not (told and shared))
            told += [part] if part else []
        return told if len(told) > begun else []

    def prose(self, weights: Mapping[str, float]) -> list[Part]:
        """The best run of sentences; one that leans on a sentence that is not told goes with it."""
        told: list[Line] = []
        for line in _best_run(self.unit.lines, weights):
            if self._stands_alone(line) and (self._follows(line, told) or not leans_back(line.text)):
                told.append(line)
        return self._parts(told)

    def _follows(self, line: Line, told: Sequence[Line]) -> bool:
        """Whether what stands directly before the line is told."""
        if line is self.unit.lines[0]:
            return self.anchored
        return bool(told) and told[-1] is self.unit.lines[self.unit.lines.index(line) - 1]

    def _lead(self) -> list[Line]:
        """The last two sentences of the lead-in, without pointers elsewhere; a caveat stays whatever it points to."""
        kept = [
            line
            for line in self.unit.lead[-2:]
            if self._stands_alone(line)
            or (line is self.unit.lead[-1] and line.text.endswith(":"))
            or (not _is_fragment(line) and not NEGATIONS.isdisjoint(words(line.text)))
        ]
        if not kept or kept[0].text.endswith(":") or not leans_back(kept[0].text):
            return kept
        return kept if self.anchored and kept[0] is self.unit.lead[0] else kept[1:]

    def _step(self, lines: Sequence[Line], *, conditioned: bool) -> Part | None:
        pieces: list[Rendered] = []
        for line in lines:
            repeated = line is not lines[0] and line.block.condition == lines[0].block.condition
            piece = rendered(line, self.passage, self.reader, conditioned=conditioned and not repeated)
            if piece is not None:
                pieces.append(piece)
        quotes = tuple(quote for piece in pieces for quote in piece.quotes)
        text = _with_stops([piece.text for piece in pieces]) if pieces else ""
        if text.endswith(":"):
            text = f"{text[:-1]}."  # what it led to, a picture most often, is not there
        return Part(text, quotes) if text else None

    def _parts(self, lines: Sequence[Line]) -> list[Part]:
        """One part for each line; a condition is told once for each block, once in all when the unit shares it."""
        parts: list[Part] = []
        told: Block | None = None
        shared = self._shares_condition()
        for line in lines:
            repeated = line.block is told or (shared and bool(parts))
            shown = rendered(line, self.passage, self.reader, conditioned=not repeated)
            if shown is not None:
                parts.append(Part(shown.text, shown.quotes))
                told = line.block
        return parts

    def _shares_condition(self) -> bool:
        return len({line.block.condition for line in (*self.unit.lead, *self.unit.lines)}) == 1

    def _stands_alone(self, line: Line) -> bool:
        """Whether a reader can use the line without seeing what surrounds it in the article."""
        text = line.text.strip()
        leads_on = text.endswith(":") and line.block.kind != "item"
        if leads_on or _is_fragment(line) or len(text) > _LONGEST_LINE or is_question_of(line, self.passage):
            return False
        if _YES_OR_NO.match(text) and not self._is_asked():
            return False
        is_link = line.block.kind == "item" and text.rstrip(".").casefold() in self.headings
        return not (is_link or _points_away(text) or _ADDRESS.match(text))

    def _is_asked(self) -> bool:
        """Whether most stems of what is asked are in the heading, and most of the heading's in the question."""
        heading = content_stems(self.heading)
        asks = [stem for stem, weight in self.asked.items() if weight == 1.0] or list(self.asked)
        return min(_share(heading, self.asked), _share(asks, heading)) >= _SAME_QUESTION

    def _is_label(self, line: Line) -> bool:
        """Whether an item is a few words without a stop that nothing introduces: a link's text, a caption."""
        few = len(line.text.split()) <= _LABEL_WORDS and line.block.kind != "row"
        text = line.text.rstrip()
        is_sentence = text.endswith((".", "!", ":")) and not text.endswith("...")
        return few and not self.unit.lead and not is_sentence


def _share(stems: Collection[str], among: Collection[str]) -> float:
    return sum(stem in among for stem in stems) / len(stems) if stems else 0.0


def _is_fragment(line: Line) -> bool:
    """Whether a sentence of a paragraph begins or ends outside of what was cut: lower case, or half a bracket."""
    text = line.text.strip()
    return line.block.kind == "paragraph" and (text[:1].islower() or text.count("(") != text.count(")"))


def _is_table_head(line: Line) -> bool:
    return line.block.kind == "row" and line.block.level > 0


def _is_bare_label(lines: Sequence[Line]) -> bool:
    """Whether an item among steps is a word that heads what follows: "Solution"."""
    text = lines[0].text.rstrip()
    few = len(text.split()) <= _BARE_LABEL_WORDS and not text.endswith((".", "!", ":"))
    return len(lines) == 1 and lines[0].block.kind == "item" and few


def _item_groups(lines: Sequence[Line]) -> list[list[Line]]:
    """Each item of the list with what is nested below it."""
    level = lines[0].block.level
    grouped: list[list[Line]] = []
    for line in lines:
        if not grouped or line.block.kind == "row" or (line.block.kind == "item" and line.block.level <= level):
            grouped.append([line])
        else:
            grouped[-1].append(line)
    return grouped


def _step_groups(lines: Sequence[Line]) -> list[list[Line]]:
    """Each step, or item that heads steps, with what is nested below it."""
    level = min(line.block.level for line in lines if line.block.kind == "step")
    grouped: list[list[Line]] = []
    for line in lines:
        if not grouped or (line.block.level <= level and line.block.kind in ("step", "item")):
            grouped.append([line])
        else:
            grouped[-1].append(line)
    return grouped


def _with_stops(texts: Sequence[str]) -> str:
    """The texts as one; one that ends without a stop gets a semicolon, since lists drop theirs.

    >>> _with_stops(["Choose a size:", "Small", "Large"])
    'Choose a size: Small; Large'
    """
    *before, last = texts
    return " ".join([*(text if text.endswith((".", "!", "?", ":", ";", ")")) else f"{text};" for text in before), last])


def _score(line: Line, weights: Mapping[str, float]) -> float:
    return sum(weights.get(stem, 0.0) for stem in set(content_stems(line.text)))


def _best_items(groups: Sequence[list[Line]], weights: Mapping[str, float]) -> list[list[Line]]:
    """The whole list when it is short, else its best items that fit, in their order; one at least."""
    lengths = [sum(len(line.text) for line in lines) for lines in groups]
    if len(groups) <= _WHOLE_LIST and sum(lengths) <= _LIST_CHARS:
        return list(groups)
    scores = [sum(_score(line, weights) for line in lines) for lines in groups]
    best: list[int] = []
    for place in sorted(range(len(groups)), key=lambda place: -scores[place]):
        if not best or (len(best) < _BEST_ITEMS and sum(lengths[p] for p in (*best, place)) <= _LIST_CHARS):
            best.append(place)
    return [groups[place] for place in sorted(best)]


def _best_run(lines: Sequence[Line], weights: Mapping[str, float]) -> list[Line]:
    """A short paragraph whole, else its best run of three sentences; one that leans on the one before brings it."""
    if len(lines) <= _RUN or sum(len(line.text) for line in lines) <= _PARAGRAPH_CHARS:
        return list(lines)
    scores = [_score(line, weights) for line in lines]
    begin = max(range(len(lines) - _RUN + 1), key=lambda place: (sum(scores[place : place + _RUN]), -place))
    while begin > 0 and leans_back(lines[begin].text):
        begin -= 1
    return list(lines[begin : begin + _RUN])
