"""What fixes did: each shipped fix held against comparable themes that nobody touched, by `gaps.effect`.

Last step of a theme's life. A theme is `measured` as soon as there is a verdict other than "not enough data yet".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assistant.gaps.effect import BEFORE_WEEKS, Effect, carried_along, comparable, measured_effect
from assistant.gaps.overview import Counts, monday, weekly
from assistant.gaps.records import EffectVerdict
from assistant.gaps.trend import week_of
from assistant.records import Fix
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.fixes import Fixes
from assistant.store.themes import NIGHT, Themes

CONTACTS = "contacts"
"""The exposure where no other was given: all contacts."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Measures fixes of one database."""

    database: Database

    def of(self, fixes: list[Fix], *, last: date | None = None) -> list[EffectVerdict]:
        """A verdict on each of the fixes, in order, from everything heard up to the last whole week (of `last`)."""
        if not fixes:
            return []
        counts, first = self._weeks(last)
        themes, store = Themes(self.database), Fixes(self.database)
        touched = {themes.living(fix.theme_id) for fix in store.all()}
        exposures = store.exposures()
        return [_verdict(fix, themes.living(fix.theme_id), counts, first, touched, exposures) for fix in fixes]

    def settle(self) -> int:
        """Set themes to `measured` whose fix has a verdict now; returns how many."""
        store, themes = Fixes(self.database), Themes(self.database)
        shipped = {state.id for state in themes.all() if state.status == "shipped"}
        done = 0
        for verdict in self.of([fix for fix in store.all() if themes.living(fix.theme_id) in shipped]):
            if verdict.effect.ratio is not None:
                said = {"fix": verdict.fix.id, "verdict": verdict.effect.verdict, "ratio": verdict.effect.ratio}
                store.measured(themes.living(verdict.fix.theme_id), said, NIGHT)
                done += 1
        return done

    def _weeks(self, last: date | None) -> tuple[Counts, date]:
        """Weekly contacts of every living theme up to the last whole week, and the first week's Monday."""
        span = Contacts(self.database).span()
        until = last or (span[1].date() if span else None)
        contacts = [c for c in Contacts(self.database).counted(ContactFilter()) if until and c.at.date() <= until]
        themes = [state.id for state in Themes(self.database).all()]
        latest = contacts[-1].at.date() if contacts else date.today()  # noqa: DTZ011 - no contact, no week
        whole = latest if latest.weekday() == 6 else monday(latest) - timedelta(days=1)
        first = monday(contacts[0].at.date()) if contacts else monday(whole)
        return weekly(themes, contacts, max(whole, first)), first


def _verdict(
    fix: Fix,
    theme: str,
    counts: Counts,
    first: date,
    touched: set[str],
    exposures: dict[str, dict[str, float]],
) -> EffectVerdict:
    shipped = (fix.shipped_on - first).days // 7
    kept = [n for n in range(len(counts.weeks)) if n != shipped or fix.shipped_on.weekday() == 0]
    # A week with the fix in its middle is neither before nor after.
    table, weeks = counts.table[:, kept], [counts.weeks[n] for n in kept]
    needed = weeks[max(sum(n < shipped for n in kept) - BEFORE_WEEKS, 0) :]
    name, exposure, note = _exposure(exposures, weeks, needed, [counts.exposure[n] for n in kept])
    row = counts.rows.get(theme)
    own = table[row] if row is not None else np.zeros(len(weeks), np.int64)
    after = min(sum(n < shipped for n in kept), len(weeks))
    others: tuple[int, ...] = ()
    if row is not None and after > 0:
        others = comparable(table[:, :after], row, touched=[counts.rows[t] for t in touched if t in counts.rows])
    picked = None if fix.picked_on is None else (fix.picked_on - first).days // 7
    effect: Effect = measured_effect(
        own, table[list(others)], np.maximum(exposure, 1e-9), shipped=after, picked=picked, picked_by=fix.picked_by
    )
    first_shown = len(weeks) - len(needed)
    shown = tuple((week, int(n), float(e)) for week, n, e in zip(weeks, own, exposure, strict=True))[first_shown:]
    control = carried_along(own, table[list(others)], shipped=after)[first_shown:]
    line = tuple(round(float(n), 2) for n in control)
    return EffectVerdict(fix, effect, name, shown, week_of(fix.shipped_on), len(others), line, note)


def _exposure(
    given: dict[str, dict[str, float]], weeks: list[str], needed: list[str], contacts: list[float]
) -> tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]], str]:
    """The first given exposure that covers every needed week, else all contacts and a word on which weeks lack.

    Weeks before the needed ones take no part in the effect; there the exposure counts as 1.
    """
    notes = []
    for name, amounts in given.items():
        missing = [week for week in needed if amounts.get(week, 0) <= 0]
        if needed and not missing:
            return name, np.asarray([amounts.get(week) or 1.0 for week in weeks], np.float64), ""
        notes.append(f"counted against all contacts: {name} has no number for {_listed(missing)}")
    return CONTACTS, np.asarray(contacts, np.float64), "; ".join(notes)


def _listed(weeks: list[str]) -> str:
    """The first three, and how many more."""
    more = f" and {len(weeks) - 3} more weeks" if len(weeks) > 3 else ""
    return ", ".join(weeks[:3]) + more
