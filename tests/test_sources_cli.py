"""`waypost sources` as a person and the server use it: real processes, a real schedule, kills at any moment."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import WAYPOST, Ended, environment, serving, waypost
from local_site import Asked, Given, LocalSite, local_site, page
from zendesk_server import KEY, USER, Zendesk

ALLOWED = {"WAYPOST_SOURCES__PRIVATE_HOSTS": '["127.0.0.1"]', "ZENDESK_KEY": KEY}
WIFI = "<p>To connect the display to Wi-Fi, open Settings, choose Network and type the password.</p>"
SOUND = "<p>To mute the display at night, open Sounds and switch the night mode on.</p>"


class Pages:
    """A site of two pages without a sitemap of its own making."""

    def __init__(self) -> None:
        self.texts = {"/wifi": WIFI, "/sound": SOUND}

    def __call__(self, asked: Asked) -> Given:
        if asked.path == "/sitemap.xml":
            base = f"http://{asked.headers['host']}"
            urls = "".join(f"<url><loc>{base}{path}</loc></url>" for path in self.texts)
            return Given(200, f"<urlset>{urls}</urlset>".encode())
        return (
            page(asked.path[1:], f"<main>{self.texts[asked.path]}</main>") if asked.path in self.texts else Given(404)
        )


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def site(pages: Pages) -> Iterator[LocalSite]:
    with local_site(pages) as found:
        yield found


def run(*arguments: str, data: Path, extra: dict[str, str] | None = None) -> Ended:
    return waypost(*arguments, data=data, extra=ALLOWED if extra is None else extra)


def listed(data: Path) -> list[dict[str, Any]]:
    ended = run("sources", "list", "--json", data=data)
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def hits(data: Path, question: str) -> list[str]:
    ended = run("search", question, "--json", data=data)
    return [hit["document_id"] for hit in json.loads(ended.out)["hits"]]


def test_a_source_is_added_synced_listed_and_removed_and_its_documents_with_it(
    tmp_path: Path, site: LocalSite, pages: Pages
) -> None:
    data = tmp_path / "data"
    assert run("sources", "add", "web", site.url + "/", "--name", "help", "--every", "6h", data=data).code == 0
    assert run("sources", "add", "web", site.url + "/else/", "--name", "help", data=data).code == 2
    synced = run("sources", "sync", "help", data=data)
    assert "2 added, 0 updated, 0 unchanged, 0 removed, 0 failed" in synced.out
    assert site.url + "/wifi" in hits(data, "How do I connect the display to Wi-Fi?")
    (status,) = listed(data)
    assert (status["documents"], status["every_s"], status["error"]) == (2, 21_600, "")
    assert status["last_run"]["added"] == 2
    assert status["next_run_at"] > status["last_run_at"]
    shown = run("sources", "list", data=data).out
    assert "every 6h" in shown
    assert "next run 20" in shown
    removed = run("sources", "remove", "help", data=data)
    assert "2 documents are no longer used" in removed.out
    assert hits(data, "How do I connect the display to Wi-Fi?") == []
    assert listed(data) == []
    run("sources", "add", "web", site.url + "/", "--name", "help", data=data)
    run("sources", "sync", "--all", data=data)
    assert site.url + "/wifi" in hits(data, "How do I connect the display to Wi-Fi?")


def test_an_address_is_a_source_for_ingest_too(tmp_path: Path, site: LocalSite, pages: Pages) -> None:
    data = tmp_path / "data"
    refused = run("ingest", site.url + "/", data=data, extra={})
    assert refused.code == 1
    assert "private_hosts" in refused.err
    assert "2 added" in run("ingest", site.url + "/", data=data).out
    del pages.texts["/sound"]
    again = run("ingest", site.url + "/", "--json", data=data)
    assert [json.loads(again.out)[0][name] for name in ("unchanged", "removed")] == [1, 1]
    assert [status["kind"] for status in listed(data)] == ["web"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("carrier-pigeon", "https://help.example/"), "found 'carrier-pigeon'"),
        (("web", "https://ann:pw@help.example/"), "without user name"),
        (("web", "ftp://help.example/"), "http or https"),
        (("web", "https://help.example/", "--every", "5s"), "from 1m to 366d"),
        (("web", "https://help.example/", "--every", "soon"), "found 'soon'"),
        (("web", "https://help.example/", "--set", "colour=blue"), "no option 'colour'"),
        (("web", "https://help.example/", "--set", "delay_s=-1"), "delay_s"),
        (("web", "https://help.example/", "--set", "delay_s"), "KEY=VALUE"),
        (("zendesk", "https://a.zendesk.example", "--token-env", "WAYPOST_KEY"), "variable of your own"),
        (("folder", "/nowhere/at/all"), "found nothing"),
    ],
)
def test_what_cannot_be_a_source_is_refused_in_our_own_words(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = run("sources", "add", *arguments, data=tmp_path / "data")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "pw@" not in ended.err


def test_a_failing_source_is_said_recorded_and_no_reason_to_skip_the_others(tmp_path: Path, site: LocalSite) -> None:
    data = tmp_path / "data"
    run("sources", "add", "zendesk", site.url, "--name", "a", "--token-env", "NOT_SET", data=data)
    run("sources", "add", "web", site.url + "/", "--name", "b", data=data)
    ended = run("sources", "sync", "--all", data=data)
    assert ended.code == 1
    assert "NOT_SET" in ended.out
    assert "2 added" in ended.out
    assert [bool(status["error"]) for status in listed(data)] == [True, False]
    assert run("sources", "sync", "c", data=data).code == 1
    assert run("sources", "sync", data=data).code == 2


def test_a_key_is_in_no_list_and_in_no_byte_of_the_data(tmp_path: Path) -> None:
    account = Zendesk()
    account.article(1, WIFI)
    data = tmp_path / "data"
    with local_site(account) as site:
        run("sources", "add", "zendesk", site.url, "--token-env", "ZENDESK_KEY", "--set", f"user={USER}", data=data)
        assert run("sources", "sync", "--all", data=data).code == 0
    stored = b"".join(file.read_bytes() for file in data.rglob("*") if file.is_file())
    assert KEY.encode() not in stored
    assert KEY not in run("sources", "list", "--json", data=data).out


def _until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)


def test_the_server_runs_what_is_due_and_takes_over_what_is_asked_for(
    tmp_path: Path, site: LocalSite, pages: Pages
) -> None:
    data = tmp_path / "data"
    run("sources", "add", "web", site.url + "/", "--name", "help", "--every", "1h", data=data)
    with serving(data, extra=ALLOWED) as (_, holder):
        _until(lambda: listed(data)[0]["documents"] == 2)
        pages.texts["/new"] = (
            "<p>To change the colour of the frame, pull the old frame off and press the new one on.</p>"
        )
        ended = run("sources", "sync", "help", data=data)
        assert "1 added" in ended.out
        assert "Handing over" in ended.err
        with httpx.Client(base_url=holder.url, headers={"Authorization": f"Bearer {holder.token}"}) as client:
            (status,) = client.get("/v1/sources").json()
            assert (status["name"], status["documents"], status["every_s"]) == ("help", 3, 3600)
            found = client.get("/v1/search", params={"q": "change the colour of the frame"}).json()
            assert site.url + "/new" in json.dumps(found)
            agent = run("keys", "create", "ann", "--role", "agent", data=data).out.strip()
            seen = client.get("/v1/sources", headers={"Authorization": f"Bearer {agent}"}).json()
            assert "options" not in seen[0]
            refused = client.post("/v1/sources/sync", json={}, headers={"Authorization": f"Bearer {agent}"})
            assert refused.status_code == 403
        run("sources", "remove", "help", data=data)
        _until(lambda: hits(data, "change the colour of the frame") == [], 10)


def test_a_signed_call_of_the_helpdesk_is_followed_by_a_sync(tmp_path: Path) -> None:
    account = Zendesk()
    account.article(1, WIFI)
    data = tmp_path / "data"
    with local_site(account) as site:
        keys = ("--token-env", "ZENDESK_KEY", "--set", f"user={USER}", "--set", "hook_env=HOOK_KEY")
        run("sources", "add", "zendesk", site.url, "--name", "desk", *keys, data=data)
        with serving(data, extra={**ALLOWED, "HOOK_KEY": "hook-key-5"}) as (_, holder):
            moment = datetime.now(UTC).isoformat()
            signed = hmac.digest(b"hook-key-5", moment.encode() + b"{}", hashlib.sha256)
            headers = {
                "X-Zendesk-Webhook-Signature": base64.b64encode(signed).decode(),
                "X-Zendesk-Webhook-Signature-Timestamp": moment,
            }
            address = f"{holder.url}/v1/hooks/zendesk"
            assert httpx.post(address, content=b"{} ", headers=headers).status_code == 401
            assert httpx.post(address, content=b"x" * 1_100_000, headers=headers).status_code == 413
            assert httpx.post(address, content=b"{}", headers=headers).status_code == 202
            _until(lambda: listed(data)[0]["documents"] == 1)
            assert listed(data)[0]["next_run_at"] is None


def test_a_server_that_waits_for_a_limited_source_ends_at_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with local_site(lambda _asked: Given(429, headers={"Retry-After": "280"})) as site:
        run("sources", "add", "web", site.url + "/", "--every", "1h", data=data)
        with serving(data, extra=ALLOWED) as (process, _):
            _until(lambda: len(site.asked) > 0)
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            assert time.monotonic() - begin < 45  # far from the wait, near enough on a busy machine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "moments"), [(signal.SIGKILL, (5, 30, 58)), (signal.SIGTERM, (40,)), (signal.SIGINT, (20,))]
)
def test_a_sync_that_is_ended_at_any_moment_is_completed_by_the_next(
    tmp_path: Path, ending: signal.Signals, moments: tuple[int, ...]
) -> None:
    account = Zendesk(page=20)
    for number in range(1, 61):
        account.ticket(number, (1, f"The display of order {number} stays dark.", True), (2, f"Answer {number}.", True))

    def slowly(asked: Asked) -> Given:
        time.sleep(0.02)
        return account(asked)

    data = tmp_path / "data"
    with local_site(slowly) as site:
        add = ("sources", "add", "zendesk", site.url, "--token-env", "ZENDESK_KEY", "--set", f"user={USER}")
        run(*add, "--set", "read=tickets", "--set", "since=2020-01-01", data=data)
        for moment in moments:
            process = subprocess.Popen(
                [*WAYPOST, "sources", "sync", "--all"], env=environment(data, ALLOWED),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            site.asked.clear()
            _until(lambda: len(site.asked) >= moment or process.poll() is not None)  # noqa: B023
            process.send_signal(ending)
            process.wait(timeout=60)
        account.ticket(7, status="deleted")
        ended = run("sources", "sync", "--all", "--json", data=data)
        assert (ended.code, json.loads(ended.out)[0]["failed"]) == (0, 0)
    assert listed(data)[0]["documents"] == 59
    assert "7" not in hits(data, "The display of order 7 stays dark")
