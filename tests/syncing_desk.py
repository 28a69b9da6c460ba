"""A data directory with one source, run through the same door as the server and the command line use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from making import SeededEmbedder
from sqlalchemy import select

from assistant.settings import Settings, SourcesSection
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.encoding import blocks_from_rows
from ingest.sources.places import checked_options
from ui.home import Home
from ui.syncing import Hooks, sources_of, synced


class Desk:
    """Syncs a source. What a client of the network would sleep is noted in `waits` instead."""

    def __init__(self, folder: Path, database: Database) -> None:
        settings = Settings(sources=SourcesSection(private_hosts=("127.0.0.1",)))
        self.home = Home(folder, settings, database)
        self.sources = sources_of(self.home)
        self.waits: list[float] = []
        self.name = ""

    def add(self, kind: str, address: str, **options: Any) -> None:
        self.name = f"{kind} of the test"
        checked = checked_options(kind, {"address": address, **options})
        self.sources.add(self.name, kind, checked.model_dump(mode="json"))

    def sync(self, *, allow_empty: bool = False, progress: Any = None) -> dict[str, Any]:
        hooks = Hooks(SeededEmbedder(), progress, wait=self.waits.append)
        stored = self.sources.get(self.name)
        return synced(self.home, stored, hooks, allow_empty=allow_empty, files=lambda _source: {})

    def counts(self, **options: Any) -> tuple[int, int, int, int, int]:
        """Added, updated, unchanged, removed, failed of one more run, which came to its end."""
        summary = self.sync(**options)
        assert summary["error"] == "", summary["error"]
        return tuple(summary[name] for name in ("added", "updated", "unchanged", "removed", "failed"))  # type: ignore[return-value]

    def live(self) -> list[str]:
        """The ids of the live documents, sorted."""
        with self.home.database.read() as connection:
            return sorted(connection.scalars(select(t.Document.key).where(t.Document.deleted_at.is_(None))))

    def document(self, key: str) -> dict[str, Any]:
        """The live version of a document."""
        query = select(t.Version, t.Document.kind, t.Document.audience, t.Document.id.label("document")).join(
            t.Document, t.Document.version_id == t.Version.id
        )
        with self.home.database.read() as connection:
            row = connection.execute(query.where(t.Document.key == key, t.Document.deleted_at.is_(None))).one()
        found = dict(row._mapping)
        return {**found, **found["attributes"], "blocks": blocks_from_rows(found["blocks"])}

    def left_out(self) -> list[str]:
        """The reasons in quarantine."""
        return [row.reason for row in self.home.corpus.quarantine_list()]
