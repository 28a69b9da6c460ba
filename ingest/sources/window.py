"""Which conversations a run asks for, where a helpdesk tells what changed but not what was deleted.

Most runs ask for what changed since the last one. Now and then a run asks for everything: what it does not
meet is gone. What did not change costs only its line in the list.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as midnight
from typing import Self

from ingest.sources.feed import Mark, Memory

_OVERLAP_S = 300
_TWO_YEARS_S = 730 * 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """Conversations that changed after `since`, an epoch time in seconds; `is_full` when that is all of them."""

    since: int
    is_full: bool
    now: int
    full_at: int

    @classmethod
    def opened(cls, memory: Memory, first: date | None, recheck_days: int) -> Self:
        """The window of this run."""
        now = int(time.time())
        beginning = int(datetime.combine(first, midnight(), UTC).timestamp()) if first else now - _TWO_YEARS_S
        full_at = int(memory.cursor.get("full_at", 0))
        is_full = "since" not in memory.cursor or now - full_at >= recheck_days * 86_400
        since = beginning if is_full else int(memory.cursor["since"])
        return cls(since, is_full, now, now if is_full else full_at)

    def mark(self, again: Sequence[str]) -> Mark:
        """For the end of the run. The overlap covers clocks that differ and lists that lag."""
        return Mark({"since": self.now - _OVERLAP_S, "full_at": self.full_at, "again": list(again)})
