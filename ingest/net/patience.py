"""When to ask again: what the server asked for, else a random share of a growing pause, all inside one deadline."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_BUSY = (408, 425, 429)


def is_passing(status: int) -> bool:
    """Whether a later try may succeed. 401 and 403 never do: trying again only locks the key."""
    return status in _BUSY or status >= 500


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the reply asks to wait: `Retry-After` in seconds or as a date, else the time of the limit's reset.

    >>> asked_wait({"retry-after": "30"}, datetime(2026, 1, 1, tzinfo=UTC))
    30.0
    >>> asked_wait({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, datetime(2026, 1, 1, tzinfo=UTC))
    60.0
    """
    given = headers.get("retry-after", "").strip()
    if given:
        try:
            return max(0.0, float(given)) if float(given) < 1e7 else None
        except ValueError:
            return _until_date(given, now)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if reset.isdigit() and int(reset) > 1_000_000_000:  # a moment; smaller numbers are no time of day
        return max(0.0, int(reset) - now.timestamp())
    return None


def _until_date(given: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@dataclass(frozen=True, slots=True)
class Patience:
    """`attempts` for failures, `total_s` of waiting for one request; pauses grow from `base_s` to `cap_s` seconds."""

    attempts: int = 5
    total_s: float = 300.0
    base_s: float = 0.5
    cap_s: float = 30.0

    def pause(self, attempt: int, dice: random.Random) -> float:
        """Full jitter: anything from nothing to the grown pause after the failed try number `attempt`, from 1."""
        return dice.uniform(0.0, min(self.cap_s, self.base_s * 2 ** (attempt - 1)))
