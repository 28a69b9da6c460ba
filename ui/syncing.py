"""Runs sources by their names: opens each, brings the store in step, records how it went and when it is due again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.errors import NotFound, SourceError, UsageError, WaypostError
from assistant.seams import Progress

if TYPE_CHECKING:
    from assistant.store.sources import Sources, StoredSource
    from ingest.engine import CountingEmbedder
    from ui.home import Home

log = logging.getLogger(__name__)

_TRY_AGAIN_S = 900.0
FILE_KINDS = ("file", "folder")


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a run calls on its way: see `ingest.build.ingest`; `wait` sleeps, and may raise to end the run."""

    embedder: CountingEmbedder
    progress: Progress | None = None
    started: Callable[[], object] | None = None
    committed: Callable[[], object] | None = None
    wait: Callable[[float], object] = time.sleep


def synced(
    home: Home,
    source: StoredSource,
    hooks: Hooks,
    *,
    allow_empty: bool = False,
    files: Callable[[StoredSource], Mapping[str, Any]],
) -> dict[str, Any]:
    """Run one source and record how it went; the summary's `error` is empty when it came to its end.

    `files` runs a source of files. A failure of the source is recorded, not raised: others are to run.
    """
    sources = sources_of(home)
    try:
        summary, failure = _run(home, source, hooks, allow_empty=allow_empty, files=files)
    except (SourceError, UsageError) as error:
        summary, failure = {}, error
    except WaypostError as error:
        sources.ended(source, None, str(error), wait_s=_until_next(source, error))
        raise
    if sources.is_removed(source.id):
        sources.clear(source.id)  # what the run put back after the removal
        raise NotFound(f"The source {source.name!r} was removed while it was read.")
    text = str(failure) if failure else ""
    if failure:
        log.warning("source %s: %s", source.name, text)
    sources.ended(source, summary or None, text, wait_s=_until_next(source, failure) if failure else None)
    return {**_empty(source), **summary, "error": text}


def _run(
    home: Home, source: StoredSource, hooks: Hooks, *, allow_empty: bool,
    files: Callable[[StoredSource], Mapping[str, Any]],
) -> tuple[Mapping[str, Any], WaypostError | None]:  # fmt: skip
    if source.kind in FILE_KINDS:
        return files(source), None
    from ingest.sources.item import Defaults
    from ingest.sources.places import Outside, checked_options, open_feed
    from ingest.sync import sync

    options = checked_options(source.kind, source.options)
    places = home.settings.sources.private_hosts, home.folder / "sources"
    with closing(Outside(*places, hooks.wait)) as outside:
        feed, stamp = open_feed(
            source.kind, options, Defaults(rules=home.redactor.rules, macros=home.settings.sources.macros), outside
        )
        summary, failure = sync(
            source, feed, stamp, corpus=home.corpus, sources=sources_of(home), embedder=hooks.embedder,
            progress=hooks.progress, committed=hooks.committed, started=hooks.started, allow_empty=allow_empty,
        )  # fmt: skip
    return summary.as_dict(), failure


def sources_of(home: Home) -> Sources:
    """The list of sources of a data directory."""
    from assistant.store.sources import Sources

    return Sources(home.database)


def _until_next(source: StoredSource, failure: WaypostError) -> float | None:
    """Seconds until a failed source is tried again: soon when that may help, never before it asked to be."""
    if not failure.retry or source.schedule_s is None:
        return None
    return max(getattr(failure, "wait_s", 0.0), min(_TRY_AGAIN_S, source.schedule_s))


def _empty(source: StoredSource) -> dict[str, Any]:
    from ingest.build import Summary

    return Summary(source.name).as_dict()


def due_names(sources: Sources) -> list[str]:
    """The names of the sources whose time has come, the longest due first."""
    from datetime import UTC, datetime

    return [source.name for source in sources.due(datetime.now(UTC))]
