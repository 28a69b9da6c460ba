"""What a draft may not carry out, enforced in code after it was phrased: addresses, identifiers, markup, secrets.

Runs on every draft, whoever phrased it. Retrieved text is data: even a model that obeys each instruction it
reads, or repeats all that it was shown, gets nothing past this page that its cited public sources and this
ticket do not hold. A part with a violation is removed whole, but for one whose only fault is an address that it
quotes: there "(…)" stands for the address, so that no step is missing. Notices name the kind, never the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.answering.instructions import addresses_a_model
from assistant.answering.language import sentences, words
from assistant.answering.seen import seen_in
from assistant.answering.violations import (
    ADDRESS,
    CANARY,
    HIDDEN,
    INSTRUCTION,
    MARKUP,
    NAME,
    Allowed,
    Policy,
    is_foreign,
    violations,
)
from assistant.domain import Draft, Part, Passage, Question, Quote, Suggestion

VersionKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Guarded:
    """The draft without what violated, and why, one line per kind; `shortened` are parts that lost an address."""

    draft: Draft
    notices: tuple[str, ...]
    removed: tuple[tuple[Part, str], ...] = ()
    shortened: tuple[Part, ...] = ()


def guarded(
    draft: Draft, whole: Mapping[VersionKey, Passage], question: Question, policy: Policy = Policy()
) -> Guarded:
    """The draft without parts, uncovered asks and suggested sentences that carry out what they may not.

    `whole` holds the complete versions that the parts' quotes are from; a part that cites anything else goes.
    """
    may = _Mentions(whole, question, policy)
    kept: list[Part] = []
    removed: list[tuple[Part, str]] = []
    shortened: list[Part] = []
    for part in draft.parts:
        kinds = _part_violations(part, may)
        without = _without_addresses(part, may) if kinds == (ADDRESS,) else None
        if without is not None:
            shortened.append(part)
            kept.append(without)
        elif kinds:
            removed.extend((part, kind) for kind in kinds[:1])
        else:
            kept.append(part)
    told = (_clean_suggestion(one, may(tuple(whole))) for one in draft.suggestions)
    clean = replace(
        draft,
        parts=tuple(kept),
        uncovered=tuple(text for text in draft.uncovered if not _outward(violations(text, may(())))),
        suggestions=tuple(suggestion for suggestion in told if suggestion is not None),
    )
    return Guarded(clean, (*_notices(removed), *_left_out(shortened)), tuple(removed), tuple(shortened))


@dataclass(slots=True)
class _Mentions:
    """What texts that cite these versions may mention, each set of versions read once for one draft."""

    whole: Mapping[VersionKey, Passage]
    question: Question
    policy: Policy
    _known: dict[tuple[VersionKey, ...], Allowed] = field(default_factory=dict)

    def __call__(self, keys: tuple[VersionKey, ...]) -> Allowed:
        if keys not in self._known:
            sources = tuple(self.whole[key] for key in keys)
            self._known[keys] = Allowed(sources, self.question, self.policy)
        return self._known[keys]


def _part_violations(part: Part, may: _Mentions) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys((quote.document_key, quote.version) for quote in part.quotes))
    if not keys or any(key not in may.whole for key in keys):
        return (INSTRUCTION,) if not keys else (ADDRESS,)
    if any(addresses_a_model(quote.text) for quote in part.quotes):
        return (INSTRUCTION,)
    kinds = violations(part.text, may(keys))
    quoted = " ".join(quote.text for quote in part.quotes)
    if INSTRUCTION in kinds and words(quoted) == words(part.text) and not addresses_a_model(quoted):
        # "System: Windows 10, macOS 12" is a table's row, whose cells only we have put together like that.
        kinds = tuple(kind for kind in kinds if kind != INSTRUCTION)
    return kinds


def _without_addresses(part: Part, may: _Mentions) -> Part | None:
    """The part with "(…)" for each foreign address that its quotes hold as it stands, and its quotes without them.

    None where that is not all that is wrong with it, or where nothing else would be left.
    """
    keys = tuple(dict.fromkeys((quote.document_key, quote.version) for quote in part.quotes))
    if any(key not in may.whole for key in keys):
        return None
    allowed = may(keys)
    foreign = {address.text for address in seen_in(part.text).written if is_foreign(address, allowed)}
    quoted = " ".join(quote.text for quote in part.quotes)
    if not foreign or not all(text in quoted for text in foreign):
        return None
    named = "|".join(re.escape(text) for text in sorted(foreign, key=len, reverse=True))
    token = re.compile(rf"[^\s(\[<\"']*(?:{named})(?:[^\s]*[^\s.,;:!?)\]>\"'])?")
    quotes = tuple(piece for quote in part.quotes for piece in _pieces(quote, token))
    without = replace(part, text=token.sub("(…)", part.text), quotes=quotes)
    is_told = any(char.isalnum() for char in without.text)
    return without if is_told and quotes and not _part_violations(without, may) else None


def _pieces(quote: Quote, token: re.Pattern[str]) -> Iterator[Quote]:
    """What stands of a quote before, between and after the matches, each a quote of its own."""
    edges = [0, *(edge for match in token.finditer(quote.text) for edge in match.span()), len(quote.text)]
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        text = quote.text[begin:end]
        if any(char.isalnum() for char in text):
            start = quote.start + begin + len(text) - len(text.lstrip())
            yield replace(quote, start=start, end=start + len(text.strip()), text=text.strip())


def _left_out(shortened: Sequence[Part]) -> tuple[str, ...]:
    count = len(shortened)
    return (f"(…) in {count} {'part' if count == 1 else 'parts'} of the draft stands for {ADDRESS}",) if count else ()


def _outward(kinds: Sequence[str]) -> bool:
    """The customer's own words may hold their names and codes, but nothing that acts when it is shown."""
    return any(kind in (HIDDEN, MARKUP, CANARY, INSTRUCTION, ADDRESS) for kind in kinds)


def _clean_suggestion(suggestion: Suggestion, allowed: Allowed) -> Suggestion | None:
    """Only the sentences that carry nothing of another customer; None when none is left."""
    told = [suggestion.text[start:end] for start, end in sentences(suggestion.text)]
    kept = [text for text in told if not set(violations(text, allowed)) - {NAME}]
    return replace(suggestion, text=" ".join(kept)) if kept else None


def _notices(removed: Sequence[tuple[Part, str]]) -> tuple[str, ...]:
    counted = Counter(kind for _, kind in removed)
    return tuple(
        f"removed {count} {'part' if count == 1 else 'parts'} of the draft: {kind}" for kind, count in counted.items()
    )
