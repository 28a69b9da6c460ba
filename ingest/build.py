"""One ingest run: what changed at a source becomes versions, chunks and vectors in the store.

Each document is its own transaction, so a run may be stopped at any moment: a document is in its old
or in its new state. Bringing the index up to date is the caller's next step.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field

import numpy as np

from assistant.domain import Chunk, Document
from assistant.errors import UnreadableItem, UsageError, WaypostError
from assistant.records import NewContact
from assistant.redaction import Rules, redacted
from assistant.seams import Progress, Vectors
from assistant.store.corpus import Corpus, Known
from ingest.engine import CountingEmbedder, Engine, Here
from ingest.sources.item import Item, Listing, Source

log = logging.getLogger(__name__)

_BATCH_CHUNKS = 512
_BATCH_DOCUMENTS = 256
_LISTED = 100


@dataclass(slots=True)
class Summary:
    """What one run did, in documents; `embedded` and `chunks` count passages, `characters` those of texts read,
    `contacts` reviews and survey comments, which are no documents; `moved` are those of the unchanged ones that are in
    another place now.

    `failed` are in quarantine, each with its reason; `clashes` are documents whose id another one had already,
    with the id they are known by. Of both the first hundred are listed.
    """

    source: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    embedded: int = 0
    chunks: int = 0
    characters: int = 0
    contacts: int = 0
    moved: int = 0
    seconds: float = 0.0
    failures: list[dict[str, str]] = field(default_factory=list)
    clashes: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Read:
    item: Item
    document: Document
    chunks: tuple[Chunk, ...]


def ingest(
    source: Source,
    corpus: Corpus,
    embedder: CountingEmbedder,
    *,
    progress: Progress | None = None,
    committed: Callable[[], object] | None = None,
    started: Callable[[], object] | None = None,
    allow_empty: bool = False,
    fingerprint: str = "",
    hear: Callable[[Sequence[NewContact]], object] | None = None,
    engine: Engine | None = None,
) -> Summary:
    """Bring the store in step with `source`.

    `started` is called once, before the first changed record is embedded; `committed` after each batch.
    `hear` takes the contacts that a source holds besides documents. `engine` does the
    work where it is not this process. `fingerprint` stands for the source's whole
    state and is kept when the run came to its end.

    Raises:
        UsageError: the source is suddenly empty, which is more often a mistake than a wish.
    """
    run = _Run(source, corpus, embedder, committed or (lambda: None), started or (lambda: None), hear, engine)
    return run.carry_out(progress, allow_empty=allow_empty, fingerprint=fingerprint)


class _Run:
    def __init__(
        self,
        source: Source,
        corpus: Corpus,
        embedder: CountingEmbedder,
        committed: Callable[[], object],
        started: Callable[[], object],
        hear: Callable[[Sequence[NewContact]], object] | None,
        engine: Engine | None,
    ) -> None:
        self._source = source
        self._corpus = corpus
        self._embedder = embedder
        self._committed = committed
        self._started = started
        self._hear = hear
        self._engine = engine or Here(embedder)
        self._heard: list[NewContact] = []
        self._gone: dict[str, str] | None = None
        self._source_id = corpus.source(source.name, source.kind, source.options)
        self._known = corpus.known(self._source_id)
        self._quarantined = corpus.quarantined(self._source_id)
        self._pending: list[Item] = []
        self._waiting: list[_Read] = []
        self._covered: list[str] = []
        self._summary = Summary(source.name)
        self._begun = False

    def carry_out(self, progress: Progress | None, *, allow_empty: bool, fingerprint: str) -> Summary:
        begin = time.perf_counter()
        seen: set[str] = set()
        for number, item in enumerate(self._source.items(), 1):
            seen.add(item.key)
            self._take(item)
            if progress:
                progress(number, self._source.size(), item.where)
        self._read_pending()
        self._flush()
        self._enter_contacts()
        self._remove_unseen(seen, allow_empty=allow_empty)
        if forgotten := [item for item in self._quarantined if item not in seen]:
            self._corpus.clear_quarantine(self._source_id, forgotten)
        self._summary.seconds = round(time.perf_counter() - begin, 3)
        if self._begun or self._summary.removed or fingerprint:
            self._corpus.finish(self._source_id, self._summary.as_dict(), fingerprint)
        return self._summary

    def _take(self, item: Item) -> None:
        if item.covers is not None:
            self._covered.append(item.covers)
        if item.contact is not None:
            self._take_contact(item, item.contact)
            return
        known = self._known.get(item.key) or self._moved(item)
        revision, reason = self._quarantined.get(item.key, ("", ""))
        if known is not None and not known.deleted and known.revision == item.revision:
            self._summary.unchanged += 1
            if revision:
                self._corpus.clear_quarantine(self._source_id, [item.key])
        elif revision == item.revision:
            # Unreadable last time and the same bytes now: it is counted again without being read again.
            self._fail(item, reason, store=False)
        else:
            self._read(item)

    def _moved(self, item: Item) -> Known | None:
        """The record that had the same bytes under a key that is gone now: a renamed or moved file."""
        if self._gone is None:
            present = self._source.present() if isinstance(self._source, Listing) else None
            live = {key: known for key, known in self._known.items() if present is not None and not known.deleted}
            self._gone = {known.revision: key for key, known in live.items() if not _is_present(key, present or set())}
        before = self._gone.pop(item.revision, None)
        if before is None:
            return None
        moved = self._known.pop(before)
        self._corpus.move(moved.document_id, item.key)
        self._known[item.key] = moved
        self._summary.moved += 1
        return moved

    def _take_contact(self, item: Item, read: Callable[[], NewContact]) -> None:
        try:
            if self._hear is None:
                raise UnreadableItem("there is no log of contacts here to enter it into.")
            self._heard.append(read())
        except UnreadableItem as error:
            self._fail(item, self._reason(item, error))
            return
        if item.key in self._quarantined:
            self._corpus.clear_quarantine(self._source_id, [item.key])
        if len(self._heard) >= _BATCH_DOCUMENTS:
            self._enter_contacts()

    def _enter_contacts(self) -> None:
        if self._heard and self._hear is not None:
            self._hear(self._heard)
            self._summary.contacts += len(self._heard)
            self._heard = []

    def _reason(self, item: Item, error: Exception) -> str:
        """Why an item is left out. It is stored and shown, so it may not quote what the item itself may not keep."""
        said = str(error) if isinstance(error, UnreadableItem) else f"{type(error).__name__}: {error}"
        reason = redacted(said, rules=Rules(keep=(item.where,))).text
        return reason if item.where in reason else f"{item.where}: {reason}"

    def _read(self, item: Item) -> None:
        if not self._begun:
            self._begun = True
            self._started()
        self._pending.append(item)
        if len(self._pending) >= self._engine.window:
            self._read_pending()

    def _read_pending(self) -> None:
        pending, self._pending = self._pending, []
        results = self._engine.read([(item.load, item.revision) for item in pending])
        for item, found in zip(pending, results, strict=True):
            if isinstance(found, Exception):
                if not isinstance(found, UnreadableItem):
                    log.error("unexpected failure while reading %s: %s", item.where, type(found).__name__)
                    log.debug("where it failed", exc_info=found)
                self._fail(item, self._reason(item, found))
                continue
            self._waiting.append(_Read(item, *found))
            if len(self._waiting) >= _BATCH_DOCUMENTS or sum(len(r.chunks) for r in self._waiting) >= _BATCH_CHUNKS:
                self._flush()

    def _fail(self, item: Item, reason: str, *, store: bool = True) -> None:
        self._summary.failed += 1
        if len(self._summary.failures) < _LISTED:
            self._summary.failures.append({"item": item.where, "reason": reason})
        if store:
            self._corpus.quarantine(self._source_id, item.key, item.revision, reason)

    def _flush(self) -> None:
        if not self._waiting:
            return
        vectors = self._embed([chunk for read in self._waiting for chunk in read.chunks])
        for read in self._waiting:
            mine = {c.content_hash: vectors[c.content_hash] for c in read.chunks if c.content_hash in vectors}
            self._store(read, mine)
        self._note_clashes(self._waiting)
        self._waiting.clear()
        self._committed()

    def _store(self, read: _Read, vectors: Mapping[str, Vectors]) -> None:
        try:
            outcome = self._corpus.put(
                self._source_id, read.item.key, read.document, read.chunks, vectors, self._embedder.model_id
            )
        except WaypostError:
            raise  # the store itself fails: the next record would, too
        except Exception as error:
            log.error("unexpected failure while storing %s: %s", read.item.where, type(error).__name__)  # noqa: TRY400
            log.debug("where it failed", exc_info=error)
            self._fail(read.item, self._reason(read.item, error))
        else:
            self._count(outcome, read)

    def _embed(self, chunks: Sequence[Chunk]) -> dict[str, Vectors]:
        """Vectors of the texts that never were embedded under this model."""
        texts = {chunk.content_hash: chunk.embedded_text for chunk in chunks}
        missing = sorted(self._corpus.missing_embeddings(self._embedder.model_id, texts))
        vectors = self._engine.embed([texts[content_hash] for content_hash in missing])
        if not np.isfinite(vectors).all():
            raise UsageError("The embedding model returned numbers that are not finite; choose another model.")
        self._summary.embedded += len(missing)
        return dict(zip(missing, vectors, strict=True))

    def _count(self, outcome: str, read: _Read) -> None:
        setattr(self._summary, outcome, getattr(self._summary, outcome) + 1)
        self._summary.chunks += len(read.chunks)
        self._summary.characters += len(read.document.text)

    def _remove_unseen(self, seen: set[str], *, allow_empty: bool) -> None:
        live: dict[str, Known] = {key: known for key, known in self._known.items() if not known.deleted}
        if live and not seen and not allow_empty:
            raise UsageError(
                f"{self._source.name} held {len(live)} documents and now holds none; nothing was removed. "
                "If it is meant to be empty, run again with --allow-empty."
            )
        # An unreadable record is still there: its last good version stays until the record itself is gone.
        covered = tuple(self._covered)
        gone = [known.document_id for key, known in live.items() if key not in seen and not key.startswith(covered)]
        self._summary.removed = self._corpus.remove(gone)
        if gone:
            self._committed()

    def _note_clashes(self, stored: Sequence[_Read]) -> None:
        given = self._corpus.keys(self._source_id, [read.item.key for read in stored])
        for read in stored:
            key = given.get(read.item.key, read.document.key)
            if key != read.document.key and len(self._summary.clashes) < _LISTED:
                self._summary.clashes.append({"item": read.item.where, "id": read.document.key, "stored_as": key})


def _is_present(key: str, files: Set[str]) -> bool:
    """Whether the file that a record's key starts with is still there."""
    return key in files or any(key[:at] in files for at, char in enumerate(key) if char in "#/")
