"""From candidates to a draft without a model: the section that answers, steps whole and in order, each line quoted.

Between retrieval and verification. Sections are ranked by meaning and by their articles' rank (`sections`); within a
section, words weighed by rarity and structure choose what is told. Most replies need one section; another is told
for an ask that the first leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answering.asks import asks, asks_how, question_weights, rarity
from assistant.answering.conditions import Reader
from assistant.answering.conversation import Sent
from assistant.answering.facts import states_limit
from assistant.answering.language import content_stems
from assistant.answering.outline import Found, VersionKey, found_units
from assistant.answering.sections import Ranked, Section, in_sequence, nearest_first, sections
from assistant.answering.telling import Voice, heading_of, leans_on_others, repeats_steps
from assistant.domain import Candidate, Draft, Part, Passage, Question
from assistant.seams import Embedder


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a draft may say. A procedure that is chosen is told to its end, within its own limits."""

    parts: int = 9
    chars: int = 900
    documents: int = 3
    steps: int = 24
    procedure_chars: int = 3_600
    searched_documents: int = 5
    least_chars: int = 150


_TOLD = 0.3  # cosine from which what is told is taken to tell of an ask
_NEAR = 0.45  # cosine from which a section that is not told yet is worth telling for it
_CLOSE_BEHIND = 0.1  # how far behind the best a section of its document may rank to fill up or to go on
_STEPS_BEHIND = 0.2  # how far behind the best one with steps may rank, when steps are wanted and the best has none
_NEXT_BEST = 0.25  # how far behind the best a section may rank that takes its place when that was sent before
_MOST_ASKS = 4


def extractive(
    question: Question,
    candidates: Sequence[Candidate],
    embedder: Embedder,
    *,
    whole: Mapping[VersionKey, Passage] | None = None,
    limits: Limits = Limits(),
) -> Draft:
    """A draft from the candidates (articles and FAQs, best first); without anything to say it has no parts.

    `whole` holds complete versions of the leading documents, so that procedures that a chunk's edge cuts are told
    to their end. Every part has at least one quote that is one span of one block.
    """
    reader = Reader.of(question)
    found = found_units(candidates, whole or {}, documents=limits.searched_documents)
    sent = Sent.of(question)
    asked, how = question_weights(question), asks_how(question)
    several = len(asks(question)) > 1 or bool(sent)  # when the best section was sent already, the next has to do

    def rank(some: Sequence[Section]) -> list[Ranked]:
        return nearest_first(question, some, asked, reader, embedder, how=how, several=several)

    parted = sections(found)
    ranked = _steps_first(rank(parted)) if how else rank(parted)
    teller = _Teller(tuple(found), asked, _weighed(asked, found), _headings(found), reader, limits, sent)
    sequence = in_sequence(ranked[0].section, parted, asked) if ranked else []
    reply = teller.in_order(sequence) or teller.opening(ranked)
    reply = _gone_on(reply, ranked, parted, rank, teller)
    reply = _limited(reply, parted, teller)
    reply, uncovered = _for_each_ask(question, reply, ranked, teller, embedder)
    return Draft(reply.parts, uncovered, sent=teller.sent_before(ranked, reply))


def _weighed(asked: Mapping[str, float], found: Sequence[Found]) -> dict[str, float]:
    """The weights of the question's stems that were found, less for those that are found everywhere."""
    rare = rarity(one.unit.stems for one in found if one.touched)
    return {stem: weight * rare[stem] for stem, weight in asked.items() if stem in rare}


def _headings(found: Sequence[Found]) -> dict[str, frozenset[str]]:
    """What the sections of each document are headed, in lower case."""
    headings: dict[str, set[str]] = {}
    for one in found:
        headings.setdefault(one.document_key, set()).add(one.headings[-1].casefold())
    return {key: frozenset(texts) for key, texts in headings.items()}


