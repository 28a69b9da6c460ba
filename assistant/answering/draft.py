"""From candidates to a draft without a model: the steps and sentences that answer, in order, each quoted.

Between retrieval and verification. Nothing is embedded unless a question asks several things: passages bring
their own scores, and the rest is words weighed by rarity, headings and structure, so that a draft costs a
few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from assistant.answering.asks import Ask, asks, question_weights, rarity
from assistant.answering.conditions import Reader
from assistant.answering.language import content_stems, one_line, sentences
from assistant.answering.outline import Found, Unit, VersionKey, found_units
from assistant.answering.telling import Voice, leans_on_others, repeats_steps
from assistant.domain import Candidate, Draft, Part, Passage, Question, Suggestion
from assistant.seams import Embedder


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a draft may say. A procedure that is chosen is told to its end, within its own limits."""

    parts: int = 9
    chars: int = 900
    documents: int = 3
    steps: int = 24
    procedure_chars: int = 3_600
    searched_documents: int = 4
    least_chars: int = 300
    suggestion_chars: int = 600


_SOCIAL = re.compile(
    r"^\W*(?:hi|hello|dear|hey|good (?:morning|day|evening)|thanks?|thank you|regards|best|cheers|sincerely|you're|"
    r"welcome|glad|sorry|please let (?:me|us) know|let (?:me|us) know|hope)\b.{0,80}$",
    re.IGNORECASE,
)


def extractive(
    question: Question,
    candidates: Sequence[Candidate],
    embedder: Embedder,
    *,
    whole: Mapping[VersionKey, Passage] | None = None,
    limits: Limits = Limits(),
) -> Draft:
    """A draft from the candidates (articles and FAQs, best first); without anything to say it has no parts.

    `whole` holds complete versions of the leading
    documents, so that procedures that a chunk's edge cuts are told to their end. Every part has at least one
    quote that is one span of one block.
    """
    reader = Reader.of(question)
    found = found_units(candidates, whole or {}, documents=limits.searched_documents)
    chosen = _chosen(_scored(question, found, reader), found, reader, limits)
    parts = tuple(part for saying in chosen for part in saying.parts)
    return Draft(parts=parts, uncovered=uncovered(question, parts, embedder, context=_context(chosen)))


# --- scoring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scored:
    """A unit with how well it answers (no unit of measure).

    `overlap` is the share of the question, by weight, that it speaks of, in [0, 1]; `weights` are the question's.
    """

    found: Found
    score: float
    overlap: float
    weights: Mapping[str, float]

    @property
    def unit(self) -> Unit:
        return self.found.unit

    @property
    def section(self) -> tuple[str, tuple[str, ...]]:
        return self.found.document_key, self.found.headings


def _scored(question: Question, found: Sequence[Found], reader: Reader) -> list[_Scored]:
    """The units that a candidate touches, best first."""
    rare = rarity(one.unit.stems for one in found if one.touched)
    asked = question_weights(question)
    weights = {stem: weight * rare[stem] for stem, weight in asked.items() if stem in rare}
    total = max(sum(weights.values()), 0.35 * sum(asked.values())) or 1.0  # one stray word in common is no answer
    order = list(dict.fromkeys(one.document_key for one in found))
    best_dense = max((one.candidate.dense for one in found), default=0.0)
    scored = []
    for one in found:
        if one.touched:
            overlap = _overlap(one, weights) / total
            near = 0.7 * exp((one.candidate.dense - best_dense) / 0.1)
            rank = 1.0 / (1 + 0.7 * order.index(one.document_key))
            score = overlap + near + rank + _heading_fit(one, weights) + _shape(one.unit, reader)
            scored.append(_Scored(one, score, overlap, weights))
    return sorted(scored, key=lambda one: -one.score)


