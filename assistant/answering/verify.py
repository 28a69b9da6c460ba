"""Each part of a draft against what it cites: exact quotes always, then words, numbers, names, negation, meaning.

Between drafting and deciding. A part that only repeats its quotes (the extractive draft) is checked without a
model; a part in other words gets a probability of being fully supported, from how much of it its evidence says
in the same order, what it adds, and how near the nearest sentence is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log1p

import numpy as np

from assistant.answering.conditions import phrase
from assistant.answering.contradictions import Contradiction, Kind, contradictions
from assistant.answering.facts import measures_in, names_in
from assistant.answering.language import NEGATIONS, sentences, stem, words
from assistant.domain import Draft, Part, Passage, Support
from assistant.seams import Embedder
from assistant.stopwords import STOP_WORDS

VersionKey = tuple[str, int]
"""Document key and version."""

# Logistic model over `FEATURES`, fitted on the three BEGIN development parts, fully attributable against the rest.
# Refit: python -m eval.verifier_report --refit
FEATURES = ("order", "window", "weakest", "added", "personal", "asks", "negates", "cosine")
WEIGHTS = (4.44, 1.712, 1.054, -0.997, -1.433, -4.103, -2.24, 1.9)
INTERCEPT = -5.458

# The highest score that each kind of contradiction allows, all below what a draft's part needs (0.5).
NUMBER_CAP = 0.2
NEGATION_CAP = 0.3
OTHERWISE_CAP = 0.3
NAME_CAP = 0.4
CONDITION_CAP = 0.45
_CAPS: Mapping[Kind, float] = {
    "number": NUMBER_CAP, "unit": NUMBER_CAP, "name": NAME_CAP, "condition": CONDITION_CAP
}  # fmt: skip

_MAX_CLAIM_WORDS = 200
_MOST_WORDS_NAMED = 5
_MAX_CLAIM_CHARS = 4_000  # a longer part is no sentence or step, and none of it may go unread: it is refused
_MAX_EVIDENCE_CHARS = 20_000
_MAX_WINDOW_WORDS = 400
_MAX_EMBEDDED_SENTENCES = 6
_SPACED_CLITIC = re.compile(r"\s+(?=n't\b|['\u2019](?:s|t|re|ve|ll|d|m)\b)|\s+(?=[.,!?;:])")
_PERSONAL = frozenset("i i'm i've i'd i'll im me my mine myself we we're our ours us".split())
_LABEL = re.compile(r"(?:^|(?<=\()|(?<=; )|(?<=[.:] ))(?:on|in|for|before|except) [^:;()]{2,80}: ?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SupportScore:
    """How well evidence supports a claim: `score` in [0, 1], the claim's words that it lacks, and why it was capped."""

    score: float
    unsupported: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The evidence as one claim needs it.

    `sentences` are those that share most words with the claim, in their order, `held` the stems of each; `order`
    are their stems in sequence, `known` all of the evidence's stems; `closest` shares most with the claim.
    """

    text: str
    sentences: tuple[str, ...]
    held: tuple[frozenset[str], ...]
    order: tuple[str, ...]
    known: frozenset[str]
    closest: str
    nearest_first: tuple[str, ...]


def verify(
    draft: Draft,
    evidence: Mapping[VersionKey, str],
    embedder: Embedder,
    *,
    whole: Mapping[VersionKey, Passage] | None = None,
) -> list[Support]:
    """The verdict on each part, in order; `evidence` holds the stored text of every cited version.

    A quote that is not the stored text at its offsets makes the part's score 0. `whole` brings the blocks, so that
    a condition ("On Windows: …") is checked against the one that the quoted block is limited to.
    """
    return [_support(part, evidence, embedder, whole or {}) for part in draft.parts]


def in_doubt(verdicts: Iterable[Support]) -> str:
    """The first words that parts without support say and their sources do not, for a warning; empty without any.

    >>> in_doubt([Support(Part("It costs 5 dollars.", ()), 0.2, ("5", "dollars"))])
    ' ("5", "dollars")'
    """
    lacking = list(dict.fromkeys(word for verdict in verdicts for word in verdict.unsupported))
    named = ", ".join(f'"{word}"' for word in lacking[:_MOST_WORDS_NAMED])
    more = ", …" if len(lacking) > _MOST_WORDS_NAMED else ""
    return f" ({named}{more})" if lacking else ""


def _support(
    part: Part, evidence: Mapping[VersionKey, str], embedder: Embedder, whole: Mapping[VersionKey, Passage]
) -> Support:
    if not part.quotes or not all(_is_exact(part, place, evidence) for place in range(len(part.quotes))):
        return Support(part, 0.0, tuple(words(part.text)[:20]))
    conditions = _conditions(part, whole)
    if _repeats_quotes(part, conditions, checked=bool(whole)):
        return Support(part, 1.0)
    told = "\n".join([*(quote.text for quote in part.quotes), *(phrase(condition) for condition in conditions)])
    verdict = support_score(part.text, told, embedder)
    if conditions and not set(words(part.text)) & set(words(" ".join(conditions))):
        return Support(part, min(verdict.score, CONDITION_CAP), (*verdict.unsupported, f"({phrase(conditions[0])})"))
    return Support(part, verdict.score, verdict.unsupported)


def _is_exact(part: Part, place: int, evidence: Mapping[VersionKey, str]) -> bool:
    quote = part.quotes[place]
    stored = evidence.get((quote.document_key, quote.version))
    return stored is not None and bool(quote.text.strip()) and stored[quote.start : quote.end] == quote.text


def _conditions(part: Part, whole: Mapping[VersionKey, Passage]) -> list[str]:
    """What the quoted blocks and variants are limited to, each once."""
    found: dict[str, None] = {}
    for quote in part.quotes:
        passage = whole.get((quote.document_key, quote.version))
        for block in passage.blocks if passage else ():
            if block.start < quote.end and block.end > quote.start:
                spans = [v.condition for v in block.variants if v.start < quote.end and v.end > quote.start]
                found.update(dict.fromkeys(condition for condition in (block.condition, *spans) if condition))
    return list(found)


def _repeats_quotes(part: Part, conditions: Sequence[str], *, checked: bool) -> bool:
    """Whether the part is its quotes word for word, but for labels that name their conditions."""
    allowed = {word for condition in conditions for word in words(phrase(condition))}
    quoted = [word for quote in part.quotes for word in words(quote.text)]
    place, begin = 0, 0
    for label in _LABEL.finditer(part.text):
        before, named = words(part.text[begin : label.start()]), words(label.group())
        place, begin = place + len(before), label.start()
        if quoted[place - len(before) : place] != before:
            return False
        if quoted[place : place + len(named)] != named:  # the text may itself read like a label
            if checked and not set(named) <= allowed:
                return False
            begin = label.end()
    return quoted[place:] == words(part.text[begin:])


def support_score(claim: str, evidence: str, embedder: Embedder) -> SupportScore:
    """How likely the evidence says all that the claim says, as a probability in [0, 1], with what is missing.

    Numbers, negation, and names of screens and settings that the evidence lacks cap the score, and so does what it
    says otherwise (see `contradictions`).
    """
    if len(claim) > _MAX_CLAIM_CHARS:
        return SupportScore(0.0, (), ("length",))
    claim = _SPACED_CLITIC.sub("", claim)
    near = _near(claim, _SPACED_CLITIC.sub("", evidence[:_MAX_EVIDENCE_CHARS]))
    if not words(claim) or not near.sentences:
        return SupportScore(0.0, tuple(words(claim)[:20]))
    features = _features(claim, near, _cosine(claim, near, embedder))
    total = INTERCEPT + sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))
    otherwise = contradictions(claim, near.sentences)
    caps = _caps(claim, near, otherwise)
    score = min([1.0 / (1.0 + exp(-total)), *caps.values()])
    lacking = (*(one.shown for one in otherwise), *_unsupported(claim, near))
    return SupportScore(score, tuple(dict.fromkeys(lacking)), tuple(caps))


def claim_features(claim: str, evidence: str, embedder: Embedder) -> tuple[float, ...]:
    """The values of `FEATURES` for a claim: what the model is fitted on."""
    claim = _SPACED_CLITIC.sub("", claim[:_MAX_CLAIM_CHARS])
    near = _near(claim, _SPACED_CLITIC.sub("", evidence[:_MAX_EVIDENCE_CHARS]))
    return _features(claim, near, _cosine(claim, near, embedder))


def _near(claim: str, evidence: str) -> _Evidence:
    """The evidence's sentences; when there are many words, only of those that share most with the claim."""
    wanted = set(_content(claim))
    texts = [evidence[start:end] for start, end in sentences(evidence)]
    stems = [_stems(text) for text in texts]
    ranked = sorted(range(len(texts)), key=lambda place: -len(wanted.intersection(stems[place])))
    kept: list[int] = []
    room = _MAX_WINDOW_WORDS
    for place in ranked:
        if room <= 0:
            break
        kept.append(place)
        room -= len(stems[place])
    kept.sort()
    return _Evidence(
        text=evidence,
        sentences=tuple(texts[place] for place in kept),
        held=tuple(frozenset(stems[place]) for place in kept),
        order=tuple(stem for place in kept for stem in stems[place])[: 2 * _MAX_WINDOW_WORDS],
        known=frozenset(stem for found in stems for stem in found),
        closest=texts[ranked[0]] if ranked else "",
        nearest_first=tuple(texts[place] for place in ranked[:_MAX_EMBEDDED_SENTENCES]),
    )


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


