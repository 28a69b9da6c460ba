"""Where a theme's channels contradict each other: in cause, in stage, in rating, in trend; one sentence each.

Reads the contacts of one theme. Only what is beyond noise is said: Fisher's exact test on two channels, at 1 %, divided
by the number of comparisons that could have been told (Bonferroni).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from scipy import stats

from assistant.records import Counted
from assistant.wording import cause_name, channel_name, counted, stage_name

_LEVEL = 0.01
_LEAST = 5
"""Contacts of a channel below which it contradicts nobody."""
_LOW = 2.0
"""A rating up to which somebody is not satisfied, of 5."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two channels that say something else: about what ("cause", "stage", "rating", "trend"), in words, p value."""

    about: str
    text: str
    p: float


def contradictions(contacts: Sequence[Counted], first: date, last: date) -> tuple[Contradiction, ...]:
    """The clearest contradiction of each sort between two channels of a theme, from day `first` to day `last`.

    Worked example: 12 of 15 reviews complain of design and 3 of 26 e-mails do; so unlike by chance in 2 of 100,000
    (Fisher, two-sided), and with two causes and one pair of channels anything below 1 in 200 would have been told.
    """
    of: dict[str, list[Counted]] = {}
    for contact in contacts:
        of.setdefault(contact.channel, []).append(contact)
    pairs = [p for p in combinations(sorted(of), 2) if min(len(of[p[0]]), len(of[p[1]])) >= _LEAST]
    middle = (first.toordinal() + last.toordinal() + 1) / 2
    found = []
    for sort in (_causes, _stages, _ratings, _trends):
        told = [each for one, other in pairs for each in sort((one, of[one]), (other, of[other]), middle)]
        clear = [each for each in told if each.p * len(told) <= _LEVEL]
        found += [min(clear, key=lambda each: (each.p, each.text))] if clear else []
    return tuple(found)


_Side = tuple[str, Sequence[Counted]]


def _causes(one: _Side, other: _Side, _middle: float) -> Iterator[Contradiction]:
    return _labels("cause", one, other, lambda c: c.reason.cause, cause_name)


def _stages(one: _Side, other: _Side, _middle: float) -> Iterator[Contradiction]:
    return _labels("stage", one, other, lambda c: c.reason.stage, stage_name)


def _labels(
    about: str, one: _Side, other: _Side, label: Callable[[Counted], str], named: Callable[[str], str]
) -> Iterator[Contradiction]:
    """Each channel's main label against how often the other has it; both are told, with their counts."""
    mains = []
    for _, contacts in (one, other):
        counts = Counter(label(c) for c in contacts if label(c))
        mains.append((counts, max(sorted(counts), key=counts.__getitem__) if counts else ""))
    (here, first), (there, second) = mains
    if not first or not second or first == second:
        return
    for main in (first, second):
        p = _fisher(here[main], here.total(), there[main], there.total())
        told = " and ".join(
            f"in {channel_name(channel)} {counts[top]:,} of {counts.total():,} are about {named(top).lower()}"
            for (channel, _), (counts, top) in zip((one, other), mains, strict=True)
        )
        yield Contradiction(about, f"The channels differ in {about}: {told}.", p)


def _ratings(one: _Side, other: _Side, _middle: float) -> Iterator[Contradiction]:
    sides = [(channel, [c.rating for c in contacts if c.rating is not None]) for channel, contacts in (one, other)]
    if min(len(ratings) for _, ratings in sides) < _LEAST:
        return
    low = [sum(r <= _LOW for r in ratings) for _, ratings in sides]
    told = " and ".join(
        f"{counted(n, 'person', 'people')} of {len(ratings):,} in {channel_name(channel)}"
        for n, (channel, ratings) in zip(low, sides, strict=True)
    )
    text = f"The channels differ in rating: at most 2 of 5 from {told}."
    yield Contradiction("rating", text, _fisher(low[0], len(sides[0][1]), low[1], len(sides[1][1])))


def _trends(one: _Side, other: _Side, middle: float) -> Iterator[Contradiction]:
    """From the first half of the period to the second; told where one channel rises and the other falls."""
    halves = [
        (channel, sum(c.at.date().toordinal() < middle for c in contacts), len(contacts))
        for channel, contacts in (one, other)
    ]
    ways = [total - 2 * before for _, before, total in halves]
    if min(ways) >= 0 or max(ways) <= 0:
        return
    told = " while ".join(
        f"{channel_name(channel)} {'rose' if total > 2 * before else 'fell'} from {before:,} to {total - before:,}"
        for channel, before, total in halves
    )
    text = f"The channels differ in trend, from the period's first half to its second: {told}."
    yield Contradiction("trend", text, _fisher(halves[0][1], halves[0][2], halves[1][1], halves[1][2]))


def _fisher(hits: int, total: int, other_hits: int, other_total: int) -> float:
    return float(stats.fisher_exact([[hits, total - hits], [other_hits, other_total - other_hits]]).pvalue)