def _overlap(found: Found, weights: Mapping[str, float]) -> float:
    """The weight of the question's stems in the unit's own words; in its heading or title they count less."""
    heading = set(content_stems(" ".join(found.headings[-2:])))
    title = set(content_stems(found.candidate.passage.title))
    said = found.unit.stems
    return sum(
        weight * (1.0 if stem in said else 0.7 if stem in heading else 0.3 if stem in title else 0.0)
        for stem, weight in weights.items()
    )


def _heading_fit(found: Found, weights: Mapping[str, float]) -> float:
    """Half the share of the heading's words that the question says; another question's answer loses."""
    heading = found.headings[-1]
    stems = set(content_stems(heading))
    fit = sum(1 for stem in stems if stem in weights) / max(len(stems), 2)
    return 0.5 * fit - (0.25 if heading.rstrip().endswith("?") and fit < 0.34 else 0.0)


def _shape(unit: Unit, reader: Reader) -> float:
    """Steps are worth more than prose, a few words hardly answer, another's platform less than the reader's own."""
    worth = 0.25 if unit.kind == "procedure" else 0.0
    condition = unit.lines[0].block.condition
    if len(unit.stems) < 5:
        worth -= 0.5
    if unit.kind == "procedure" and leans_on_others(unit):
        worth -= 0.35
    if condition:
        worth += 0.1 if reader.is_certain(condition) else -0.3
    return worth


# --- choosing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Saying:
    """A unit as it will be told."""

    found: Found
    parts: tuple[Part, ...]

    @property
    def chars(self) -> int:
        return sum(len(part.text) for part in self.parts)


def _chosen(scored: Sequence[_Scored], found: Sequence[Found], reader: Reader, limits: Limits) -> list[_Saying]:
    """The best unit, then what adds to it while there is room, its own section first; told by document and place."""
    openings = ((one, _with_steps(one, found, reader, limits)) for one in scored)
    best, chosen = next(((one, sayings) for one, sayings in openings if sayings), (None, []))
    if best is None:
        return []
    others = [one for one in scored if one is not best and not repeats_steps(one.unit)]
    others.sort(key=lambda one: one.section != best.section)
    chosen = _extended(chosen, [one for one in others if _adds(one, best)], reader, limits)
    if sum(saying.chars for saying in chosen) < limits.least_chars:
        chosen = _extended(chosen, [one for one in others if _adds(one, best, spare=True)], reader, limits)
    order = list(dict.fromkeys(saying.found.document_key for saying in chosen))
    return sorted(chosen, key=lambda saying: (order.index(saying.found.document_key), saying.found.unit.start))


def _extended(chosen: Sequence[_Saying], others: Sequence[_Scored], reader: Reader, limits: Limits) -> list[_Saying]:
    extended = list(chosen)
    for one in others:
        saying = _told(one, reader, limits)
        if saying is not None and _fits(saying, extended, limits) and not _repeats(saying, extended):
            extended.append(saying)
    return extended


def _with_steps(one: _Scored, found: Sequence[Found], reader: Reader, limits: Limits) -> list[_Saying]:
    """The unit, after the steps it sends the reader back to; nothing when those are not at hand."""
    told = [one]
    if repeats_steps(one.unit):
        before = [
            other
            for other in found
            if other.unit.kind == "procedure"
            and other.document_key == one.found.document_key
            and other.unit.end <= one.unit.start
        ]
        if not before:
            return []
        told = [replace(one, found=max(before, key=lambda other: other.unit.start)), one]
    sayings = [saying for each in told if (saying := _told(each, reader, limits)) is not None]
    return sayings if len(sayings) == len(told) else []


def _adds(one: _Scored, best: _Scored, *, spare: bool = False) -> bool:
    """Whether a further unit is near enough to the best: its own section, or document at need, more readily."""
    if one.section == best.section or (spare and one.found.document_key == best.found.document_key):
        return one.score >= 0.6 * best.score
    same_document = one.found.document_key == best.found.document_key
    return one.score >= (0.75 if same_document else 0.8) * best.score and one.overlap >= 0.6 * best.overlap


