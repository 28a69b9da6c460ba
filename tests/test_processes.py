"""Two processes on one data directory: one owns it, the others hand over, read, or are told who has it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, serving, waypost

from assistant.index.lock import Holder, current_holder, holder_of
from ui.client import Client


def write(path: Path, **articles: str) -> Path:
    records = [{"id": key, "title": f"About {key}", "text": text} for key, text in articles.items()]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def found(client: Client, text: str) -> list[str]:
    hits: list[dict[str, Any]] = client.get("/v1/search", {"q": text})["hits"]
    return [hit["document_id"] for hit in hits]


def within(seconds: float, claim: Callable[[], bool]) -> float:
    """Seconds until `claim` holds; fails when it does not in time."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if claim():
            return time.monotonic() - begin
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Holder]]:
    """A server over two articles: their file, the data directory, the server's card."""
    place = tmp_path_factory.mktemp("processes")
    source = write(
        place / "a.jsonl", reset="Open Settings and choose Reset password.", bill="Open Billing for invoices."
    )
    assert waypost("ingest", source, data=place / "data").code == 0
    with serving(place / "data") as (_, holder):
        yield source, place / "data", holder


def test_a_second_owner_is_told_at_once_who_has_the_directory(server: tuple[Path, Path, Holder]) -> None:
    _, data, holder = server
    for command in (["serve", "--port", "0"], ["index", "rebuild"], ["index", "verify"]):
        ended = waypost(*command, data=data)
        assert ended.code == 1
        assert f"process {holder.pid} (waypost serve" in ended.err
        assert "--data" in ended.err
        # Its own work; the wall clock of a busy machine says nothing about it.
        assert ended.cpu_s < 2.0, f"{command} took {ended.cpu_s:.1f} s of processor time"


def test_reading_beside_a_server_works(server: tuple[Path, Path, Holder]) -> None:
    _, data, _ = server
    searched = waypost("search", "reset password", "--json", data=data)
    assert json.loads(searched.out)["hits"][0]["document_id"] == "reset"
    assert searched.err == ""
    asked = waypost("ask", "How do I reset my password?", "--json", data=data)
    assert json.loads(asked.out)["verdict"] in ("answered", "partial", "gap")
    assert waypost("gaps", "list", data=data).code == 0


def test_what_is_ingested_beside_a_server_is_found_in_it_and_what_is_deleted_is_not(
    server: tuple[Path, Path, Holder],
) -> None:
    source, data, holder = server
    with Client(holder.url, holder.token) as client:
        assert found(client, "invoices")[0] == "bill"
        write(
            source,
            reset="Open Settings and choose Reset password.",
            printer="Hold the green button to pair the printer.",
        )
        ended = waypost("ingest", source, "--json", data=data)
        assert ended.code == 0, ended.err
        assert f"process {holder.pid}" in ended.err
        (summary,) = json.loads(ended.out)
        assert (summary["added"], summary["removed"], summary["unchanged"], summary["embedded"]) == (1, 1, 1, 1)
        assert within(1.0, lambda: found(client, "pair the printer")[:1] == ["printer"]) < 1.0
        assert "bill" not in found(client, "invoices")
        answer = client.post("/v1/drafts", {"text": "Where are my invoices?"})
        assert all(source_["document_id"] != "bill" for source_ in answer["sources"])
        ready = client.get("/readyz")
        assert (ready["index"], ready["status"]) == ("sound", "ok")


def test_a_server_goes_on_when_its_index_process_is_killed(server: tuple[Path, Path, Holder]) -> None:
    _, _, holder = server
    with Client(holder.url, holder.token) as client:
        within(30, lambda: client.get("/readyz")["index"] == "sound")
        os.kill(child_of(holder.pid), signal.SIGKILL)
        assert found(client, "reset password")[0] == "reset"
        within(30, lambda: client.get("/readyz")["index"] == "sound")
        assert found(client, "reset password")[0] == "reset"


def child_of(pid: int) -> int:
    for path in Path("/proc").glob("[0-9]*/stat"):
        parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        if parent == pid and b"chroma_worker" in (path.parent / "cmdline").read_bytes():
            return int(path.parent.name)
    raise AssertionError("no index process")


def test_a_server_that_is_told_to_end_closes_its_index(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", reset="Open Settings and choose Reset password.")
    data = tmp_path / "data"
    assert waypost("ingest", source, data=data).code == 0
    with serving(data) as (process, holder):
        with Client(holder.url, holder.token) as client:
            within(30, lambda: client.get("/readyz")["index"] == "sound")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert holder_of(data) is None
    again = waypost("ingest", source, "--json", data=data)
    assert json.loads(again.out)[0]["unchanged"] == 1
    assert waypost("index", "verify", data=data).code == 0


def test_an_index_that_was_verified_is_still_sound(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert waypost("ingest", write(tmp_path / "a.jsonl", reset="Open Settings."), data=data).code == 0
    for _ in range(3):
        ended = waypost("index", "verify", data=data)
        assert ended.code == 0, ended.out


def test_a_killed_owner_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", reset="Open Settings and choose Reset password.")
    data = tmp_path / "data"
    assert waypost("ingest", source, data=data).code == 0
    with serving(data) as (process, _):
        process.kill()
        process.wait()
        assert holder_of(data) is not None, "its card is left behind"
        assert current_holder(data) is None
        assert "reset" in waypost("search", "reset", "--json", data=data).out
        ended: Ended = waypost("ingest", write(source, reset="Open Settings."), "--json", data=data)
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)[0]["updated"] == 1
        assert waypost("index", "verify", data=data).code == 0
