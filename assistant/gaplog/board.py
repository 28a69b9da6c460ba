"""The themes of a period as designers see them: read from the store, counted by `gaps.overview`, with quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import numpy as np

from assistant.errors import UsageError
from assistant.gaps.channels import contradictions
from assistant.gaps.impact import Impact, Spread
from assistant.gaps.overview import (
    Known,
    Prices,
    by_theme,
    history_start,
    people,
    ranking,
    view,
    week_lines,
    weekly,
    within,
)
from assistant.gaps.records import Period, Quoted, ThemeList, ThemeView
from assistant.gaps.themes import representatives
from assistant.records import Contact, Counted, ThemeState
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.signals import Signals
from assistant.store.themes import Themes

DEFAULT_DAYS = 28
_YEARS = (1970, 2999)  # what a period is held against lies before it, and the calendar has a beginning
_QUOTES = 5
_QUOTED_FROM = 300  # latest contacts of a theme that quotes are chosen from


@dataclass(frozen=True, slots=True)
class ThemeFilter:
    """Which themes to list; empty fields do not restrict. Ignored ones are listed only when asked for.

    `text` is looked for in the name, its words and what its people are quoted with; `signal` names a type of signal
    that the theme has ("asked_often": answered well and still asked). The rank is that of the whole list.
    """

    status: str = ""
    cause: str = ""
    stage: str = ""
    channel: str = ""
    text: str = ""
    ignored: bool = False
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Reads themes of one database; `model_id` names the model that they are read with."""

    database: Database
    model_id: str
    prices: Prices
    currency: str

    def period(self, since: date | None = None, until: date | None = None) -> Period:
        """The period from `since` to `until`; what is not given makes it the four weeks up to the latest contact.

        Raises:
            UsageError: it ends before it begins, or is not within the years 1970 to 2999.
        """
        span = Contacts(self.database).span()
        last = until or (span[1].date() if span else datetime.now(UTC).date())
        for day in (last, since or last):
            if not _YEARS[0] <= day.year <= _YEARS[1]:
                raise UsageError(f"Expected days of the years {_YEARS[0]} to {_YEARS[1]}, found {day}.")
        first = since or last - timedelta(days=DEFAULT_DAYS - 1)
        if first > last:
            raise UsageError(f"Expected a period that ends after it begins, found {first} to {last}.")
        return Period(first, last)

    def page(self, period: Period, wanted: ThemeFilter, *, limit: int = 50, offset: int = 0) -> ThemeList:
        """The themes of a period by rank, those that fit."""
        read = _Read.of(self, period)
        impacts = read.ignored() if wanted.ignored else read.impacts
        views = read.views(impacts, Known(signals=Signals(self.database).count_by_theme(*moments(period))))
        said = read.quoting(wanted.text)
        fit = [v for v in views if _fits(v, wanted, said)]
        shown = fit[offset : offset + limit]
        of_status = [v for v in views if _fits(v, _without(wanted, "status"), said)]
        of_channel = [v for v in views if _fits(v, _without(wanted, "channel"), said)]
        chosen = {v.state.id for v in shown}
        full = read.views([i for i in impacts if i.theme_id in chosen], self._known(chosen, period))
        return ThemeList(
            period=period, currency=self.currency, all_contacts=len(read.now),
            unthemed=sum(c.theme_id is None for c in read.now), total=len(fit),
            by_status=dict(Counter(v.state.status for v in of_status)),
            channels=_by_channel(of_channel),
            themes=tuple(full),
        )  # fmt: skip

    def show(self, theme: str, period: Period) -> ThemeView:
        """One theme of a period, whatever its rank; an ignored one or one without contacts too.

        Raises:
            NotFound: no theme has that id.
        """
        state = Themes(self.database).get(theme)
        read = _Read.of(self, period, also=state)
        impacts = [i for i in read.impacts if i.theme_id == state.id] or [read.unranked(state.id)]
        mine = by_theme(read.now).get(state.id, [])
        found = read.views(impacts, self._known({state.id}, period))[0]
        return replace(found, contradictions=contradictions(mine, period.first, period.last))

    def _known(self, themes: set[str], period: Period) -> Known:
        since, until = moments(period)
        return Known(
            quotes={theme: self.quotes(theme, period) for theme in themes},
            signals=Signals(self.database).count_by_theme(since, until),
            deciders=self._deciders(sorted(themes)),
        )

    def quotes(self, theme: str, period: Period, count: int = _QUOTES) -> tuple[Quoted, ...]:
        """What people of the theme wrote, chosen for variety: in the period, and before it where that is too little."""
        since, until = moments(period)
        now = self._varied(ContactFilter(since=since, until=until, theme_id=theme), count)
        if len(now) == count:
            return now
        before = self._varied(ContactFilter(until=since, theme_id=theme), count)
        said = {_plain(quote.text) for quote in now}
        return (*now, *(quote for quote in before if _plain(quote.text) not in said))[:count]

    def _varied(self, wanted: ContactFilter, count: int) -> tuple[Quoted, ...]:
        contacts = Contacts(self.database)
        quoted = [c for c in _once(contacts.page(wanted, limit=_QUOTED_FROM)) if c.reason.quote]
        vectors = contacts.vectors(self.model_id, [c.id for c in quoted])
        quoted = [c for c in quoted if c.id in vectors]
        if not quoted:
            return ()
        rows = np.stack([vectors[c.id] for c in quoted])
        chosen = representatives(rows, np.arange(len(quoted)), count=count)
        return tuple(_quoted(quoted[i]) for i in chosen)

    def _deciders(self, themes: Sequence[str]) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for change in Themes(self.database).history(themes):
            for field in ("cause", "stage"):
                if change.after.get(field):
                    found[change.theme_id, field] = change.actor
        return found


