"""What redaction is told: who is known to take part in a conversation, and what this desk adds or keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "AU", "IN", "BR")
"""Where numbers written without a country code are looked for, unless the settings say otherwise."""

NameFinder = Callable[[str], Sequence[tuple[int, int]]]
"""Half-open spans of persons' names in a text: the seam for a model."""


@dataclass(frozen=True, slots=True)
class Person:
    """One participant: every spelling of the name, handles included, and the addresses."""

    names: tuple[str, ...]
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What a ticket's own record says about who takes part, in which language, and about which product."""

    people: tuple[Person, ...] = ()
    keep: tuple[str, ...] = ()
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a desk adds: `patterns` as (placeholder's word, regular expression), `keep` as words never taken out.

    `regions` are ISO 3166 codes of the countries whose phone numbers are written without a country code.
    """

    patterns: tuple[tuple[str, str], ...] = ()
    keep: tuple[str, ...] = ()
    regions: tuple[str, ...] = REGIONS
    finder: NameFinder | None = field(default=None, compare=False)
    finder_id: str = ""

    def fingerprint(self) -> str:
        """Part of a ticket's revision: other rules are another reading."""
        return repr((self.patterns, self.keep, self.regions, self.finder_id))


@dataclass(frozen=True, slots=True)
class Span:
    """A find in one text: `[start, end)`; equal `identity` within a kind is the same person or thing."""

    start: int
    end: int
    kind: str
    identity: str
