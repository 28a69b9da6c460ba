"""Text in, text with placeholders out: the same person or thing is the same placeholder all through a conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from assistant.redaction.identifiers import addresses, cards, emails, ibans
from assistant.redaction.names import names
from assistant.redaction.phones import phones
from assistant.redaction.rules import Known, NameFinder, Rules, Span
from assistant.redaction.secrets import URL, secrets, url_secrets

_BLANK = "\ufffc"
"""Stands where something was found already: no finder takes it for a part of anything."""

_COUNTRIES = {"en": "", "da": "DK", "sv": "SE", "cs": "CZ", "el": "GR", "ja": "JP", "ko": "KR", "zh": "CN", "uk": "UA"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One replaced span `[start, end)` of the original text."""

    start: int
    end: int
    kind: str
    placeholder: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text as it may be kept, and what was taken out, in order; the original words are nowhere in it."""

    text: str
    found: tuple[Finding, ...]


def redacted(text: str, known: Known = Known(), rules: Rules = Rules()) -> Redacted:
    """`text` with placeholders for everything personal or secret.

    >>> redacted("Hi Ann, I am bo@example.org, not BO@example.org. Call +44 20 7946 0018.").text
    'Hi [person 1], I am [email 1], not [email 1]. Call [phone 1].'
    """
    return redacted_together((text,), known, rules)[0]


def redacted_together(texts: Sequence[str], known: Known = Known(), rules: Rules = Rules()) -> tuple[Redacted, ...]:
    """The texts of one conversation: what is known from one holds for all, and placeholders agree."""
    spans = _spans(texts, known, rules)
    numbers: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    return tuple(_replaced(text, found, numbers, counts) for text, found in zip(texts, spans, strict=True))


@dataclass(frozen=True, slots=True)
class Redactor:
    """The rules of one desk, applied; what the stores are given."""

    rules: Rules = field(default_factory=Rules)

    def text(self, text: str, known: Known = Known()) -> str:
        """`text` as it may be kept."""
        return redacted(text, known, self.rules).text

    def texts(self, texts: Sequence[str], known: Known = Known()) -> tuple[str, ...]:
        """The texts of one conversation as they may be kept."""
        return tuple(found.text for found in redacted_together(texts, known, self.rules))


def _spans(texts: Sequence[str], known: Known, rules: Rules) -> list[list[Span]]:
    """What every finder finds, the surer ones first: a later one sees blanks where an earlier one found something."""
    keep = (*rules.keep, *known.keep)
    regions = _regions(known.locale, rules.regions)
    finders: list[Callable[[str], Iterable[Span]]] = [url_secrets, emails, ibans, cards, secrets]
    finders += [_by_pattern(kind, pattern) for kind, pattern in rules.patterns]
    finders += [addresses, _blank_urls, lambda text: phones(text, regions)]
    masked = [_without_kept(text, keep) for text in texts]
    spans: list[list[Span]] = [[] for _ in texts]
    for at, text in enumerate(masked):
        for find in finders:
            found = _apart(find(text))
            spans[at] += [span for span in found if span.kind]
            text = _blanked(text, found)
        masked[at] = text
    for at, found in enumerate(names(masked, known, keep)):
        spans[at] += found
        if rules.finder is not None:
            spans[at] += _by_model(rules.finder, _blanked(masked[at], _apart(found)))
    return spans


def _regions(locale: str, regions: Sequence[str]) -> tuple[str, ...]:
    """The ticket's own country first."""
    language, _, country = locale.replace("_", "-").partition("-")
    own = country.upper() or _COUNTRIES.get(language.lower(), language.upper())
    return tuple(dict.fromkeys(region for region in (own, *regions) if len(region) == 2))


def _without_kept(text: str, keep: Iterable[str]) -> str:
    for term in keep:
        if term.strip():
            text = re.sub(rf"(?<!\w){re.escape(term)}(?!\w)", lambda m: _BLANK * len(m[0]), text, flags=re.IGNORECASE)
    return text


def _by_pattern(kind: str, pattern: str) -> Callable[[str], Iterable[Span]]:
    expression = re.compile(pattern)
    return lambda text: (Span(*m.span(), kind, m[0].casefold()) for m in expression.finditer(text) if m[0])


def _by_model(finder: NameFinder, text: str) -> list[Span]:
    """What a model takes for names in the rest, the least sure finder of all; nothing that reaches over a blank."""
    found = [Span(start, end, "person", text[start:end].casefold()) for start, end in finder(text)]
    return [span for span in _apart(found) if _BLANK not in text[span.start : span.end]]


def _blank_urls(text: str) -> Iterable[Span]:
    """An address is no phone number and no name; a span without a kind is only blanked."""
    return (Span(*match.span(), "", "") for match in URL.finditer(text))


def _apart(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, of overlapping ones the first and longest."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _blanked(text: str, spans: Sequence[Span]) -> str:
    if not spans:
        return text
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], _BLANK * (span.end - span.start)]
        at = span.end
    return "".join([*pieces, text[at:]])


def _replaced(
    text: str, spans: Iterable[Span], numbers: dict[tuple[str, str], int], counts: dict[str, int]
) -> Redacted:
    pieces: list[str] = []
    found: list[Finding] = []
    at = 0
    for span in _apart(spans):
        key = (span.kind, span.identity)
        if key not in numbers:
            counts[span.kind] = numbers[key] = counts.get(span.kind, 0) + 1
        placeholder = f"[{span.kind} {numbers[key]}]"
        pieces += [text[at : span.start], placeholder]
        found.append(Finding(span.start, span.end, span.kind, placeholder))
        at = span.end
    return Redacted("".join([*pieces, text[at:]]), tuple(found))
