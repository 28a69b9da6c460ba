"""The server looks through its articles before anybody asks about them: when it starts, and when they change."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from assistant.answering.retrieve import ARTICLE_KINDS
from assistant.errors import WaypostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.answering.pipeline import Assistant
    from assistant.store.knowledge import StoredKnowledge

log = logging.getLogger(__name__)

_LOOK_S = 2.0
_MOST_SECTIONS = 6_000
"""What is remembered is bounded; of more sections the look would forget its own beginning and today's questions."""


class FirstLook(threading.Thread):
    """Looks through new and changed articles, those that agents link most first, one at a time apart from requests."""

    def __init__(self, assistant: Assistant, knowledge: StoredKnowledge, position: Callable[[], int]) -> None:
        super().__init__(name="first-look", daemon=True)
        self._assistant = assistant
        self._knowledge = knowledge
        self._position = position
        self._seen: dict[str, int] = {}
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look until stopped. What fails costs nobody an answer and is tried again with growing pauses."""
        pause, looked_at = 0.0, -1
        while not self._stopping.wait(pause):
            try:
                position = self._position()
                if position != looked_at:
                    self._look()
                pause, looked_at = _LOOK_S, position
            except WaypostError as error:
                pause = min(max(pause, _LOOK_S) * 2, 60.0)
                log.warning("first look: %s; next try in %.0f s", error, pause)
            except Exception:
                pause = min(max(pause, _LOOK_S) * 2, 60.0)
                log.exception("first look failed; next try in %.0f s", pause)

    def stop(self) -> None:
        """End after the article in hand."""
        self._stopping.set()
        self.join(timeout=60)

    def _look(self) -> None:
        current = self._knowledge.versions(ARTICLE_KINDS)
        links = self._knowledge.link_counts()
        sections = 0
        new = [key for key in current if self._seen.get(key) != current[key]]
        for key in sorted(new, key=lambda key: -links.get(key, 0)):
            started = time.monotonic()
            sections += self._assistant.look_through([key])
            # Half of one processor's time at most: who asks meanwhile goes first.
            if self._stopping.wait(time.monotonic() - started):
                return
            if sections >= _MOST_SECTIONS:
                break
        self._seen = current