def _steps_first(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The best section with steps first, when the best has none and it is of the same document and not far behind."""
    best = ranked[0] if ranked else None
    for one in ranked:
        if best is None or one.score < best.score - _STEPS_BEHIND:
            break
        if one.section.has_steps and one.section.document_key == best.section.document_key:
            return [one, *(other for other in ranked if other is not one)]
    return list(ranked)


# --- choosing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Saying:
    """A unit as it will be told."""

    found: Found
    parts: tuple[Part, ...]

    @property
    def chars(self) -> int:
        return sum(len(part.text) for part in self.parts)

    @property
    def is_procedure(self) -> bool:
        return self.found.unit.kind == "procedure"


@dataclass(frozen=True, slots=True)
class _Reply:
    """What is told, section after section."""

    sayings: tuple[_Saying, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for saying in self.sayings for part in saying.parts)

    @property
    def chars(self) -> int:
        return sum(saying.chars for saying in self.sayings)

    def plus(self, section: Section, sayings: Sequence[_Saying]) -> _Reply:
        """With a further section; one of a document that speaks already is told in the article's order."""
        told = [*self.sayings, *sayings]
        order = list(dict.fromkeys(saying.found.document_key for saying in told))
        told.sort(key=lambda saying: (order.index(saying.found.document_key), saying.found.unit.start))
        return _Reply(tuple(told), (*self.sections, section))


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells sections of what was found to one reader.

    `asked` are the question's stems, `weights` what those that were found tell, `headings` those of each document's
    sections, in lower case.
    """

    found: tuple[Found, ...]
    asked: Mapping[str, float]
    weights: Mapping[str, float]
    headings: Mapping[str, frozenset[str]]
    reader: Reader
    limits: Limits
    sent: Sent

    def in_order(self, sequence: Sequence[Section]) -> _Reply | None:
        """These sections one after the other as far as there is room; None without any."""
        reply = _Reply()
        for section in sequence:
            longer = self.further(reply, section)
            if longer is reply:
                break
            reply = longer
        return reply if reply.sections else None

    def opening(self, ranked: Sequence[Ranked]) -> _Reply:
        """The best section that anything can be told of; when that is a line only, those close behind as well."""
        reply, best = _Reply(), 0.0
        for one in ranked:
            if not reply.sections and self.sent and one.score < ranked[0].score - _NEXT_BEST:
                break
            if not reply.sections:
                reply, best = self.further(reply, one.section), one.score
            elif (
                reply.chars < self.limits.least_chars
                and one.score >= best - _CLOSE_BEHIND
                and one.section.document_key == reply.sections[0].document_key
            ):
                reply = self.further(reply, one.section)
        return reply

    def further(self, reply: _Reply, section: Section) -> _Reply:
        """The reply with this section; unchanged when nothing of it can be told, fits, or is new."""
        sayings: list[_Saying] = []
        for one in sorted(section.found, key=lambda one: -self._worth(one)):
            told = [saying for saying in self._with_steps(one) if not _repeats(saying, (*reply.sayings, *sayings))]
            if told and self._fits(self._headed(told), (*reply.sayings, *sayings)):  # its heading takes room as well
                sayings += told
        anchored = self._headed(self._anchored(section, sayings))
        return reply.plus(section, anchored) if anchored else reply

    def sent_before(self, ranked: Sequence[Ranked], reply: _Reply) -> int:
        """How many parts of the sections that fit best, and of those that are told, an agent has sent already."""
        if not self.sent:
            return 0
        looked_at = dict.fromkeys((*(one.section for one in ranked), *reply.sections))
        anew = replace(self, sent=Sent())
        told = [saying.parts for section in looked_at for one in section.found for saying in anew._with_steps(one)]
        return sum(len(parts) - len(self.sent.unsent(parts)) for parts in told)

    def _headed(self, sayings: Sequence[_Saying]) -> list[_Saying]:
        """The sayings under their section's heading, where that says what they leave out."""
        if not sayings:
            return []
        first, told = sayings[0], [part for saying in sayings for part in saying.parts]
        heading = heading_of(first.found.unit, first.found.candidate.passage, self.reader, told)
        return [replace(first, parts=(heading, *first.parts)) if heading else first, *sayings[1:]]

    def _worth(self, one: Found) -> float:
        """The share of the question that a unit speaks of; steps are worth more than prose, a few words less."""
        total = sum(self.weights.values()) or 1.0
        worth = sum(weight for stem, weight in self.weights.items() if stem in one.unit.stems) / total
        worth += 0.5 if one.unit.kind == "procedure" and not leans_on_others(one.unit) else 0.0
        condition = one.unit.lines[0].block.condition
        if condition:
            worth += 0.1 if self.reader.is_certain(condition) else -0.3
        return worth - (0.5 if len(one.unit.stems) < 5 else 0.0)

    def _with_steps(self, one: Found) -> list[_Saying]:
        """The unit, after the steps that it sends the reader back to; nothing when those are not at hand."""
        told = [one]
        if repeats_steps(one.unit):
            before = [
                other
                for other in self.found
                if other.unit.kind == "procedure"
                and other.document_key == one.document_key
                and other.unit.end <= one.unit.start
            ]
            if not before:
                return []
            told = [max(before, key=lambda other: other.unit.start), one]
        sayings = [saying for each in told if (saying := self._told(each)) is not None]
        return sayings if len(sayings) == len(told) else []

    def _fits(self, sayings: Sequence[_Saying], told: Sequence[_Saying]) -> bool:
        """Whether there is room; a procedure that opens the reply, or follows a short introduction, has its own."""
        together = (*told, *sayings)
        if len({saying.found.document_key for saying in together}) > self.limits.documents:
            return False
        opens = not any(saying.is_procedure for saying in told) and 2 * sum(s.chars for s in told) <= self.limits.chars
        if opens and any(saying.is_procedure for saying in sayings):
            return True
        parts = sum(len(saying.parts) for saying in together)
        return parts <= self.limits.parts and sum(saying.chars for saying in together) <= self.limits.chars

    def _anchored(self, section: Section, sayings: Sequence[_Saying]) -> list[_Saying]:
        """The sayings told again in the article's order, those without what leans on a unit that is not told."""
        said = {saying.found.unit for saying in sayings}
        before = {one.unit: other.unit for other, one in zip(section.found, section.found[1:], strict=False)}
        again: list[_Saying] = []
        for saying in sorted(sayings, key=lambda saying: saying.found.unit.start):
            is_anchored = before.get(saying.found.unit) in said or saying.found not in section.found
            is_anchored |= saying.found.candidate.passage.kind == "faq"  # leans on the question, which the reader asked
            told = saying if is_anchored else self._told(saying.found, anchored=False)
            if told is None:
                said.discard(saying.found.unit)
            else:
                again.append(told)
        return again

    def _told(self, one: Found, *, anchored: bool = True) -> _Saying | None:
        """The unit's parts for this reader; None when nothing of it can stand in a reply."""
        passage, headings = one.candidate.passage, self.headings[one.document_key]
        voice = Voice(one.unit, passage, self.reader, anchored, headings, one.headings[-1], self.asked)
        if one.unit.kind == "procedure":
            parts = voice.procedure()
            chars = sum(len(part.text) for part in parts)
            parts = parts if len(parts) <= self.limits.steps and chars <= self.limits.procedure_chars else []
        else:
            parts = voice.listing(self.weights) if one.unit.kind == "list" else voice.prose(self.weights)
        parts = self.sent.unsent(parts) if self.sent else parts
        return _Saying(one, tuple(parts)) if parts else None


def _repeats(saying: _Saying, told: Sequence[_Saying]) -> bool:
    """Whether most of what would be said was said already."""
    said = [frozenset(content_stems(part.text)) for other in told for part in other.parts]
    again = [any(_same(frozenset(content_stems(part.text)), before) for before in said) for part in saying.parts]
    return sum(again) > len(again) / 2


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and len(one & other) / len(one) >= 0.8


def _gone_on(
    reply: _Reply,
    ranked: Sequence[Ranked],
    found: Sequence[Section],
    rank: Callable[[Sequence[Section]], list[Ranked]],
    teller: _Teller,
) -> _Reply:
    """The reply with the best section below its opening, where that has no steps and fits hardly better than it."""
    opening = next((one for one in ranked if reply.sections[:1] == (one.section,)), None)
    if opening is None or any(saying.is_procedure for saying in reply.sayings):
        return reply
    below = [section for section in found if section.is_below(opening.section) and section not in reply.sections]
    for one in rank(below):
        if one.score < opening.score - _CLOSE_BEHIND:
            break
        longer = teller.further(reply, one.section)
        if longer is not reply:
            return longer
    return reply


def _limited(reply: _Reply, found: Sequence[Section], teller: _Teller) -> _Reply:
    """The reply with the sentence that limits its steps, where their article says that before: "for 30 days"."""
    if not any(saying.is_procedure for saying in reply.sayings):
        return reply
    opening = reply.sections[0]
    for above in (section for section in found if opening.is_below(section) and section not in reply.sections):
        for one in (one for one in above.found if one.unit.kind == "prose"):
            for line in one.unit.lines:
                if states_limit(line.text) and not teller.weights.keys().isdisjoint(content_stems(line.text)):
                    told = teller._told(replace(one, unit=replace(one.unit, lead=(), lines=(line,))), anchored=False)
                    return reply.plus(above, [told]) if told else reply
    return reply


# --- what else is asked ------------------------------------------------------------------------------------


def _for_each_ask(
    question: Question, reply: _Reply, ranked: Sequence[Ranked], teller: _Teller, embedder: Embedder
) -> tuple[_Reply, tuple[str, ...]]:
    """The reply with a section for each ask that it leaves open, and the asks, as written, that no section tells of.

    Only asks whose words are mostly missing are embedded, and none when the question is one ask.
    """
    asked = asks(question)
    if not reply.sayings:
        return reply, tuple(ask.text for ask in asked)
    said = _said(reply)
    doubtful = [ask for ask in asked if len(ask.stems & said) < 0.5 * len(ask.stems)][:_MOST_ASKS]
    if not doubtful or len(asked) < 2:
        return reply, ()
    uncovered: list[str] = []
    for ask, vector in zip(doubtful, embedder.embed([ask.text for ask in doubtful]), strict=True):
        cosines = [(float(one.vector @ vector), one.section) for one in ranked]
        if max((near for near, section in cosines if section in reply.sections), default=0.0) < _TOLD:
            near, section = max(cosines, key=lambda pair: pair[0])
            longer = teller.further(reply, section) if near >= _NEAR else reply
            uncovered += [ask.text] if longer is reply else []
            reply = longer
    return reply, tuple(uncovered)


def _said(reply: _Reply) -> set[str]:
    """The stems of what is told and of the titles and headings that it stands under."""
    return {
        stem
        for text in (*(part.text for part in reply.parts), *(section.heading for section in reply.sections))
        for stem in content_stems(text)
    }
