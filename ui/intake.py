"""Runs ingest over a list of sources and keeps the index in step; used by the command line and the server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.domain import Audience, Kind
from assistant.errors import SourceError, UsageError
from assistant.seams import Progress
from ui.unchanged import fingerprint

if TYPE_CHECKING:
    from assistant.index.generation import OwnedIndex
    from assistant.store.sources import StoredSource
    from ingest.hooks import Hooks
    from ingest.ray_engine import RayEngine
    from ui.home import Home


class Intake:
    """One ingest at a time; the index is brought up to date after each committed batch when it is open."""

    def __init__(self, home: Home, index: OwnedIndex, *, serving: bool = False) -> None:
        self._home = home
        self._index = index
        self._serving = serving
        self._one_at_a_time = threading.RLock()

    def run(
        self,
        sources: Sequence[str],
        kind: Kind | None = None,
        audience: Audience = "public",
        *,
        allow_empty: bool = False,
        progress: Progress | None = None,
        on_ray: bool = False,
    ) -> list[dict[str, Any]]:
        """Ingest every source and return their summaries; an address becomes a source of its own.

        Raises:
            UsageError: a source does not exist or cannot be read at all; found before any is ingested.
            SourceError: an address failed.
        """
        from ingest.sources.places import kind_of_address

        if any(map(kind_of_address, sources)):
            found: list[dict[str, Any]] = []
            for place in sources:
                if kind_of_address(place):
                    found += self._address(place, audience, allow_empty=allow_empty, progress=progress)
                else:
                    found += self.run(
                        [place], kind, audience, allow_empty=allow_empty, progress=progress, on_ray=on_ray
                    )
            return found
        from assistant.store.contacts import Contacts
        from ingest.build import ingest
        from ingest.sources.files import open_path
        from ingest.sources.item import Defaults

        rules, own = self._home.redactor.rules, self._home.settings.desk.addresses
        defaults = Defaults(kind, audience, rules, own, self._home.settings.sources.macros)
        opened = [open_path(location, defaults) for location in sources]
        states = [self._state(source.path, kind, audience) for source in opened]
        engine = self._ray_engine() if on_ray else None
        with self._one_at_a_time:
            try:
                summaries = [
                    ingest(
                        source,
                        self._home.corpus,
                        self._home.searcher,
                        progress=progress,
                        started=self._index.expect_build,
                        committed=self._index.apply if self._serving else None,
                        allow_empty=allow_empty,
                        fingerprint=state,
                        hear=Contacts(self._home.database).add_all,
                        engine=engine,
                    )
                    for source, state in zip(opened, states, strict=True)
                ]
            except UsageError:
                # What the sources before this one brought in is committed and wants to be found.
                self._keep_in_step()
                raise
            finally:
                if engine is not None:
                    engine.close()
            self._keep_in_step()
        return [summary.as_dict() for summary in summaries]

    def _ray_engine(self) -> RayEngine:
        from ingest.ray_engine import RayEngine

        return RayEngine(self._home.searcher, self._home.searcher_recipe(), address=os.environ.get("RAY_ADDRESS"))

    def sync(
        self,
        names: Sequence[str],
        *,
        allow_empty: bool = False,
        progress: Progress | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> list[dict[str, Any]]:
        """Run sources by their names; a summary's `error` says what ended that run early, empty when nothing did.

        Raises:
            NotFound: there is no source of that name; found before any is run.
        """
        from ui.syncing import Hooks, sources_of, synced

        stored = [sources_of(self._home).get(name) for name in names]
        committed = self._index.apply if self._serving else None
        hooks = Hooks(self._home.searcher, progress, self._index.expect_build, committed, wait)

        def files(source: StoredSource) -> dict[str, Any]:
            kind, audience = source.options.get("kind"), source.options.get("audience", "public")
            return self.run([source.name], kind, audience, allow_empty=allow_empty, progress=progress)[0]

        with self._one_at_a_time:
            try:
                return [synced(self._home, source, hooks, allow_empty=allow_empty, files=files) for source in stored]
            finally:
                self._keep_in_step()

    def hooked(self, kind: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """The source that a helpdesk's call proves to come from, which is due now; None when it proves nothing."""
        return self._hooks.received(kind, headers, body)

    @cached_property
    def _hooks(self) -> Hooks:
        from ingest.hooks import Hooks
        from ui.syncing import sources_of

        return Hooks(sources_of(self._home))

    def _address(
        self, location: str, audience: Audience, *, allow_empty: bool, progress: Progress | None
    ) -> list[dict[str, Any]]:
        from ingest.sources.places import checked_options, kind_of_address
        from ui.syncing import sources_of

        kind = kind_of_address(location) or ""
        options = checked_options(kind, {"address": location, "audience": audience}).model_dump(mode="json")
        sources_of(self._home).add(location, kind, options, again=True)
        summaries = self.sync([location], allow_empty=allow_empty, progress=progress)
        if summaries[0]["error"]:
            raise SourceError(summaries[0]["error"])
        return summaries

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
