"""Contacts of a period, counted into themes: who writes how often, where, why, at what cost, and what stands out.

After `themes` and `triage`: `Counted` contacts go in, `ThemeView`s by rank come out. Nothing here is learned, and
`impact` and `trend` hold the arithmetic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from scipy import stats

from assistant.gaps.distributions import answer_evidence, distribution
from assistant.gaps.impact import Impact, Load, Spread, ranked
from assistant.gaps.records import ChannelShare, Judged, Period, Quoted, ThemeView, WeekOfTheme
from assistant.gaps.trend import HISTORY_WEEKS, MIN_HISTORY, expected_weeks, spikes, week_of
from assistant.gaps.triage import CAUSES, STAGES
from assistant.records import Counted, ThemeState

SHOWN_WEEKS = 12
_MEASURED = 5  # contacts with a measured handle time from which a theme has its own
_UNLIKELY = 0.01
_WORKED = ("accepted", "in_progress", "shipped", "measured")


@dataclass(frozen=True, slots=True)
class Prices:
    """What a contact costs: minutes of handling and money for an hour, each as a range."""

    minutes: Spread
    hourly_rate: Spread


@dataclass(frozen=True, slots=True)
class Known:
    """What the views show besides counts; empty where nothing is known.

    `deciders` names who decided a theme's cause or stage, by theme and field.
    """

    quotes: Mapping[str, tuple[Quoted, ...]] = field(default_factory=dict)
    signals: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    deciders: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """Contacts per theme and week up to the end of a period: `table` has shape `(themes, weeks)`.

    `exposure` are all contacts of each week; `weeks` their names, oldest first; `rows` the row of each theme.
    """

    table: npt.NDArray[np.int64]
    exposure: tuple[float, ...]
    weeks: tuple[str, ...]
    rows: Mapping[str, int]


def history_start(period: Period) -> date:
    """The first day that a period's list needs contacts of: its trends look back, and so does its movement.

    Worked example: the year 2024 is held against the 366 days before it, from 1 January 2023; a week against the week
    before it, but its trends begin 37 weeks earlier.
    """
    return min(monday(period.last) - timedelta(weeks=HISTORY_WEEKS + SHOWN_WEEKS - 1), before(period).first)


def before(period: Period) -> Period:
    """The period of equal length that ends the day before this one begins."""
    return Period(period.first - timedelta(days=period.days), period.first - timedelta(days=1))


def monday(day: date) -> date:
    """The first day of a day's ISO week."""
    return day - timedelta(days=day.weekday())


def within(contacts: Sequence[Counted], period: Period) -> list[Counted]:
    """Those of the period."""
    return [c for c in contacts if period.first <= c.at.date() <= period.last]


def weekly(themes: Sequence[str], contacts: Sequence[Counted], last: date) -> Counts:
    """Weekly contacts of `themes`, from the first contact's week to that of `last`."""
    heard = [c for c in contacts if c.at.date() <= last]
    first = monday(heard[0].at.date() if heard else last)
    span = (monday(last) - first).days // 7 + 1
    rows = {theme: row for row, theme in enumerate(themes)}
    table = np.zeros((len(themes), span), np.int64)
    exposure = np.zeros(span)
    for contact in heard:
        week = (contact.at.date() - first).days // 7
        exposure[week] += 1
        if contact.theme_id in rows:
            table[rows[contact.theme_id], week] += 1
    names = tuple(week_of(first + timedelta(weeks=n)) for n in range(span))
    return Counts(table, tuple(exposure.tolist()), names, rows)


def ranking(
    themes: Sequence[ThemeState], contacts: Sequence[Counted], period: Period, prices: Prices
) -> tuple[Impact, ...]:
    """The list, most costly first, with what moved since the period of equal length before it.

    Left out are ignored themes, and those without a contact that nobody works on.
    """
    earlier = _ranked(themes, within(contacts, before(period)), prices, ())
    last = [impact.theme_id for impact in earlier if impact.contacts]
    return _ranked(themes, within(contacts, period), prices, last)


def _ranked(
    themes: Sequence[ThemeState], contacts: Sequence[Counted], prices: Prices, last: Sequence[str]
) -> tuple[Impact, ...]:
    mine = by_theme(contacts)
    wanted = [t for t in themes if not t.ignored and (mine.get(t.id) or t.status in _WORKED)]
    loads = [
        Load(t.id, len(mine.get(t.id, ())), people(mine.get(t.id, ())), own_minutes(mine.get(t.id, ()))) for t in wanted
    ]
    return ranked(
        loads, all_contacts=len(contacts), minutes=prices.minutes, hourly_rate=prices.hourly_rate, last_period=last
    )


def by_theme(contacts: Sequence[Counted]) -> dict[str, list[Counted]]:
    """Contacts by theme; those without one are left out."""
    found: dict[str, list[Counted]] = {}
    for contact in contacts:
        if contact.theme_id is not None:
            found.setdefault(contact.theme_id, []).append(contact)
    return found


def people(contacts: Sequence[Counted]) -> int | None:
    """How many people wrote: each one that is known once, each unknown one for himself; None where none is known."""
    known = {c.person for c in contacts if c.person}
    return len(known) + sum(not c.person for c in contacts) if known else None


