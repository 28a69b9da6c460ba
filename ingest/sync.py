"""One run of a source over the network, on top of `ingest.build`.

The cursor is stored only after the documents that it covers, so a run may be killed at any moment: the
next one asks again for what was not stored. A source that fails half-way keeps what it told, and loses
nothing that it did not get to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from assistant.domain import Document
from assistant.errors import SourceError, UsageError
from assistant.seams import Progress
from assistant.store.corpus import Corpus
from assistant.store.sources import Sources, StoredSource
from ingest.build import Summary, ingest
from ingest.engine import CountingEmbedder
from ingest.sources.feed import Event, Feed, Gone, Mark, Memory, Moved, Rest
from ingest.sources.item import Item

_MANY = 10
"""From so many documents on, losing more than half of them at once is taken for a fault of the source."""


def sync(
    source: StoredSource,
    feed: Feed,
    fingerprint: str,
    *,
    corpus: Corpus,
    sources: Sources,
    embedder: CountingEmbedder,
    progress: Progress | None = None,
    committed: Callable[[], object] | None = None,
    started: Callable[[], object] | None = None,
    allow_empty: bool = False,
) -> tuple[Summary, SourceError | None]:
    """Bring the store in step with the feed; the error is what ended it early, None when it came to its end.

    Raises:
        UsageError: the source lost more than half of its documents and `allow_empty` is false.
    """
    told = _Told(source, feed, fingerprint, corpus, sources, allow_empty=allow_empty)
    told.begin()

    def after_batch() -> None:
        told.keep_mark()
        if committed:
            committed()

    summary = ingest(
        told, corpus, embedder, progress=progress, committed=after_batch, started=started, allow_empty=True
    )
    told.keep_mark()
    summary.removed += told.removed
    return summary, told.error


@dataclass
class _Told:
    """A feed as `ingest` sees a source: the whole state, of which most is usually known already."""

    stored: StoredSource
    feed: Feed
    fingerprint: str
    corpus: Corpus
    sources: Sources
    allow_empty: bool
    error: SourceError | None = None
    removed: int = 0
    _mark: Mapping[str, Any] | None = None
    _events: Iterator[Event] = field(default_factory=lambda: iter(()))
    _live: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.stored.name

    @property
    def kind(self) -> str:
        return self.stored.kind

    @property
    def options(self) -> Mapping[str, Any]:
        return self.stored.options

    def size(self) -> int | None:
        return None

    def begin(self) -> None:
        """Take in what moved, before `ingest` looks at what is known."""
        known = {key: record for key, record in self.corpus.known(self.stored.id).items() if not record.deleted}
        self._live = {key: record.revision for key, record in known.items()}
        self._ids = {key: record.document_id for key, record in known.items()}
        kept = self.stored.cursor if self.stored.cursor.get("of") == self.fingerprint else {}
        self._events = self.feed.events(Memory(kept.get("at", {}), dict(self._live)))
        try:
            for event in self._events:
                if not isinstance(event, Moved):
                    self._events = chain([event], self._events)
                    return
                self._move(event)
        except SourceError as error:
            self.error = error

    def items(self) -> Iterator[Item]:
        try:
            for event in self._events:
                yield from self._taken(event)
            if self.error:
                raise self.error
        except SourceError as error:
            self.error = error
            yield from self._rest("")
        else:
            self._refuse_a_landslide()

    def keep_mark(self) -> None:
        """Store the last mark. All that was told before it is in the store by now."""
        if self.sources.is_removed(self.stored.id):
            raise SourceError(f"The source {self.name!r} was removed while it was read.", retry=False)
        if self._mark is not None:
            self.sources.keep_cursor(self.stored.id, {"of": self.fingerprint, "at": dict(self._mark)})
            self._mark = None

    def _taken(self, event: Event) -> Iterator[Item]:
        if isinstance(event, Item):
            self._seen.add(event.key)
            yield event
        elif isinstance(event, Rest):
            yield from self._rest(event.prefix)
        elif isinstance(event, Mark):
            self._mark = event.cursor
        elif isinstance(event, Gone):
            self._remove(event.key)
        else:
            raise TypeError(f"expected what moved before anything else, found {event}")

    def _rest(self, prefix: str) -> Iterator[Item]:
        left_out = {key: revision for key, (revision, _) in self.corpus.quarantined(self.stored.id).items()}
        for key, revision in {**self._live, **left_out}.items():
            if key.startswith(prefix) and key not in self._seen:
                self._seen.add(key)
                yield Item(key, revision, f"{self.name} {key}", _not_to_be_read)

    def _remove(self, key: str) -> None:
        """At once: a mark that is stored later may cover this removal."""
        self._seen.discard(key)
        if self._live.pop(key, None) is not None:
            self.removed += self.corpus.remove([self._ids[key]])

    def _move(self, event: Moved) -> None:
        if event.old in self._live and event.new not in self._live:
            self.sources.move(self.stored.id, event.old, event.new)
            self._live[event.new] = self._live.pop(event.old)
            self._ids[event.new] = self._ids.pop(event.old)

    def _refuse_a_landslide(self) -> None:
        lost = len(self._live.keys() - self._seen)
        if not self.allow_empty and lost > len(self._live) / 2 and (lost >= _MANY or not self._seen):
            raise UsageError(
                f"{self.name} has {lost} of its {len(self._live)} documents no more; nothing was removed. If they are "
                "meant to be gone, sync again with --allow-empty."
            )


def _not_to_be_read() -> Document:
    raise AssertionError("a record that did not change is not read")
