"""API keys: shown once, stored as a hash, compared in constant time, revocable.

The secret part is 32 random bytes, so a plain SHA-256 is enough: there is nothing to guess. Format
`wp_<id>_<secret>`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from sqlalchemy import insert, select, update

from assistant.errors import NotFound
from assistant.store import tables as t
from assistant.store.database import Database

Role = Literal["agent", "designer", "admin"]
_USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key without its secret."""

    id: str
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Keys:
    """Creates, checks and revokes keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: Role) -> str:
        """A new key, whole; this is the only time that it is known."""
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with self._database.write() as connection:
            connection.execute(
                insert(t.ApiKey).values(
                    id=key_id, name=name, role=role, hash=_hash(secret), created_at=datetime.now(UTC)
                )
            )
        return f"wp_{key_id}_{secret}"

    def check(self, key: str) -> KeyInfo | None:
        """The key's record, or None when it is unknown, malformed or revoked."""
        prefix, _, rest = key.partition("_")
        key_id, _, secret = rest.partition("_")
        if prefix != "wp" or not secret:
            return None
        with self._database.read() as connection:
            row = connection.execute(select(t.ApiKey).where(t.ApiKey.id == key_id)).first()
        # Hash even for an unknown id, so that the time taken does not say whether an id exists.
        stored = row.hash if row is not None else _hash("")
        if not hmac.compare_digest(stored, _hash(secret)) or row is None or row.revoked_at is not None:
            return None
        self._note_use(row.id, row.last_used_at)
        return KeyInfo(row.id, row.name, cast("Role", row.role), row.created_at, row.last_used_at, row.revoked_at)

    def list(self) -> list[KeyInfo]:
        """Every key, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(t.ApiKey).order_by(t.ApiKey.created_at)).all()
        return [KeyInfo(r.id, r.name, cast("Role", r.role), r.created_at, r.last_used_at, r.revoked_at) for r in rows]

    def revoke(self, key_id: str) -> None:
        """End a key at once.

        Raises:
            NotFound: no key has that id.
        """
        with self._database.write() as connection:
            done = connection.execute(
                update(t.ApiKey)
                .where(t.ApiKey.id == key_id, t.ApiKey.revoked_at.is_(None))
                .values(revoked_at=datetime.now(UTC))
            )
        if not done.rowcount:
            raise NotFound(f"No live key {key_id!r}. `waypost keys list` shows them.")

    def _note_use(self, key_id: str, last: datetime | None) -> None:
        now = datetime.now(UTC)
        if last is None or now - last > _USE_RESOLUTION:
            with self._database.write() as connection:
                connection.execute(update(t.ApiKey).where(t.ApiKey.id == key_id).values(last_used_at=now))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