def _content(text: str) -> list[str]:
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


def _features(claim: str, near: _Evidence, cosine: float) -> tuple[float, ...]:
    said = _stems(claim)[:_MAX_CLAIM_WORDS]
    content = _content(claim)
    spoken = words(claim)
    parts = [_content(claim[start:end]) for start, end in sentences(claim)]
    return (
        _common_length(said, near.order) / max(len(said), 1),
        _best_window(content, near.held),
        min((_share(part, near.known) for part in parts), default=0.0),
        log1p(len(set(content) - near.known)),
        float(any(word in _PERSONAL for word in spoken)),
        float("?" in claim),
        float(_negates(spoken) and not _negates(words(near.text))),
        cosine,
    )


def _share(content: Sequence[str], known: frozenset[str]) -> float:
    return sum(one in known for one in content) / len(content) if content else 0.0


def _common_length(said: Sequence[str], held: Sequence[str]) -> int:
    """Length of the longest common subsequence.

    >>> _common_length(["click", "the", "save", "button"], ["click", "save", "or", "the", "button"])
    3
    """
    lengths = [0] * (len(held) + 1)
    for word in said:
        diagonal = 0
        for place, other in enumerate(held, start=1):
            above = lengths[place]
            lengths[place] = diagonal + 1 if word == other else max(above, lengths[place - 1])
            diagonal = above
    return lengths[-1]


