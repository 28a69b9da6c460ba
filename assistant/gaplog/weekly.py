"""The list of one week, put together once and kept: the same bytes from then on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from assistant.errors import NotYet, UsageError
from assistant.gaplog.board import Board, ThemeFilter, moments
from assistant.gaplog.effects import Effects
from assistant.gaps.digest import render
from assistant.gaps.records import Digest, EffectVerdict, Period, ThemeView
from assistant.gaps.trend import week_of
from assistant.records import Fix, Retested, StoredDigest, ThemeState
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.digests import Digests
from assistant.store.fixes import Fixes
from assistant.store.log_state import LogState
from assistant.store.retests import Retests
from assistant.store.themes import Themes

TOP = 20
RECONSIDERED = "night"
"""Under this name the log remembers when its themes were last reconsidered, in ISO 8601."""
_EFFECT_DAYS = 183
_WEEK = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-W([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Makes and keeps digests of one database; `desk` is the desk's name."""

    database: Database
    board: Board
    desk: str

    def digest(self, week: str, today: date | None = None) -> StoredDigest:
        """The digest of an ISO week ("2024-W30"), made when it is asked for the first time after the week has ended.

        Raises:
            UsageError: it is no week, or one that has not ended. NotYet: its contacts are not all in themes yet,
                or nothing was heard up to then.
        """
        period = week_period(week)
        now = today or datetime.now(UTC).date()
        if period.last >= now:
            raise UsageError(
                f"Expected a week that has ended, found {week}, which ends on {period.last}. A digest never changes, "
                f"so it is made afterwards; the last whole week is {week_of(now - timedelta(days=7))}."
            )
        return Digests(self.database).keep(week, lambda: self._rendered(week, period))

    def keep_last(self, today: date | None = None) -> StoredDigest | None:
        """Make the digest of the last whole week, for whoever is told of it; None while it cannot be, or is not due.

        It is not due when it is there already, and not without a contact: a history may still come.
        """
        now = today or datetime.now(UTC).date()
        week = week_of(now - timedelta(days=7))
        if week in Digests(self.database).weeks() or not self._count(week_period(week)) or not self.is_ready(week):
            return None
        return self.digest(week, now)

    @property
    def reconsidered_at(self) -> datetime | None:
        """When the themes were last reconsidered as a whole, None for never."""
        found = LogState(self.database).get(RECONSIDERED)
        return datetime.fromisoformat(found) if found else None

    def is_ready(self, week: str) -> bool:
        """Whether the week is made already, or can be: it had no contacts, or all of them were grouped since it ended.

        What was heard of it only afterwards, a history that was ingested today, waits for its labels and its themes.

        Raises:
            UsageError: it is no week.
        """
        period = week_period(week)
        if week in Digests(self.database).weeks() or not self._count(period):
            return True
        at = self.reconsidered_at
        return at is not None and at >= moments(period)[1] and not self._waiting(period)

    def _waiting(self, period: Period) -> bool:
        """Whether a contact of the period was never labelled."""
        since, until = moments(period)
        heard = Contacts(self.database).counted(ContactFilter(since=since, until=until))
        return any(not contact.reason.by for contact in heard)

    def _rendered(self, week: str, period: Period) -> tuple[str, str, str]:
        if not self.is_ready(week):
            raise NotYet(
                f"Expected the contacts of {week} in their themes, found that they were not all grouped since the "
                "week ended. The server does it within a minute of its first contacts and every night at three; "
                "`waypost gaps themes` does it now."
            )
        heard = Contacts(self.database).span()
        if heard is None or heard[0] >= moments(period)[1]:
            first = f"the first of {heard[0].date()}" if heard else "none at all"
            raise NotYet(
                f"Expected contacts from before the end of {week}, found {first}. A digest never changes, so an "
                "empty one is not made of a week that nothing was heard up to: ingest the tickets of that time first."
            )
        found = self.collected(week, period)
        return render(found, "md"), render(found, "html"), render(found, "json")

    def collected(self, week: str, period: Period) -> Digest:
        """Everything that the digest says, before it is rendered."""
        listed = self.board.page(period, ThemeFilter(), limit=10_000).themes
        shown = [view for view in listed if view.state.status != "dismissed"]
        since, until = moments(period)
        retested = Retests(self.database).between(since, until)
        states = {state.id: state for state in Themes(self.database).all(gone=True)}
        fixes = [(states[fix.theme_id], fix) for fix in Fixes(self.database).all() if fix.shipped_on <= period.last]
        before = Period(period.first - timedelta(days=7), period.last - timedelta(days=7))
        return Digest(
            week=week, period=period, desk=self.desk, currency=self.board.currency, contacts=self._count(period),
            contacts_before=self._count(before), unthemed=self._count(period, theme_id="none"),
            themes=tuple(_of_week(view, period) for view in shown[:TOP] if view.contacts),
            spikes=tuple(_of_week(v, period) for v in shown if v.is_spiking),
            shipped=tuple((state, fix) for state, fix in fixes if fix.shipped_on >= period.first),
            effects=self._effects(fixes, period), answered_now=_of(retested, "closed"),
            regressed=_of(retested, "regressed"),
        )  # fmt: skip

    def _count(self, period: Period, theme_id: str = "") -> int:
        since, until = moments(period)
        return Contacts(self.database).count(ContactFilter(since=since, until=until, theme_id=theme_id))

    def _effects(
        self, fixes: list[tuple[ThemeState, Fix]], period: Period
    ) -> tuple[tuple[ThemeState, EffectVerdict], ...]:
        recent = [(s, f) for s, f in fixes if f.shipped_on > period.last - timedelta(days=_EFFECT_DAYS)]
        verdicts = Effects(self.database).of([fix for _, fix in recent], last=period.last)
        return tuple((state, verdict) for (state, _), verdict in zip(recent, verdicts, strict=True))


def week_period(week: str) -> Period:
    """Monday to Sunday of an ISO week.

    >>> week_period("2024-W30")
    Period(first=datetime.date(2024, 7, 22), last=datetime.date(2024, 7, 28))

    Raises:
        UsageError: there is no such week.
    """
    found = _WEEK.fullmatch(week)
    try:
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        first = None
    if first is None:
        raise UsageError(f"Expected an ISO week such as 2024-W30, found {week[:20]!r}.")
    return Period(first, first + timedelta(days=6))


def _of_week(view: ThemeView, period: Period) -> ThemeView:
    """The theme with what was said in the week only: the board fills up with earlier words, a dated list may not."""
    return replace(view, quotes=tuple(q for q in view.quotes if period.first <= q.at.date() <= period.last))


def _of(lines: list[Retested], result: str) -> tuple[Retested, ...]:
    return tuple(line for line in lines if line.result == result)
