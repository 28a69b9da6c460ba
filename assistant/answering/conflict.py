"""Finds pairs of cited passages that state different figures about the same thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from assistant.answering.language import content_stems, sentences
from assistant.domain import Source

_FIGURE = re.compile(
    r"\b(\d+(?:[.,]\d+)?)[\s-]*(%|percent|days?|hours?|minutes?|weeks?|months?|years?|[a-z]{0,3}(?=\W|$))", re.I
)
_LEAST_SHARED = 0.5


def conflicts(sources: Sequence[Source]) -> tuple[tuple[str, str], ...]:
    """Titles of pairs of cited documents that give another figure in the same unit in sentences that say the same.

    "Refunds within 14 days of a purchase" and "refunds within 30 days of a purchase" conflict; a figure of
    another unit, or in a sentence about something else, does not.
    """
    found: list[tuple[str, str]] = []
    for first, second in combinations(sources, 2):
        if first.document_key != second.document_key and _disagree(first.quote, second.quote):
            found.append((f"[{first.n}] {first.title}", f"[{second.n}] {second.title}"))
    return tuple(found)


def _disagree(one: str, other: str) -> bool:
    theirs = list(_statements(other))
    return any(
        units.keys() & other_units.keys()
        and all(not (units[u] & other_units[u]) for u in units.keys() & other_units.keys())
        and len(stems & other_stems) >= _LEAST_SHARED * min(len(stems), len(other_stems))
        for stems, units in _statements(one)
        for other_stems, other_units in theirs
    )


def _statements(text: str) -> list[tuple[set[str], dict[str, set[str]]]]:
    """Each sentence with a figure: its content stems, and its figures by unit."""
    found = []
    for start, end in sentences(text):
        units: dict[str, set[str]] = {}
        for figure, unit in _FIGURE.findall(text[start:end]):
            if unit:
                units.setdefault(unit.lower().rstrip("s"), set()).add(figure)
        stems = {stem for stem in content_stems(text[start:end]) if not stem.isdigit()}
        if units and len(stems) >= 3:
            found.append((stems, units))
    return found
