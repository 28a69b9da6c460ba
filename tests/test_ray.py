"""The work done on Ray gives the store that the work done here gives, also when a worker dies in the middle."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.models.embedder import OnnxMiniLM, load_embedder
from assistant.store.corpus import Corpus
from assistant.store.database import Database, open_database, sqlite_url
from ingest.build import ingest
from ingest.ray_engine import RayEngine
from ingest.sources.files import open_path
from ingest.sources.item import Defaults

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Articles, tickets, and a broken record."""
    folder = tmp_path_factory.mktemp("ray") / "source"
    folder.mkdir()
    for number in range(30):
        text = " ".join(f"Sentence {n} about lamp {number} and what to press." for n in range(number % 7 * 6 + 2))
        (folder / f"{number:02d}.md").write_text(f"# Lamp {number}\n\n{text}\n\n## More\n\n{text[::2]}")
    ticket = {"created": "2024-01-01", "messages": [{"by": "customer", "text": "Hi, a@x.org here."}]}
    lines = [json.dumps({"id": f"t{n}", "subject": f"Lamp {n}", **ticket}) for n in range(20)]
    (folder / "tickets.jsonl").write_text("\n".join([*lines, "broken"]) + "\n")
    return folder


@pytest.fixture(scope="module")
def engine(embedder: OnnxMiniLM) -> Iterator[RayEngine]:
    made = RayEngine(embedder, partial(load_embedder, threads=1), workers=2)
    yield made
    made.close()


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row that a run leaves, but for times."""
    queries = {
        "documents": "SELECT source_key, key, kind, audience, revision, deleted_at FROM documents ORDER BY id",
        "versions": "SELECT document_id, number, title, text, blocks, attributes FROM versions ORDER BY id",
        "chunks": 'SELECT document_id, "start", "end", role, embedded_text, content_hash FROM chunks ORDER BY id',
        "embeddings": "SELECT model_id, content_hash, vector FROM embeddings ORDER BY content_hash",
        "quarantine": "SELECT item, revision, reason FROM quarantine ORDER BY id",
    }
    with database.read() as connection:
        return {name: [tuple(r) for r in connection.exec_driver_sql(query)] for name, query in queries.items()}


def stored(folder: Path, source: Path, embedder: OnnxMiniLM, engine: RayEngine | None) -> dict[str, list[Any]]:
    folder.mkdir()
    database = open_database(sqlite_url(folder), create=True)
    ingest(open_path(str(source), Defaults()), Corpus(database), embedder, engine=engine)
    found = contents(database)
    database.close()
    return found


def test_ray_and_local_store_the_same_to_the_bit(
    tmp_path: Path, source: Path, embedder: OnnxMiniLM, engine: RayEngine
) -> None:
    here = stored(tmp_path / "here", source, embedder, None)
    assert len(here["documents"]) == 50
    assert len(here["quarantine"]) == 1
    assert stored(tmp_path / "ray", source, embedder, engine) == here


def test_a_worker_that_is_killed_half_way_changes_nothing(
    tmp_path: Path, source: Path, embedder: OnnxMiniLM, engine: RayEngine
) -> None:
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not over.is_set() and not killed:
            for pid in _workers():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    found = stored(tmp_path / "ray", source, embedder, engine)
    over.set()
    killer.join()
    assert killed
    assert found == stored(tmp_path / "here", source, embedder, None)


def _workers() -> list[int]:
    """Processes that run one of our tasks at this moment: Ray names them after it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name = (entry / "cmdline").read_bytes()
                mine = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if (b"ray::_embed_texts" in name or b"ray::_read_items" in name) and mine and _is_below(int(mine[1])):
                found.append(int(entry.name))
    return found


def _is_below(parent: int) -> bool:
    """Whether the process was started by this one, however far up."""
    while parent > 1:
        if parent == os.getpid():
            return True
        try:
            parent = int(Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            return False
    return False
