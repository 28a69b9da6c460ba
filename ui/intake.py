"""Runs ingest over a list of sources and keeps the index in step; used by the command line and the server."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.domain import Audience, Kind
from assistant.errors import UsageError
from assistant.seams import Progress
from ui.unchanged import fingerprint

if TYPE_CHECKING:
    from assistant.index.generation import OwnedIndex
    from ui.home import Home


class Intake:
    """One ingest at a time; the index is brought up to date after each committed batch when it is open."""

    def __init__(self, home: Home, index: OwnedIndex, *, serving: bool = False) -> None:
        self._home = home
        self._index = index
        self._serving = serving
        self._one_at_a_time = threading.Lock()

    def run(
        self,
        sources: Sequence[str],
        kind: Kind | None = None,
        audience: Audience = "public",
        *,
        allow_empty: bool = False,
        progress: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """Ingest every source and return their summaries.

        Raises:
            UsageError: a source does not exist or cannot be read at all; found before any is ingested.
        """
        from ingest.build import ingest
        from ingest.sources.files import open_path
        from ingest.sources.item import Defaults

        opened = [open_path(location, Defaults(kind, audience)) for location in sources]
        states = [self._state(source.path, kind, audience) for source in opened]
        with self._one_at_a_time:
            try:
                summaries = [
                    ingest(
                        source,
                        self._home.corpus,
                        self._home.embedder,
                        progress=progress,
                        started=self._index.expect_build,
                        committed=self._index.apply if self._serving else None,
                        allow_empty=allow_empty,
                        fingerprint=state,
                    )
                    for source, state in zip(opened, states, strict=True)
                ]
            except UsageError:
                # What the sources before this one brought in is committed and wants to be found.
                self._keep_in_step()
                raise
            self._keep_in_step()
        return [summary.as_dict() for summary in summaries]

    def _keep_in_step(self) -> None:
        if self._serving or not self._index.is_current():
            self._index.apply()

    def _state(self, path: Path, kind: Kind | None, audience: Audience) -> str:
        """The source's fingerprint, empty when a file cannot be read: then the next run looks at everything."""
        try:
            return fingerprint(path, kind, audience, self._home.folder)
        except OSError:
            return ""

    def close(self) -> None:
        """Close the index."""
        self._index.close()
