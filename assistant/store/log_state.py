"""What the gap log remembers between runs, one small JSON value per key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from assistant.store import gap_tables as g
from assistant.store.database import Database


class LogState:
    """Reads and writes remembered values, each write a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        with self._database.read() as connection:
            return read_state(connection, key)

    def set(self, key: str, value: Any) -> None:
        """Remember `value`, plain JSON."""
        with self._database.write() as connection:
            write_state(connection, key, value)


def read_state(connection: Connection, key: str) -> Any:
    """The value within the caller's transaction, None when there is none."""
    return connection.scalar(select(g.LogState.value).where(g.LogState.key == key))


def write_state(connection: Connection, key: str, value: Any) -> None:
    """Remember `value` within the caller's transaction."""
    connection.execute(delete(g.LogState).where(g.LogState.key == key))
    connection.execute(insert(g.LogState).values(key=key, value=value))