@dataclass(frozen=True, slots=True)
class _Read:
    """What one list needs, read once."""

    board: Board
    period: Period
    themes: Mapping[str, ThemeState]
    contacts: Sequence[Counted]
    now: Sequence[Counted]
    impacts: tuple[Impact, ...]

    @classmethod
    def of(cls, board: Board, period: Period, also: ThemeState | None = None) -> _Read:
        themes = {state.id: state for state in Themes(board.database).all()}
        if also is not None:
            themes[also.id] = also
        since = datetime.combine(history_start(period), time(), UTC)
        wanted = ContactFilter(since=since, until=moments(period)[1])
        contacts = Contacts(board.database).counted(wanted)
        impacts = ranking(list(themes.values()), contacts, period, board.prices)
        return cls(board, period, themes, contacts, within(contacts, period), impacts)

    def views(self, impacts: Sequence[Impact], known: Known) -> list[ThemeView]:
        """The views of these lines, in their order."""
        mine = by_theme(self.now)
        weeks = week_lines(weekly(list(self.themes), self.contacts, self.period.last))
        return [
            view(
                self.themes[i.theme_id], i, mine.get(i.theme_id, []), self.now, self.period, self.board.prices,
                weeks[i.theme_id], known,
            )
            for i in impacts
        ]  # fmt: skip

    def ignored(self) -> tuple[Impact, ...]:
        """Lines of the themes that people ignore, the largest first; they have no rank of their own."""
        lines = [self.unranked(theme) for theme, state in self.themes.items() if state.ignored]
        return tuple(sorted(lines, key=lambda line: -line.contacts))

    def quoting(self, text: str) -> frozenset[str]:
        """Themes with a contact, in the period or in its history, whose quote holds `text`."""
        wanted = text.casefold()
        quoting = (c.theme_id for c in self.contacts if wanted and wanted in c.reason.quote.casefold())
        return frozenset(theme for theme in quoting if theme is not None)

    def unranked(self, theme: str) -> Impact:
        """The line of a theme that is not on the list."""
        mine = by_theme(self.now).get(theme, [])
        share = len(mine) / len(self.now) if self.now else 0.0
        return Impact(theme, len(mine), people(mine), share, None, len(self.impacts) + 1, None)


def moments(period: Period) -> tuple[datetime, datetime]:
    """When the period begins, and when the day after it does, UTC."""
    return (
        datetime.combine(period.first, time(), UTC),
        datetime.combine(period.last + timedelta(days=1), time(), UTC),
    )


def prices(minutes: tuple[float, float], hourly_rate: tuple[float, float]) -> Prices:
    """Ranges from settings; the usual value is the geometric mean of both ends.

    Worked example: 6 to 14 minutes are usually sqrt(6 x 14) = 9.2.
    """
    return Prices(
        *(Spread(low, max(low, min(high, (low * high) ** 0.5)), high) for low, high in (minutes, hourly_rate))
    )


def _fits(found: ThemeView, wanted: ThemeFilter, said: Set[str]) -> bool:
    """Whether a theme is wanted; `said` are the themes in whose quotes the wanted text stands."""
    state = found.state
    text = wanted.text.casefold()
    return (
        state.ignored == wanted.ignored
        and (not wanted.status or state.status == wanted.status)
        and (not wanted.cause or found.cause.label == wanted.cause)
        and (not wanted.stage or found.stage.label == wanted.stage)
        and (not wanted.channel or any(c.channel == wanted.channel and c.contacts for c in found.channels))
        and (not wanted.signal or bool(found.signals.get(wanted.signal)))
        and (not text or state.id in said or any(text in words.casefold() for words in (state.name, *state.words)))
    )


def _by_channel(views: Sequence[ThemeView]) -> dict[str, int]:
    """Contacts by channel over these themes."""
    found: Counter[str] = Counter()
    for shown in views:
        found.update({c.channel: c.contacts for c in shown.channels})
    return dict(found.most_common())


def _without(wanted: ThemeFilter, field: Literal["status", "channel"]) -> ThemeFilter:
    return replace(wanted, status="") if field == "status" else replace(wanted, channel="")


def _once(contacts: Sequence[Contact]) -> list[Contact]:
    """Contacts with different words to quote: a form letter, or a review that is also a ticket, is quoted once."""
    return list({_plain(c.reason.quote): c for c in contacts}.values())


def _plain(quote: str) -> str:
    return " ".join(quote.casefold().split())


def _quoted(contact: Contact) -> Quoted:
    return Quoted(contact.reason.quote, contact.id, contact.channel, contact.at, contact.rating)