def _fits(saying: _Saying, chosen: Sequence[_Saying], limits: Limits) -> bool:
    documents = {other.found.document_key for other in (*chosen, saying)}
    if len(documents) > limits.documents:
        return False
    parts = sum(len(other.parts) for other in (*chosen, saying))
    return parts <= limits.parts and sum(other.chars for other in (*chosen, saying)) <= limits.chars


def _repeats(saying: _Saying, chosen: Sequence[_Saying]) -> bool:
    """Whether most of what would be said was said already."""
    told = [frozenset(content_stems(part.text)) for other in chosen for part in other.parts]
    again = [any(_same(frozenset(content_stems(part.text)), before) for before in told) for part in saying.parts]
    return sum(again) > len(again) / 2


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and len(one & other) / len(one) >= 0.8


def _told(one: _Scored, reader: Reader, limits: Limits) -> _Saying | None:
    """The unit's parts for this reader; None when nothing of it can stand in a reply."""
    voice = Voice(one.unit, one.found.candidate.passage, reader)
    if one.unit.kind == "procedure":
        parts = voice.procedure()
        fits = len(parts) <= limits.steps and sum(len(part.text) for part in parts) <= limits.procedure_chars
        parts = parts if fits else []
    elif one.unit.kind == "list":
        parts = voice.listing(one.weights)
    else:
        parts = voice.prose(one.weights)
    return _Saying(one.found, tuple(parts)) if parts else None


# --- what is not covered -----------------------------------------------------------------------------------


def _context(chosen: Sequence[_Saying]) -> list[str]:
    return [" ".join((saying.found.candidate.passage.title, *saying.found.headings[-2:])) for saying in chosen]


def uncovered(
    question: Question, parts: Sequence[Part], embedder: Embedder, *, context: Sequence[str] = ()
) -> tuple[str, ...]:
    """The asks, as written, that nothing in the parts supports; all of them when there are no parts.

    `context` are titles and headings that the parts stand under. Only a question with several asks is embedded.
    """
    asked = asks(question)
    if not parts:
        return tuple(ask.text for ask in asked)
    said = {stem for text in (*(part.text for part in parts), *context) for stem in content_stems(text)}
    doubtful = [ask for ask in asked if len(ask.stems & said) < 0.5 * len(ask.stems)]
    if len(asked) < 2 or not doubtful:
        return ()
    near = _nearness(doubtful, parts, embedder)
    return tuple(ask.text for ask, cosine in zip(doubtful, near, strict=True) if cosine < 0.4)


def _nearness(asked: Sequence[Ask], parts: Sequence[Part], embedder: Embedder) -> list[float]:
    """The best cosine of each ask with a part."""
    vectors = embedder.embed([ask.text for ask in asked] + [part.text[:200] for part in parts[:8]])
    return [float(value) for value in np.max(vectors[: len(asked)] @ vectors[len(asked) :].T, axis=1)]


# --- what tickets know -------------------------------------------------------------------------------------


def resolution_suggestion(candidate: Candidate, *, limits: Limits = Limits()) -> Suggestion | None:
    """What the agent wrote that resolved this ticket, in whole sentences without greetings; None without one."""
    passage = candidate.passage
    if passage.kind != "ticket":
        return None
    kept: list[str] = []
    length = 0
    for text in _agent_sentences(passage):
        if length + len(text) > limits.suggestion_chars:
            break
        kept.append(text)
        length += len(text) + 1
    return Suggestion(" ".join(kept), passage.document_key) if kept else None


def _agent_sentences(passage: Passage) -> Iterator[str]:
    blocks = [block for block in passage.blocks if block.kind == "agent"]
    spans = [(block.start, block.end) for block in blocks]
    if not spans and passage.role == "resolution":
        spans = [(passage.start, passage.end)]
    for start, end in spans:
        text = passage.text[max(0, start - passage.start) : end - passage.start][:6000]
        for left, right in sentences(text):
            sentence = one_line(text[left:right])
            if any(char.isalnum() for char in sentence) and not _SOCIAL.match(sentence):
                yield sentence
