"""Requests to the outside: only to public addresses, bounded, retried with manners, silent about keys."""

# ruff: noqa: SIM117 - the server is one thing, what is expected of it another
from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpcore
import pytest
from local_site import FAST, Asked, Fault, Given, as_json, local_site

from assistant.errors import SourceError
from ingest.net.addresses import is_public
from ingest.net.fetch import Fetcher, Limits
from ingest.net.patience import Patience
from ingest.net.secrets import secret
from ingest.net.sockets import PinnedBackend

LOCAL = ("127.0.0.1",)

# What people have used to reach a machine's own network through a server that fetches addresses.
LITERAL = """
http://127.0.0.1/ http://127.0.0.1:22/ http://127.1/ http://127.0.1/ http://127.8.8.8/ http://127.255.255.254/
http://0.0.0.0/ http://0/ http://0.0.0.1/ http://[::]/ http://[::1]/ http://[0:0:0:0:0:0:0:1]/ http://[::1]:8080/
http://2130706433/ http://017700000001/ http://0x7f000001/ http://0x7f.0.0.1/ http://0177.0.0.1/ http://0x7f.1/
http://127.0.0.1./ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[0:0:0:0:0:ffff:127.0.0.1]/
http://[::127.0.0.1]/ http://[::ffff:10.0.0.1]/ http://[::ffff:169.254.169.254]/ http://[64:ff9b::7f00:1]/
http://[64:ff9b::169.254.169.254]/ http://[2002:7f00:1::]/ http://[2002:a9fe:a9fe::]/ http://[2001:0:7f00:1::]/
http://10.0.0.1/ http://10.255.255.255/ http://172.16.0.1/ http://172.31.255.254/ http://192.168.0.1/
http://192.168.1.254:8443/ http://169.254.169.254/latest/meta-data/ http://169.254.170.2/v2/credentials
http://169.254.0.1/ http://2852039166/ http://0xa9fea9fe/ http://0251.0376.0251.0376/ http://100.64.0.1/
http://100.100.100.200/latest/meta-data/ http://100.127.255.254/ http://192.0.0.192/opc/v1/ http://192.0.0.1/
http://192.0.2.1/ http://198.18.0.1/ http://198.19.255.254/ http://198.51.100.7/ http://203.0.113.9/
http://224.0.0.1/ http://239.255.255.250:1900/ http://240.0.0.1/ http://255.255.255.255/ http://[fe80::1]/
http://[fe80::a9fe:a9fe]/ http://[fc00::1]/ http://[fd00:ec2::254]/latest/ http://[fd12:3456:789a:1::1]/
http://[ff02::1]/ http://[2001:db8::1]/ http://[100::1]/ http://[::ffff:0:127.0.0.1]/ https://127.0.0.1/
https://[::1]/ https://10.0.0.1:8443/ http://localhost/ http://localhost:6379/ http://LOCALHOST/
http://localhost./ http://１２７.０.０.１/ http://127。0。0。1/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/
http://user@127.0.0.1/ http://help.example@127.0.0.1/ http://help.example:80@127.0.0.1/
http://127.0.0.1\\@help.example/ http://help.example\\@127.0.0.1/ http://127.0.0.1#@help.example/
http://127.0.0.1?@help.example/ http://[::1%25lo]/ http://[fe80::1%25eth0]/ http:///127.0.0.1/ http:127.0.0.1/
http://127.0.0.1:0/ http://127.0.0.1:99999/ http://127.0.0.1%00.help.example/ http://127.0.0.1%2f@help.example/
file:///etc/passwd file://localhost/etc/passwd gopher://127.0.0.1:6379/_INFO ftp://127.0.0.1/ dict://127.0.0.1:11211/
data:text/html,hello javascript:alert(1) ldap://127.0.0.1/ jar:http://127.0.0.1!/ unix:///var/run/docker.sock
//127.0.0.1/ 127.0.0.1 http://
""".split()
NAMES = {
    "metadata.google.internal": ["169.254.169.254"],
    "internal.help.example": ["10.1.2.3"],
    "half.help.example": ["93.184.215.14", "127.0.0.1"],
    "six.help.example": ["::ffff:192.168.0.1"],
    "scope.help.example": ["fe80::1%eth0"],
    "nothing.help.example": [],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "xn--internal-cva.example": ["172.16.5.5"],
}


class Watched(httpcore.NetworkBackend):
    """The last step before the operating system: remembers every address that would be connected to."""

    def __init__(self) -> None:
        self.connected: list[tuple[str, int]] = []

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        raise httpcore.ConnectError("watched, not connected")


