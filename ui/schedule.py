"""The server's clock for sources: runs what is due, one at a time, and ends within one step when it is told to."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from assistant.errors import WaypostError
from ui.syncing import due_names

if TYPE_CHECKING:
    from assistant.store.sources import Sources
    from ui.intake import Intake

log = logging.getLogger(__name__)

_LOOK_S = 1.0


class Stopping(BaseException):
    """The server ends; no `except Exception` on the way takes it for a bad record."""


class Schedule(threading.Thread):
    """Looks every second for sources whose time has come."""

    def __init__(self, sources: Sources, intake: Intake) -> None:
        super().__init__(name="sources-schedule", daemon=True)
        self._sources = sources
        self._intake = intake
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until stopped. What fails is recorded with its source and tried again at its time."""
        pause = _LOOK_S
        while not self._stopping.wait(pause):
            try:
                for name in due_names(self._sources):
                    self._intake.sync([name], progress=self._step, wait=self._wait)
                pause = _LOOK_S
            except Stopping:
                return
            except WaypostError as error:
                pause = min(pause * 2, 60.0)
                log.warning("sources: %s; next look in %.0f s", error, pause)
            except Exception:
                pause = min(pause * 2, 60.0)
                log.exception("sources failed; next look in %.0f s", pause)

    def stop(self) -> None:
        """End at the next record or wait; what was committed is kept, the rest is read again."""
        self._stopping.set()
        self.join(timeout=60)

    def _step(self, _done: int, _total: int | None, _what: str) -> None:
        if self._stopping.is_set():
            raise Stopping

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopping
