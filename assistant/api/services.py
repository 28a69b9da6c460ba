"""What the routes work with, put together by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from assistant.desk import Desk
from assistant.domain import Audience, Kind
from assistant.gaplog.log import GapLog
from assistant.gaplog.retest import Retest
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from assistant.store.knowledge import StoredKnowledge


class Intake(Protocol):
    """Ingests places on the server's disk; implemented above this package."""

    def run(
        self, sources: Sequence[str], kind: Kind | None, audience: Audience, *, allow_empty: bool
    ) -> list[dict[str, Any]]:
        """Summaries, one a source."""
        ...

    def sync(self, names: Sequence[str], *, allow_empty: bool) -> list[dict[str, Any]]:
        """Run sources by their names; summaries with an `error`, empty when the run came to its end."""
        ...

    def hooked(self, kind: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """The source that a helpdesk's call proves to come from, which is due now; None when it proves nothing."""
        ...


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index as `/readyz` shows it."""

    generation: str
    state: str
    notice: str


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the routes."""

    desk: Desk
    database: Database
    knowledge: StoredKnowledge
    corpus: Corpus
    intake: Intake
    index: Callable[[], IndexStatus]
    gap_log: GapLog
    retest: Callable[[], Retest]


def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


Served = Annotated[Services, Depends(_services)]