def resolver(host: str, port: int) -> Sequence[str]:
    """Names of the test by its table, numbers in any notation by the system, which asks no server for them."""
    if host in NAMES:
        return NAMES[host]
    from ingest.net.addresses import system_resolver

    if host == "localhost" or (host.replace(".", "").isalnum() and host[0].isdigit()) or ":" in host:
        return system_resolver(host, port)
    return ["93.184.215.14"]


def fetcher(**options: Any) -> Fetcher:
    return Fetcher(**{"patience": Patience(**FAST), "private_hosts": LOCAL, **options})


def test_there_are_more_than_eighty_hostile_addresses() -> None:
    assert len(LITERAL) + len(NAMES) >= 80


@pytest.mark.parametrize("url", [*LITERAL, *(f"http://{name}/" for name in NAMES)])
def test_no_connection_is_made_to_an_address_that_is_not_public(url: str) -> None:
    watched = Watched()
    backend = PinnedBackend(resolve=resolver, inner=watched)
    with pytest.raises(SourceError), fetcher(backend=backend, private_hosts=()) as client:
        client.get(url)
    reached = [address for address, _ in watched.connected if not is_public(address)]
    assert reached == []


def test_a_public_address_is_connected_to_by_the_number_that_was_checked() -> None:
    watched = Watched()
    backend = PinnedBackend(resolve=resolver, inner=watched)
    with pytest.raises(SourceError, match="does not answer"), fetcher(backend=backend) as client:
        client.get("https://help.example/")
    assert set(watched.connected) == {("93.184.215.14", 443)}


def test_a_name_that_answers_differently_the_second_time_is_never_asked_twice_for_one_connection() -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    watched = Watched()
    backend = PinnedBackend(resolve=lambda _h, _p: next(answers), inner=watched)
    with pytest.raises(SourceError, match=r"resolves to 127\.0\.0\.1"), fetcher(backend=backend) as client:
        client.get("http://rebinding.example/")
    assert watched.connected == [("93.184.215.14", 80)]


@pytest.mark.parametrize("hops", [1, 2, 5])
def test_a_redirect_to_a_private_address_is_refused_at_whatever_hop(hops: int) -> None:
    def routes(asked: Asked) -> Given:
        number = int(asked.path.strip("/") or 0)
        target = "http://169.254.169.254/latest/" if number == hops else f"/{number + 1}"
        return Given(302, headers={"Location": target})

    with local_site(routes) as site, fetcher() as client:
        with pytest.raises(SourceError, match=r"resolves to 169\.254\.169\.254|more"):
            client.get(f"{site.url}/1")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://user@127.0.0.1/", "//[::1]/", "http://[broken/"])
def test_a_redirect_is_checked_like_the_first_address(target: str) -> None:
    with local_site(lambda _a: Given(301, headers={"Location": target})) as site, fetcher() as client:
        with pytest.raises(SourceError):
            client.get(site.url + "/")


def test_the_sixth_redirect_ends_it() -> None:
    with local_site(lambda a: Given(302, headers={"Location": a.path + "x"})) as site, fetcher() as client:
        with pytest.raises(SourceError, match="at most 5 redirects"):
            client.get(site.url + "/")
    assert len(site.asked) == 6


def test_a_named_private_host_may_be_reached_but_never_its_metadata_service() -> None:
    backend = PinnedBackend(private_hosts=["desk.internal"], resolve=lambda _h, _p: ["169.254.169.254"])
    with pytest.raises(SourceError, match=r"169\.254"), fetcher(backend=backend) as client:
        client.get("http://desk.internal/")
    with local_site(lambda _a: as_json({"ok": 1})) as site, fetcher() as client:
        assert client.get(site.url + "/").json() == {"ok": 1}


def test_a_private_host_that_is_not_named_gets_no_connection() -> None:
    with local_site(lambda _a: as_json({})) as site, fetcher(private_hosts=()) as client:
        with pytest.raises(SourceError, match="private_hosts"):
            client.get(site.url + "/")
    assert site.connections == 0


def test_an_endless_body_is_cut_at_the_limit() -> None:
    with local_site(lambda _a: Given(endless=True)) as site, fetcher(limits=Limits(body_bytes=300_000)) as client:
        with pytest.raises(SourceError, match="at most 300,000 bytes"):
            client.get(site.url + "/")


def test_a_bomb_is_not_unpacked() -> None:
    bomb = Given(200, gzip.compress(bytes(30_000_000)), {"Content-Encoding": "gzip"})
    with local_site(lambda _a: bomb) as site, fetcher() as client:
        with pytest.raises(SourceError, match="100:1"):
            client.get(site.url + "/")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_a_body_packed_otherwise_is_refused(encoding: str) -> None:
    given = Given(200, b"xxxx", {"Content-Encoding": encoding})
    with local_site(lambda _a: given) as site, fetcher() as client:
        with pytest.raises(SourceError, match="packed by gzip"):
            client.get(site.url + "/")


