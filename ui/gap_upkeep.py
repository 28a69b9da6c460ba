"""The gap log's own work beside answering: after an ingest, every few seconds in the server, and once a night."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from assistant.errors import WaypostError
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.mined import Mined
from assistant.store.retests import Retests

if TYPE_CHECKING:
    from assistant.index.generation import OwnedIndex
    from assistant.records import RetestRun
    from assistant.seams import Progress
    from ui.home import Home

log = logging.getLogger(__name__)

_LOOK_S = 3.0
_PIECE = 16
_AT_ONCE = 200
_NIGHT_HOUR = 3
_FIRST_PASS = 30


def after_ingest(home: Home, index: OwnedIndex, progress: Progress | None = None) -> tuple[RetestRun | None, int]:
    """Hear new tickets and ask the open gaps again; returns the retest, and how many contacts wait for their labels.

    A few new contacts are labelled at once; a whole history is left to `waypost gaps themes` or the server.
    """
    gap_log = home.gap_log
    gap_log.hearing.hear_tickets(progress)
    waiting = Contacts(home.database).count_unlabelled(gap_log.labelling.stamp())
    if 0 < waiting <= _AT_ONCE:
        waiting = gap_log.catch_up(progress=progress)
    return _retested(home, index, progress), waiting


def _retested(home: Home, index: OwnedIndex, progress: Progress | None = None) -> RetestRun | None:
    """Ask the gaps again that the changes since last time can have touched; None where nothing changed."""
    if not Retests(home.database).changed().documents:
        return None
    return home.retest(index).run("ingest", progress=progress)


class GapUpkeep(threading.Thread):
    """Hears, labels and retests while the server runs; reconsiders the themes at night, and makes the week's list."""

    def __init__(self, home: Home, index: OwnedIndex) -> None:
        super().__init__(name="gap-upkeep", daemon=True)
        self._home = home
        self._index = index
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until stopped; what fails is logged and tried again with growing pauses."""
        pause = _LOOK_S
        while not self._stopping.wait(pause):
            try:
                busy = self._work()
                pause = 0.05 if busy else _LOOK_S
            except WaypostError as error:
                pause = min(pause * 2, 300.0)
                log.warning("gap upkeep: %s; next try in %.0f s", error, pause)
            except Exception:
                pause = min(max(pause, _LOOK_S) * 2, 300.0)
                log.exception("gap upkeep failed; next try in %.0f s", pause)

    def stop(self) -> None:
        """End after the work in hand."""
        self._stopping.set()
        self.join(timeout=60)

    def _work(self) -> bool:
        """One small piece; true when there is more to do at once."""
        _retested(self._home, self._index)
        if self._home.gap_log.catch_up(limit=_PIECE):
            return True
        if self._is_night():
            if Mined(self._home.database).count(None, None, done=True):
                # Who mined the history wants its new tickets mined, too.
                self._home.mining(self._index).run()
            self._home.gap_log.night()
        self._home.gap_log.weekly.keep_last()
        return False

    def _is_night(self) -> bool:
        """Whether a pass is due: three o'clock has gone by since the last one, or there never was one."""
        last = self._home.gap_log.weekly.reconsidered_at
        if last is None:
            return Contacts(self._home.database).count(ContactFilter()) >= _FIRST_PASS
        now = datetime.now().astimezone()
        due = now.replace(hour=_NIGHT_HOUR, minute=0, second=0, microsecond=0)
        return now >= due > last