def _best_window(content: Sequence[str], held: Sequence[frozenset[str]]) -> float:
    """The largest share of the claim's content that one sentence, or two neighbours, says."""
    pairs = [one | other for one, other in pairwise(held)]
    return max((_share(content, window) for window in (*held, *pairs)), default=0.0)


def _negates(spoken: Sequence[str]) -> bool:
    return any(word in NEGATIONS or word.endswith("n't") for word in spoken)


def _cosine(claim: str, near: _Evidence, embedder: Embedder) -> float:
    """The best cosine of the claim with one of the sentences that share most words with it."""
    if not near.nearest_first:
        return 0.0
    vectors = embedder.embed([claim, *near.nearest_first])
    return float(np.max(vectors[1:] @ vectors[0]))


def _caps(claim: str, near: _Evidence, otherwise: Sequence[Contradiction]) -> dict[str, float]:
    """The highest score that each kind of contradiction allows."""
    caps: dict[str, float] = {one.kind: _CAPS.get(one.kind, OTHERWISE_CAP) for one in otherwise}
    if _missing_numbers(claim, near.text):
        caps["number"] = NUMBER_CAP
    if _missing_names(claim, near):
        caps["name"] = NAME_CAP
    closest = words(near.closest)
    if _negates(words(claim)) != _negates(closest):
        caps["negation"] = NEGATION_CAP
    return caps


def _missing_numbers(claim: str, evidence: str) -> list[str]:
    """Numbers of the claim, with their unit where both give one, that the evidence does not have.

    >>> _missing_numbers("At most 25 MB in 2 files", "The limit is 25 GB for 2 files.")
    ['25 MB']
    """
    held = _measured(evidence)
    return [
        shown
        for figure, units in _measured(claim).items()
        for unit, shown in units.items()
        if figure not in held or (unit and unit not in held[figure] and "" not in held[figure])
    ]


def _measured(text: str) -> dict[str, dict[str, str]]:
    """Of each figure the units that it comes with, empty for none, and how that is written."""
    found: dict[str, dict[str, str]] = {}
    for fact in measures_in(text):
        if fact.kind == "unit":
            found.setdefault(fact.key, {}).setdefault(fact.value, fact.shown)
    return found


def _missing_names(claim: str, near: _Evidence) -> list[str]:
    """Names in the claim of which the evidence lacks a word."""
    return [name for name in names_in(claim) if not set(_content(name)) <= near.known]


def _unsupported(claim: str, near: _Evidence) -> tuple[str, ...]:
    """The claim's own words that the evidence lacks, in order, each once; a lone negation among them."""
    negated = _negates(words(near.closest))
    lacking = [
        word
        for word in words(claim)
        if (word not in STOP_WORDS and stem(word) not in near.known)
        or (not negated and (word in NEGATIONS or word.endswith("n't")))
    ]
    return tuple(dict.fromkeys([*_missing_numbers(claim, near.text), *lacking]))