def test_a_body_that_drips_ends_at_the_deadline_of_the_whole_request() -> None:
    limits = Limits(total_s=0.5)
    with local_site(lambda _a: Given(200, b"x" * 1000, drip_s=0.05)) as site:
        begin = time.monotonic()
        with (
            pytest.raises(SourceError, match="ReadTimeout"),
            fetcher(limits=limits, patience=Patience(attempts=1)) as client,
        ):
            client.get(site.url + "/")
    assert time.monotonic() - begin < 2


def test_a_connection_that_is_cut_is_tried_again() -> None:
    with local_site(lambda _a: as_json({"whole": True})) as site, fetcher() as client:
        site.faults.append(Fault(Given(200, b'{"whole": false}', cut=5), times=2))
        assert client.get(site.url + "/").json() == {"whole": True}
    assert len(site.asked) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 529, 408])
def test_a_failing_server_is_asked_again_and_given_up_after_five_tries(status: int) -> None:
    with local_site(lambda _a: Given(status)) as site, fetcher() as client:
        with pytest.raises(SourceError, match=str(status)) as caught:
            client.get(site.url + "/")
    assert caught.value.retry
    assert len(site.asked) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_never_tried_again(status: int) -> None:
    with local_site(lambda _a: Given(status)) as site, fetcher() as client:
        with pytest.raises(SourceError, match=str(status)) as caught:
            client.get(site.url + "/")
    assert not caught.value.retry
    assert len(site.asked) == 1


def _headers_of(waits: str) -> dict[str, str]:
    if waits == "seconds":
        return {"Retry-After": "7"}
    moment = datetime.now(UTC) + timedelta(seconds=7)
    if waits == "date":
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"X-RateLimit-Reset": str(int(moment.timestamp()))}


@pytest.mark.parametrize("waits", ["seconds", "date", "reset"])
def test_the_wait_that_a_server_asks_for_is_kept(waits: str) -> None:
    slept: list[float] = []
    with local_site(lambda _a: as_json({})) as site, fetcher(wait=slept.append) as client:
        site.faults.append(Fault(Given(429, headers=_headers_of(waits)), times=8))
        client.get(site.url + "/")
    assert len(slept) == 8
    assert all(5 <= pause <= 8 for pause in slept)


def test_a_wait_longer_than_our_patience_is_handed_to_the_schedule() -> None:
    with local_site(lambda _a: Given(429, headers={"Retry-After": "3600"})) as site, fetcher() as client:
        with pytest.raises(SourceError) as caught:
            client.get(site.url + "/")
    assert caught.value.wait_s >= 3600
    assert len(site.asked) == 1


def test_pauses_are_anywhere_up_to_a_growing_bound() -> None:
    import random

    patience, dice = Patience(), random.Random(4)
    pauses = [[patience.pause(attempt, dice) for _ in range(500)] for attempt in (1, 2, 3, 9)]
    assert [round(max(found), 1) for found in pauses] == [0.5, 1.0, 2.0, 30.0]
    assert all(min(found) < bound / 50 for found, bound in zip(pauses, (0.5, 1.0, 2.0, 30.0), strict=True))


def test_a_key_goes_to_its_own_origin_only_and_into_no_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with local_site(lambda _a: Given(500)) as other:
        with local_site(lambda _a: Given(302, headers={"Location": other.url + "/there?k=1"})) as site:
            client = fetcher(secret_headers={"Authorization": "Bearer sesame-42"}, secret_for=site.url)
            with pytest.raises(SourceError) as caught, client:
                client.get(site.url + "/here", {"q": "sesame"})
    assert site.asked[0].headers["authorization"] == "Bearer sesame-42"
    assert all("authorization" not in asked.headers for asked in other.asked)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("ingest")]
    assert "sesame" not in str(caught.value) + repr(client) + "".join(ours)


def test_no_environment_sends_requests_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_site(lambda _a: as_json({"direct": True})) as site, local_site(lambda _a: as_json({})) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with fetcher() as client:
            assert client.get(site.url + "/").json() == {"direct": True}
    assert proxy.connections == 0


def test_a_key_is_read_from_where_it_was_said_to_be(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_KEY", " abc \n")
    file = tmp_path / "key"
    file.write_text("from-file\nsecond line\n")
    assert secret("DESK_KEY", "") == "abc"
    assert secret("", str(file)) == "from-file"


@pytest.mark.parametrize(("variable", "content"), [("MISSING", None), ("", ""), ("", "naïve"), ("", None)])
def test_a_key_that_is_not_there_is_said_without_a_guess(variable: str, content: str | None, tmp_path: Any) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(SourceError, match=r"[Ee]xpected|cannot be read") as caught:
        secret(variable, "" if variable else str(file))
    assert "naïve" not in str(caught.value)
