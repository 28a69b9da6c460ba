"""What the whole public knowledge vouches for, read when the guard first asks and again after the store changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.answering.violations import Policy, vouched
from assistant.store.knowledge import StoredKnowledge

_MOST_CHARS = 4_000_000
"""A second of reading for each million: what many texts mention is in the first few million too."""
_FRESH_S = 60.0


class KnowledgeRails:
    """`answering.phrase.Rails` of one store; what it read is kept while the store stays as it is."""

    def __init__(
        self,
        knowledge: StoredKnowledge,
        position: Callable[[], int],
        canaries: Sequence[str] = (),
        hosts: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`position` tells how far the store has changed; `canaries` must never leave, `hosts` may be named."""
        self._knowledge = knowledge
        self._position = position
        self._strict = Policy(canaries=tuple(canaries), hosts=frozenset(hosts))
        self._clock = clock
        self._reading = threading.Lock()
        self._read: tuple[int, float, Policy] | None = None

    def strict(self) -> Policy:
        """What the desk itself says."""
        return self._strict

    def informed(self) -> Policy:
        """With what at least three public texts mention; at most a minute behind the store."""
        with self._reading:
            now, position = self._clock(), self._position()
            if self._read is None or (self._read[0] != position and now - self._read[1] >= _FRESH_S):
                policy = vouched(self._public(), canaries=self._strict.canaries)
                self._read = (position, now, replace(policy, hosts=policy.hosts | self._strict.hosts))
            return self._read[2]

    def _public(self) -> Iterator[str]:
        room = _MOST_CHARS
        for one in self._knowledge.documents(("doc", "faq")):
            if room <= 0:
                return
            if one.audience == "public":
                room -= len(one.text)
                yield one.text
