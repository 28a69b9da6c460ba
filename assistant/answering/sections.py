"""Which sections of the leading articles answer: the question beside each section's heading and beginning.

Between the outline and the draft. Words alone mislead here, since customers rarely use an article's own; so a few
sections, chosen without a model, are compared by meaning. Their vectors are remembered by whoever embeds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from math import inf

import numpy as np

from assistant.answering.conditions import Reader, platforms
from assistant.answering.language import content_stems, one_line
from assistant.answering.outline import Found
from assistant.answering.telling import repeats_steps
from assistant.domain import Question
from assistant.seams import Embedder, Vectors

# Chosen by hand on half of the sample help desk's questions (where the section that holds the answer is known) and of
# Thunderbird's (where an article is): a higher rank weight follows the found order, a lower one the section's meaning.
# How much of a section is compared, and its words, also on 237 older tickets of Thunderbird, where the section that is
# nearest to the helper's reply stands for the right one: right there in 0.37 (0.32 before), here in 0.78 (0.71).
_RANK = 0.2
_DENSE = 0.7
_HEADING = 0.2
_BODY = 0.1
_WHOLE = 0.5
_TITLE = 0.25
_INTERNAL = 0.1
_STEPS = 0.05
_PLATFORM = 0.1
_RESIDUAL = 0.25

_IMPERATIVE = re.compile(
    r"(?:add|change|check|choose|clear|click|close|copy|create|delete|disable|double-click|download|drag|enable|enter|"
    r"go to|hold|install|log (?:in|out)|open|paste|press|remove|restart|right-click|run|scroll|select|set|"
    r"sign (?:in|out)|start|swipe|switch|tap|tick|touch|turn|type|uncheck|untick|update|use|visit)\b",
    re.IGNORECASE,
)
_IS_RESIDUAL = re.compile(r"(?:still|if (?:that|this|it|nothing|none)|nothing|none of)\b", re.IGNORECASE)
"""Headings of what is left when everything before them did not help."""

_NUMBERED = re.compile(r"(?:step )?(\d{1,2})[.):]\s", re.IGNORECASE)
"""Headings that count what is to be done: "2. Restart the router"."""
_ASKED_FOR = 0.6  # share of such a heading's stems in the question from which its section is told alone

_COMPARED = 5
_WORTH_COMPARING = 0.1  # how far behind the best a section may be before meaning is asked; a quarter fewer to embed
_SECTION_CHARS = 600
_QUESTION_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Section:
    """The units under one heading of one document, in their order; `place` is the document's rank, 0 the best."""

    found: tuple[Found, ...]
    place: int

    @property
    def document_key(self) -> str:
        """The document that the section is from."""
        return self.found[0].document_key

    @property
    def heading(self) -> str:
        """The title and the last heading, the title alone where they are the same."""
        title, last = self.found[0].candidate.passage.title, self.found[0].headings[-1]
        return title if last == title else f"{title}. {last}"

    @property
    def number(self) -> int:
        """What its own heading counts, 0 where it counts nothing."""
        counted = _NUMBERED.match(self.found[0].headings[-1])
        return int(counted[1]) if counted else 0

    def is_below(self, other: Section) -> bool:
        """Whether it is a part of a section that `other` is the beginning of."""
        path, above = self.found[0].unit.headings, other.found[0].unit.headings
        return self.document_key == other.document_key and len(path) > len(above) and path[: len(above)] == above

    @property
    def text(self) -> str:
        """What is compared with a question: heading and beginning."""
        lines = [line.text for one in self.found for line in (*one.unit.lead, *one.unit.lines)]
        return one_line(f"{self.heading}. {' '.join(lines)[:_SECTION_CHARS]}")

    @property
    def stems(self) -> frozenset[str]:
        """Those of all its words."""
        return frozenset().union(*(one.unit.stems for one in self.found))

    @property
    def has_steps(self) -> bool:
        """Whether it says what to do: a procedure, what sends back to one, or a sentence that tells to."""
        return any(
            one.unit.kind == "procedure"
            or repeats_steps(one.unit)
            or (one.unit.kind == "prose" and any(_IMPERATIVE.match(line.text) for line in one.unit.lines))
            for one in self.found
        )

    @property
    def dense(self) -> float:
        """The best cosine of a passage that touches the section, in [-1, 1]."""
        touched = [one.candidate.dense for one in self.found if one.touched]
        return max(touched, default=min(one.candidate.dense for one in self.found) - _RANK)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A section with how well it fits the question (no unit) and its unit vector, shape `(d,)`."""

    section: Section
    score: float
    vector: Vectors


def in_sequence(best: Section, found: Sequence[Section], asked: Collection[str]) -> list[Section]:
    """The numbered sections that `best` stands among, from the first; none where it has no number, or is asked for.

    "3. Is the service down?" is the third thing to look at: whoever wrote that wants the first two looked at before.
    """
    own = content_stems(best.found[0].headings[-1])
    if best.number == 0 or sum(stem in asked for stem in own) >= _ASKED_FOR * len(own):
        return []
    path = best.found[0].unit.headings[:-1]
    beside = {
        other.number: other
        for other in found
        if other.document_key == best.document_key and other.found[0].unit.headings[:-1] == path
    }
    return [beside[number] for number in takewhile(beside.__contains__, count(1))]


def sections(found: Sequence[Found]) -> list[Section]:
    """The sections that these units stand in, in the order of the units."""
    order = list(dict.fromkeys(one.document_key for one in found))
    grouped: dict[tuple[str, tuple[str, ...]], list[Found]] = {}
    for one in found:
        grouped.setdefault((one.document_key, one.headings), []).append(one)
    return [Section(tuple(units), order.index(key)) for (key, _), units in grouped.items()]


def nearest_first(
    question: Question,
    found: Sequence[Section],
    weights: Mapping[str, float],
    reader: Reader,
    embedder: Embedder,
    *,
    how: bool,
    several: bool,
) -> list[Ranked]:
    """The best fitting sections, best first. `weights` are those of the question's stems; `how` asks for steps,
    `several` says that more than one thing is asked.

    At most five are compared by meaning, chosen by their passages' scores, so that a draft's cost is bounded.
    """
    if not found:
        return []
    plain = [(_plain(section, weights, reader, how=how), section) for section in found]
    # Of several asks each may be answered by another section.
    least = max(score for score, _ in plain) - (inf if several else _WORTH_COMPARING)
    compared = [pair for pair in sorted(plain, key=lambda pair: -pair[0])[:_COMPARED] if pair[0] >= least]
    headline = question.headline
    asked = [question.full_text if len(question.full_text) <= _QUESTION_CHARS else headline, headline]
    vectors = embedder.embed([*asked, *(section.text for _, section in compared)])
    near = vectors[2:] @ (_WHOLE * vectors[0] + _TITLE * vectors[1])
    ranked = [
        Ranked(section, score + float(nearness), np.asarray(vector, np.float32))
        for (score, section), nearness, vector in zip(compared, near, vectors[2:], strict=True)
    ]
    return sorted(ranked, key=lambda one: -one.score)


def _plain(section: Section, weights: Mapping[str, float], reader: Reader, *, how: bool) -> float:
    """The fit that costs nothing: passages' cosines, the document's rank, words, steps, platform."""
    total = sum(weights.values()) or 1.0
    said = set(content_stems(section.heading))
    worth = _DENSE * section.dense + _RANK / (1 + section.place)
    worth += _HEADING * sum(weight for stem, weight in weights.items() if stem in said) / total
    worth += _BODY * sum(weight for stem, weight in weights.items() if stem in section.stems) / total
    if how and section.has_steps:
        worth += _STEPS
    if section.found[0].candidate.passage.audience == "internal":
        worth -= _INTERNAL
    if _IS_RESIDUAL.match(section.found[0].headings[-1]):
        worth -= _RESIDUAL
    return worth + _PLATFORM * _platform_fit(section, reader)


def _platform_fit(section: Section, reader: Reader) -> int:
    """1 when the heading names just one platform and the reader has it, -2 when they named others, else 0."""
    first = section.found[0]
    named = platforms(first.headings[-1]) or platforms(first.candidate.passage.title)
    if len(named) != 1 or not reader.platforms:
        return 0
    return 1 if named <= reader.platforms else -2