def own_minutes(contacts: Sequence[Counted]) -> Spread | None:
    """Measured handle time, from the 5th to the 95th of a hundred contacts; None with fewer than five measured."""
    measured = [c.minutes for c in contacts if c.minutes is not None and c.minutes > 0]
    if len(measured) < _MEASURED:
        return None
    low, typical, high = np.quantile(measured, [0.05, 0.5, 0.95]).tolist()
    return Spread(low, typical, high)


def view(
    state: ThemeState,
    impact: Impact,
    mine: Sequence[Counted],
    everybody: Sequence[Counted],
    period: Period,
    prices: Prices,
    weeks: tuple[WeekOfTheme, ...],
    known: Known,
) -> ThemeView:
    """One theme of the period: `mine` are its contacts in it, `everybody` all of them."""
    ratings = [c.rating for c in mine if c.rating is not None]
    asked = [c for c in mine if c.verdict]
    at = [c.at for c in mine] or [state.created_at]
    return ThemeView(
        state=state, period=period, contacts=impact.contacts, people=impact.people, share=impact.share,
        channels=channel_shares(mine, everybody),
        cause=_judged(mine, "cause", state.cause, known.deciders.get((state.id, "cause"), "")),
        stage=_judged(mine, "stage", state.stage, known.deciders.get((state.id, "stage"), "")),
        weeks=weeks, cost=impact.cost, minutes=own_minutes(mine) or prices.minutes,
        hourly_rate=prices.hourly_rate,
        rating=float(np.mean(ratings)) if ratings else None, ratings=len(ratings),
        answered=sum(c.verdict == "answered" for c in asked) / len(asked) if asked else None, asked=len(asked),
        rank=impact.rank, moved=impact.moved, quotes=known.quotes.get(state.id, ()),
        signals=dict(known.signals.get(state.id, {})),
        answers=answer_evidence([c.reason for c in mine], CAUSES),
        parties=dict(Counter(c.reason.party for c in mine if c.reason.party).most_common()),
        first_seen_at=min(at), last_seen_at=max(at),
    )  # fmt: skip


def week_lines(counts: Counts) -> dict[str, tuple[WeekOfTheme, ...]]:
    """The last twelve weeks of each theme, each held against up to 26 weeks before it."""
    span = len(counts.weeks)
    lines: dict[str, list[WeekOfTheme]] = {theme: [] for theme in counts.rows}
    for week in range(max(span - SHOWN_WEEKS, 0), span):
        past = counts.table[:, max(week - HISTORY_WEEKS, 0) : week]
        exposure = list(counts.exposure[max(week - HISTORY_WEEKS, 0) : week])
        enough = past.shape[1] >= MIN_HISTORY and sum(exposure) > 0 and len(counts.table) > 0
        expected = expected_weeks(past, exposure, counts.exposure[week]) if enough else None
        high = {s.theme for s in spikes(counts.table[:, : week + 1], counts.exposure[: week + 1])} if enough else set()
        for theme, row in counts.rows.items():
            e = expected[row] if expected else None
            lines[theme].append(
                WeekOfTheme(
                    counts.weeks[week], int(counts.table[row, week]), round(e.mean, 2) if e else None,
                    e.low if e else None, e.high if e else None, row in high,
                )
            )  # fmt: skip
    return {theme: tuple(found) for theme, found in lines.items()}


def channel_shares(mine: Sequence[Counted], everybody: Sequence[Counted]) -> tuple[ChannelShare, ...]:
    """A theme by channel, the largest first; a channel stands out when its share is twice or half the overall one.

    Worked example: 30 of 300 contacts overall, but 12 of 40 app store reviews: 30 % against 10 %, and so many by
    chance less than once in a hundred (binomial, two-sided), so reviews say something else than the rest.
    """
    of_channel = Counter(c.channel for c in everybody)
    overall = len(mine) / len(everybody) if everybody else 0.0
    found = []
    for channel, total in of_channel.items():
        here = [c for c in mine if c.channel == channel]
        share = len(here) / total
        differs = share >= 2 * overall or share <= overall / 2
        unlikely = bool(mine and differs and stats.binomtest(len(here), total, overall).pvalue < _UNLIKELY)
        if here or unlikely:
            ratings = [c.rating for c in here if c.rating is not None]
            causes = Counter(c.reason.cause for c in here if c.reason.cause)
            rating = float(np.mean(ratings)) if ratings else None
            cause = causes.most_common(1)[0][0] if causes else ""
            found.append(ChannelShare(channel, len(here), share, rating, cause, unlikely))
    return tuple(sorted(found, key=lambda c: (-c.contacts, c.channel)))


def _judged(mine: Sequence[Counted], name: str, decided: str, by: str) -> Judged:
    """The likeliest label by the mean distribution over contacts, unless a person decided."""
    mass: dict[str, float] = {}
    labelled = [c.reason for c in mine if c.reason.cause]
    known = CAUSES if name == "cause" else STAGES
    for reason in labelled:
        for label, probability in distribution(reason, name, known).items():
            mass[label] = mass.get(label, 0.0) + probability / len(labelled)
    shares = tuple(sorted(mass.items(), key=lambda pair: (-pair[1], pair[0])))
    if decided:
        return Judged(decided, 1.0, by, shares)
    return Judged(shares[0][0], shares[0][1], "", shares) if shares else Judged("", 0.0, "", ())
