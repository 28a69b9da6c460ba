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
from assistant.answering.language import content_stems, one_line, sentences
from assistant.answering.outline import Line, Unit, VersionKey, is_question_of, units
from assistant.answering.rendering import Reader, Rendered, rendered
from assistant.domain import Block, Candidate, Draft, Part, Passage, Question, Quote, Suggestion
from assistant.seams import Embedder, Vectors


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a draft may say. A procedure that is chosen is told to its end, within its own limits."""

    parts: int = 9
    chars: int = 900
    documents: int = 3
    steps: int = 20
    procedure_chars: int = 2_400
    candidates: int = 16
    suggestion_chars: int = 600


_POINTS_AWAY = re.compile(
    r"\b(?:see|read|refer to) (?:also )?(?:the )?(?:this|these|those|below|above|following)\b"
    r"|\b(?:image|screenshot|picture|figure|video|table|diagram) (?:below|above|shows)\b"
    r"|\b(?:this|following|previous|next) (?:article|section|image|screenshot|page|table)\b"
    r"|\b(?:below|above)[.:)]|\bshown below\b|^based on (?:information|text) from\b|^for (?:more|further) \w+, (?:see|visit)\b",
    re.IGNORECASE,
)
_LISTS_LINKS = re.compile(r"\b(?:see|read|articles?|sections?|resources?|links?|topics?|pages?)\b[^.]*:$", re.IGNORECASE)
_ADDRESS = re.compile(r"^\W*(?:https?://|www\.)\S+(?:\s+https?://\S+)*\W*$|^\S+/\S+/\S+$")
_LEANS_BACK = re.compile(
    r"^(?:this|that|these|those|it|they|however|then|otherwise|in this case|also|instead|therefore|if so|but|and|or)\b",
    re.IGNORECASE,
)
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
    question_vector: Vectors | None = None,
    whole: Mapping[VersionKey, Passage] | None = None,
    limits: Limits = Limits(),
) -> Draft:
    """A draft from the candidates (articles and FAQs, best first); without anything to say it has no parts.

    `question_vector`, shape `(d,)`, is the question's own; `whole` holds complete versions of the leading
    documents, so that procedures that a chunk's edge cuts are told to their end. Every part has at least one
    quote that is one span of one block.
    """
    reader = Reader.of(question)
    scored = _scored(question, units(candidates[: limits.candidates], whole))
    chosen = _chosen(scored, reader, limits)
    parts = tuple(part for saying in chosen for part in saying.parts)
    return Draft(parts=parts, uncovered=uncovered(question, parts, embedder, context=_context(chosen)))


# --- scoring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scored:
    """A unit with how well it answers (no unit of measure).

    `overlap` is the share of the question, by weight, that it speaks of, in [0, 1]; `weights` are the question's.
    """

    unit: Unit
    score: float
    overlap: float
    weights: Mapping[str, float]


def _scored(question: Question, found: Sequence[Unit]) -> list[_Scored]:
    """All units, best first."""
    stems = [content_stems(unit.text) for unit in found]
    rare = rarity(stems)
    weights = {stem: weight * rare.get(stem, 0.0) for stem, weight in question_weights(question).items()}
    order = list(dict.fromkeys(unit.passage.document_key for unit in found))
    best_dense = max((unit.dense for unit in found), default=0.0)
    scored = []
    for unit, said in zip(found, stems, strict=True):
        overlap, fit = _overlap(unit, said, weights), _heading_fit(unit, weights)
        near = exp((unit.dense - best_dense) / 0.1)
        rank = order.index(unit.passage.document_key)
        score = overlap + 0.5 * fit + 0.7 * near + 0.8 / (1 + 0.7 * rank) + _shape(unit, said)
        scored.append(_Scored(unit, score, overlap, weights))
    return sorted(scored, key=lambda one: -one.score)


def _overlap(unit: Unit, said: Sequence[str], weights: Mapping[str, float]) -> float:
    """The question's stems in the unit's own words; in its heading or title they count less."""
    own, heading = set(said), set(content_stems(" ".join(unit.headings[-2:])))
    title = set(content_stems(unit.passage.title))
    total = sum(weights.values()) or 1.0
    return sum(
        weight * (1.0 if stem in own else 0.7 if stem in heading else 0.3 if stem in title else 0.0)
        for stem, weight in weights.items()
    ) / total


def _heading_fit(unit: Unit, weights: Mapping[str, float]) -> float:
    """Share of the heading's words that the question says, in [0, 1]; half of it when the heading is one word."""
    heading = set(content_stems(unit.headings[-1])) if unit.headings else set()
    return sum(1 for stem in heading if stem in weights) / max(len(heading), 2)


def _shape(unit: Unit, said: Sequence[str]) -> float:
    """Steps are worth more than prose, and a unit of a few words hardly answers anything."""
    if len(said) < 5:
        return -0.5
    return {"procedure": 0.25, "list": 0.0, "prose": 0.0}[unit.kind]


# --- choosing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Saying:
    """A unit as it will be told."""

    unit: Unit
    parts: tuple[Part, ...]

    @property
    def chars(self) -> int:
        return sum(len(part.text) for part in self.parts)


def _chosen(scored: Sequence[_Scored], reader: Reader, limits: Limits) -> list[_Saying]:
    """The best unit, then others that add something, while there is room; told document by document."""
    chosen: list[_Saying] = []
    best: _Scored | None = None
    for one in scored:
        if best is not None and not _adds(one, best):
            continue
        saying = _told(one, reader, limits)
        if saying is not None and _fits(saying, chosen, limits) and not _repeats(saying, chosen):
            chosen.append(saying)
            best = best or one
    order = list(dict.fromkeys(saying.unit.passage.document_key for saying in chosen))
    return sorted(chosen, key=lambda saying: (order.index(saying.unit.passage.document_key), saying.unit.start))


