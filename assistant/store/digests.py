"""Weekly lists as they were given out: made once, the same bytes from then on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from assistant.records import StoredDigest
from assistant.store import gap_tables as g
from assistant.store.database import Database


class Digests:
    """Keeps digests; there is no way to change one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, week: str) -> StoredDigest | None:
        """The digest of that ISO week, None when it was not made yet."""
        with self._database.read() as connection:
            row = connection.execute(select(g.Digest).where(g.Digest.week == week)).first()
        return None if row is None else _shown(row)

    def keep(self, week: str, make: Callable[[], tuple[str, str, str]]) -> StoredDigest:
        """The digest of that week; where there is none, `make` gives its Markdown, HTML and JSON, and it is kept.

        Of two that make it at once, the one that is stored first counts for both.
        """
        before = self.get(week)
        if before is not None:
            return before
        markdown, html, json = make()
        with self._database.write() as connection:
            row = connection.execute(select(g.Digest).where(g.Digest.week == week)).first()
            if row is None:
                values = {"week": week, "made_at": datetime.now(UTC), "markdown": markdown, "html": html, "json": json}
                connection.execute(insert(g.Digest).values(**values))
                row = connection.execute(select(g.Digest).where(g.Digest.week == week)).one()
        return _shown(row)

    def weeks(self) -> list[str]:
        """The weeks that have a digest, latest first."""
        with self._database.read() as connection:
            return list(connection.scalars(select(g.Digest.week).order_by(g.Digest.week.desc())))


def _shown(row: Any) -> StoredDigest:
    return StoredDigest(row.week, row.made_at, row.markdown, row.html, row.json)
