"""Themes that are answered well and still asked often: the knowledge works and the product does not.

Looked at every night, once per theme and week; tools that look only at failures cannot see these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from assistant.gaps.overview import by_theme, monday
from assistant.gaps.trend import week_of
from assistant.records import Counted, NewSignal
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.signals import Signals

WEEKS = 4
LEAST = 5
ANSWERED = 0.6
CONFIDENT = 0.5
STEADY = 0.8


@dataclass(frozen=True, slots=True)
class AskedOften:
    """Looks for such themes in one database."""

    database: Database

    def look(self) -> int:
        """Write a signal for each such theme of the last four whole weeks; returns how many are new."""
        span = Contacts(self.database).span()
        if span is None:
            return 0
        until = monday(span[1].date() + timedelta(days=1))
        since = datetime.combine(until - timedelta(weeks=2 * WEEKS), time(), UTC)
        wanted = ContactFilter(since=since, until=datetime.combine(until, time(), UTC))
        return Signals(self.database).add_all(asked_often(Contacts(self.database).counted(wanted), until))


def asked_often(contacts: Sequence[Counted], until: date) -> list[NewSignal]:
    """A signal for each theme that is answered well and asked no less than before, of the eight weeks up to `until`.

    In the last four weeks at least five of its contacts were asked of the knowledge, at least 60 % of them are
    answered in full, with a mean confidence of 0.5, and its share of all contacts is at least 80 % of that of the
    four weeks before.

    Worked example: 8 of 100 contacts in the last four weeks, all asked, 6 answered at 0.7; before 9 of 100. Answered
    75 %, share 0.08 against 0.09, which is 89 %: asked often although answered well.
    """
    middle = until - timedelta(weeks=WEEKS)
    now, before = ([c for c in contacts if (c.at.date() >= middle) == late] for late in (True, False))
    earlier = by_theme(before)
    found = []
    for theme, mine in by_theme(now).items():
        asked = [c for c in mine if c.verdict]
        answered = [c for c in asked if c.verdict == "answered"]
        if len(asked) < LEAST or len(answered) < ANSWERED * len(asked):
            continue
        confidence = float(np.mean([c.confidence or 0.0 for c in answered]))
        share, was = len(mine) / len(now), len(earlier.get(theme, ())) / max(len(before), 1)
        if confidence >= CONFIDENT and share >= STEADY * was:
            week = week_of(until - timedelta(days=1))
            evidence = {
                "contacts": len(mine), "answered": round(len(answered) / len(asked), 3), "share": round(share, 4),
                "share_before": round(was, 4), "weeks": WEEKS, "until": week,
            }  # fmt: skip
            at = datetime.combine(until, time(), UTC)
            found.append(
                NewSignal(
                    f"asked_often:{theme}:{week}",
                    "asked_often",
                    at,
                    theme_id=theme,
                    value=confidence,
                    evidence=evidence,
                )
            )
    return found