def _adds(one: _Scored, best: _Scored) -> bool:
    """Whether a further unit is near enough to the best: its own section more readily than another."""
    same_document = one.unit.passage.document_key == best.unit.passage.document_key
    if same_document and one.unit.headings == best.unit.headings:
        return one.score >= 0.6 * best.score
    return one.score >= (0.75 if same_document else 0.8) * best.score and one.overlap >= 0.6 * best.overlap


def _fits(saying: _Saying, chosen: Sequence[_Saying], limits: Limits) -> bool:
    documents = {other.unit.passage.document_key for other in (*chosen, saying)}
    if len(documents) > limits.documents:
        return False
    if not chosen:
        return True
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
    unit = one.unit
    if unit.kind == "procedure":
        parts = [*_sentences(unit, unit.lead[-2:], reader, leads=True), *_steps(unit, reader)]
        too_long = len(parts) > limits.steps or sum(len(part.text) for part in parts) > limits.procedure_chars
        return None if too_long or not parts else _Saying(unit, tuple(parts))
    if unit.kind == "list":
        if unit.lead and _LISTS_LINKS.search(unit.lead[-1].text):
            return None
        items = _sentences(unit, _best_items(one), reader)
        parts = [*_sentences(unit, unit.lead[-2:], reader, leads=True), *items] if items else []
    else:
        parts = _sentences(unit, _best_run(one), reader)
    return _Saying(unit, tuple(parts)) if parts else None


def _steps(unit: Unit, reader: Reader) -> list[Part]:
    """One part for each step; what is nested below a step, or stands beneath it, is told with it."""
    level = unit.lines[0].block.level
    grouped: list[list[Line]] = []
    for line in unit.lines:
        if (line.block.kind == "step" and line.block.level == level) or not grouped:
            grouped.append([line])
        else:
            grouped[-1].append(line)
    told = [_step(unit, lines, reader) for lines in grouped]
    return [replace(part, step=number) for number, part in enumerate((part for part in told if part), start=1)]


def _step(unit: Unit, lines: Sequence[Line], reader: Reader) -> Part | None:
    pieces = [piece for line in lines if (piece := rendered(line, unit.passage, reader)) is not None]
    return Part(_with_stops(pieces), tuple(quote for piece in pieces for quote in piece.quotes)) if pieces else None


def _with_stops(pieces: Sequence[Rendered]) -> str:
    """The pieces as running text: one that ends without a stop gets a semicolon, since lists drop theirs."""
    return " ".join(
        piece.text if place == len(pieces) - 1 or piece.text.endswith((".", "!", "?", ":", ";", ")")) else f"{piece.text};"
        for place, piece in enumerate(pieces)
    )


def _sentences(unit: Unit, lines: Sequence[Line], reader: Reader, *, leads: bool = False) -> list[Part]:
    """One part for each line that can stand in a reply; a condition is told once for each block."""
    parts: list[Part] = []
    told: Block | None = None
    for line in lines:
        shown = rendered(line, unit.passage, reader, conditioned=line.block is not told)
        if shown is not None and (leads or _stands_alone(line, unit.passage)):
            parts.append(Part(shown.text, shown.quotes))
            told = line.block
    return parts


def _stands_alone(line: Line, passage: Passage) -> bool:
    """Whether a reader can use the line without seeing what surrounds it in the article."""
    text = line.text.strip()
    if is_question_of(line, passage) or text.endswith(":") or len(text) > 700:
        return False
    return not (_POINTS_AWAY.search(text) or _ADDRESS.match(text))


def _line_score(line: Line, weights: Mapping[str, float]) -> float:
    return sum(weights.get(stem, 0.0) for stem in set(content_stems(line.text)))


def _best_items(one: _Scored) -> list[Line]:
    """The whole list when it is short, else its best items in their order."""
    lines = one.unit.lines
    if len(lines) <= 6 and sum(len(line.text) for line in lines) <= 600:
        return list(lines)
    ranked = sorted(lines, key=lambda line: -_line_score(line, one.weights))[:4]
    return [line for line in lines if line in ranked]


def _best_run(one: _Scored) -> list[Line]:
    """The best run of up to three sentences; one that leans on the sentence before brings it along."""
    lines = one.unit.lines
    if len(lines) <= 3:
        return list(lines)
    scores = [_line_score(line, one.weights) for line in lines]
    begin = max(range(len(lines) - 2), key=lambda place: (sum(scores[place : place + 3]), -place))
    while begin > 0 and _LEANS_BACK.match(lines[begin].text):
        begin -= 1
    return list(lines[begin : begin + 3])


# --- what is not covered -----------------------------------------------------------------------------------


def _context(chosen: Sequence[_Saying]) -> list[str]:
    return [" ".join((saying.unit.passage.title, *saying.unit.headings[-2:])) for saying in chosen]


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
    return tuple(ask.text for ask, near in zip(doubtful, _nearness(doubtful, parts, embedder), strict=True) if near < 0.4)


def _nearness(asked: Sequence[Ask], parts: Sequence[Part], embedder: Embedder) -> list[float]:
    """The best cosine of each ask with a part."""
    vectors = embedder.embed([ask.text for ask in asked] + [part.text[:300] for part in parts])
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
