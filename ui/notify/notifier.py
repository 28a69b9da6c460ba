"""The thread that tells: looks for events, sends each to every hook that wants it, tries again with growing pauses.

The records are the queue: an event that is not marked as delivered is due, so nothing is lost by a kill and nothing is
kept twice. What was there before a hook was first looked at is not news, and is marked without being sent. Nothing
else waits for this thread.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from assistant.errors import SourceError
from assistant.gaps.events import Event
from assistant.store.log_state import LogState
from ingest.net.patience import Patience
from ui.notify.webhook import Outcome

log = logging.getLogger(__name__)

_LOOK_S = 60.0
PATIENCE = Patience(attempts=12, base_s=5.0, cap_s=3_600.0)
"""Pauses of up to 5 s, 10 s ... an hour: about four hours of trying in all."""


class Target(Protocol):
    """Where events go: a webhook or a mailbox."""

    @property
    def name(self) -> str:
        """What logs say."""
        ...

    @property
    def key(self) -> str:
        """Tells targets apart, across restarts."""
        ...

    def wants(self, event: Event) -> bool:
        """Whether this kind of event is asked for."""
        ...

    def send(self, event: Event, now: datetime) -> Outcome:
        """One try; never raises."""
        ...


@dataclass(frozen=True)
class Notifier:
    """Tells `targets` of what `events` finds; `state` remembers what was told."""

    events: Callable[[], Sequence[Event]]
    targets: Sequence[Target]
    state: LogState
    patience: Patience = PATIENCE
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    dice: random.Random = field(default_factory=random.Random)

    def look(self) -> int:
        """Send what is due, each at most once a look, and return how many were delivered."""
        if not self.targets:
            return 0
        found = self.events()
        return sum(self._tell(target, found) for target in self.targets)

    def _tell(self, target: Target, found: Sequence[Event]) -> int:
        wanted = [event for event in found if target.wants(event)]
        if self.state.get(_known(target)) is None:
            for event in wanted:
                self.state.set(_key(target, event), {"state": "old"})
            self.state.set(_known(target), {"since": self.now().isoformat()})
            return 0
        return sum(self._send(target, event, tries) for event, tries in self._due(target, wanted))

    def _due(self, target: Target, events: Sequence[Event]) -> Iterator[tuple[Event, int]]:
        for event in events:
            told = self.state.get(_key(target, event)) or {}
            waits = datetime.fromisoformat(told["next"]) > self.now() if told.get("next") else False
            if told.get("state") in (None, "failed") and not waits:
                yield event, int(told.get("tries", 0))

    def _send(self, target: Target, event: Event, tries: int) -> bool:
        outcome = target.send(event, self.now())
        tries += 1
        again = outcome.retry and tries < self.patience.attempts
        state = "delivered" if outcome.delivered else "failed" if again else "given up"
        kept = {
            "state": state,
            "tries": tries,
            "status": outcome.status,
            "at": self.now().isoformat(),
            "event": event.id,
        }
        if again:
            wait = max(self.patience.pause(tries, self.dice), outcome.wait_s or 0.0)
            kept["next"] = (self.now() + timedelta(seconds=wait)).isoformat()
        self.state.set(_key(target, event), kept)
        level = logging.INFO if outcome.delivered else logging.WARNING
        log.log(
            level,
            "%s to %s: %s, status %d, try %d %s",
            event.type,
            target.name,
            state,
            outcome.status,
            tries,
            outcome.said,
        )
        return outcome.delivered


class NotifierThread(threading.Thread):
    """Looks every minute until stopped; a failure of the log itself is logged and tried again."""

    def __init__(self, notifier: Notifier, *, look_s: float = _LOOK_S) -> None:
        super().__init__(name="notifier", daemon=True)
        self._notifier = notifier
        self._look_s = look_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopping.wait(self._look_s):
            try:
                self._notifier.look()
            except Exception:
                log.exception("notifying failed; next look in %.0f s", self._look_s)

    def stop(self) -> None:
        """End after the request in hand."""
        self._stopping.set()
        self.join(timeout=30)


def refused(error: SourceError) -> Outcome:
    """A failure of a mailbox as an outcome."""
    return Outcome(0, delivered=False, retry=error.retry, wait_s=error.wait_s or None, said=str(error))


def _key(target: Target, event: Event) -> str:
    return "told:" + hashlib.sha256(f"{target.key}\n{event.id}".encode()).hexdigest()[:32]


def _known(target: Target) -> str:
    return "tells:" + hashlib.sha256(target.key.encode()).hexdigest()[:32]
