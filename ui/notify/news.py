"""What there is to tell at this moment, read from the gap log: at most the last thirty days of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from assistant.gaplog.board import ThemeFilter
from assistant.gaplog.log import GapLog
from assistant.gaps.events import Event, closed, digest_ready, measured, spiked
from assistant.store.digests import Digests
from assistant.store.fixes import Fixes
from assistant.store.retests import Retests
from assistant.store.themes import Themes

_RECENT = timedelta(days=30)
_FIXES = timedelta(days=183)
_THEMES = 500


def news(log: GapLog, now: datetime | None = None) -> list[Event]:
    """All events of the last thirty days; the same fact is the same event each time."""
    moment = now or datetime.now(UTC)
    since = moment - _RECENT
    return [*_spikes(log), *_closed(log, since, moment), *_measured(log, moment.date()), *_digests(log, since)]


def _spikes(log: GapLog) -> list[Event]:
    board = log.board
    page = board.page(board.period(), ThemeFilter(), limit=_THEMES, offset=0)
    return [spiked(theme) for theme in page.themes if theme.is_spiking]


def _closed(log: GapLog, since: datetime, until: datetime) -> list[Event]:
    return [closed(gap) for gap in Retests(log.database).between(since, until) if gap.result == "closed" and gap.gap_id]


def _measured(log: GapLog, today: date) -> list[Event]:
    recent = [fix for fix in Fixes(log.database).all() if fix.shipped_on >= today - _FIXES]
    themes = Themes(log.database)
    told = (measured(themes.get(themes.living(v.fix.theme_id)), v) for v in log.effects.of(recent))
    return [event for event in told if event is not None]


def _digests(log: GapLog, since: datetime) -> list[Event]:
    store = Digests(log.database)
    stored = [digest for digest in (store.get(week) for week in store.weeks()) if digest and digest.made_at >= since]
    return [digest_ready(digest.week, str(json.loads(digest.json).get("headline", ""))) for digest in stored]
