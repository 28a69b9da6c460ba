"""Opens the database, checks that its schema is the one this code expects, migrates it when older.

An acknowledged write is on disk: SQLite runs in WAL mode with synchronous FULL, so a committed
transaction survives a crash of the process and of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError

from assistant.errors import DataDirectoryError, SettingsError
from assistant.store.schema import HEAD

BUSY_TIMEOUT_MS = 5_000
FILE_NAME = "waypost.sqlite"


def sqlite_url(data: Path) -> str:
    """The default database of the data directory `data`."""
    return f"sqlite:///{data / FILE_NAME}"


class Database:
    """Two kinds of transaction over one engine: `read()` sees one snapshot, `write()` is exclusive."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one consistent snapshot."""
        with _in_our_words(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on an exception."""
        with _in_our_words(), self.engine.connect() as connection:
            writer = connection.execution_options(waypost_write=True)
            with writer.begin():
                yield writer

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _in_our_words() -> Iterator[None]:
    """A database that is full, locked, gone or damaged is no defect of the statement: say what to look at."""
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError):
        raise
    except DBAPIError as error:
        raise DataDirectoryError(
            f"The database cannot be used now: {error.orig}. Check that the disk has room and that no other program "
            "holds it; a damaged one is replaced by a backup with `waypost restore`. What was committed is kept."
        ) from error


def open_database(url: str, *, create: bool) -> Database:
    """The database at `url` in the current schema.

    Raises:
        DataDirectoryError: there is none and `create` is false, it is newer than this code, or damaged.
        SettingsError: the address is none that can be opened.
    """
    try:
        engine = _engine(url)
        found = _schema_version(engine)
        if found != HEAD:
            _bring_up_to_date(engine, found, create=create)
    except OperationalError as error:
        raise DataDirectoryError(
            f"The database could not be opened: {error.orig}. Check that the folder exists and is writable."
        ) from error
    except DBAPIError as error:
        raise DataDirectoryError(
            f"The database is damaged: {error.orig}. Restore a backup with `waypost restore`; nothing was changed."
        ) from error
    except (ArgumentError, ImportError, ValueError) as error:
        raise SettingsError(
            "The setting 'database' is refused: expected a SQLAlchemy address such as "
            f"postgresql+psycopg://user:password@host/name, found one that cannot be opened ({error}). "
            "Leave it out to keep SQLite in the data directory."
        ) from error
    return Database(engine)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Autocommit mode hands BEGIN to us: the driver's own would turn a reader into a writer half-way and fail.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("waypost_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _schema_version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        try:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError:
            connection.rollback()
            if inspect(connection).get_table_names():
                raise
            return None


def _bring_up_to_date(engine: Engine, found: str | None, *, create: bool) -> None:
    # Imported late: alembic costs a fifth of a second and runs once in the life of a schema.
    from assistant.store.migrations.runner import known_versions, upgrade

    if found is None and not create:
        raise DataDirectoryError("The database is empty. Run `waypost ingest SOURCE` to create and fill it.")
    if found is not None and found not in known_versions():
        raise DataDirectoryError(
            f"The database has schema version {found}, newer than the {HEAD} that this Waypost knows. "
            "Install the newer Waypost, or restore a backup made with this one; nothing was changed."
        )
    upgrade(engine)
