"""Following an answer while it is made: what was found, then each part once nothing can take it back.

Between the drafter, which completes parts one by one, and whoever shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.domain import Part, Passage


class Follower(Protocol):
    """Shows an answer while it is made."""

    @property
    def is_gone(self) -> bool:
        """Nobody waits for the answer any more; it is ended soon, and cheaply."""
        ...

    def found(self, passages: Sequence[Passage]) -> None:
        """The passages that the draft may draw on, best first."""
        ...

    def part(self, part: Part) -> None:
        """The next part of the reply: guarded, verified, and certain to be in it."""
        ...


@dataclass(frozen=True, slots=True)
class Live:
    """A drafter's `Listener` that passes on what `shows` lets through."""

    follower: Follower
    shows: Callable[[Part], bool]

    @property
    def is_gone(self) -> bool:
        """Whether the follower has left."""
        return self.follower.is_gone

    def part(self, part: Part) -> bool:
        """Pass the part on if it may be shown."""
        if not self.shows(part):
            return False
        self.follower.part(part)
        return True
