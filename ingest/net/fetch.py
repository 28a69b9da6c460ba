"""One client for every source over the network: checked addresses, bounded bodies, retries inside a deadline.

A secret travels in a header that goes to its own origin only; messages and logs show neither headers nor
queries nor bodies.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx

from assistant.errors import SourceError
from ingest.net.addresses import refuse_odd_address, shown
from ingest.net.body import bounded_body
from ingest.net.patience import Patience, asked_wait, is_passing
from ingest.net.sockets import PinnedBackend, PinnedTransport

log = logging.getLogger(__name__)

AGENT = "Waypost/0.1 (+support knowledge sync)"
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one request: seconds to connect and between bytes, seconds in all, bytes of the body, packing, redirects."""

    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 120.0
    body_bytes: int = 50_000_000
    ratio: int = 100
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `url` is where it came from in the end, header names are in lower case."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            SourceError: it is none.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{shown(self.url)}: expected JSON, found {self.body[:60]!r}.") from error


@dataclass
class Fetcher:
    """Asks politely. `secret_headers` are sent to the origin of `secret_for` alone.

    `wait` sleeps and may raise to end a run; `backend` is replaced by tests that watch the sockets.
    """

    private_hosts: Collection[str] = ()
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_for: str = ""
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    wait: Callable[[float], object] = time.sleep
    backend: PinnedBackend | None = None
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._backend = self.backend or PinnedBackend(private_hosts=self.private_hosts)
        self._client = httpx.Client(
            transport=PinnedTransport(self._backend),
            headers={"User-Agent": AGENT, "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(self.limits.read_s, connect=self.limits.connect_s),
            follow_redirects=False,
            trust_env=False,
        )

    def get(
        self,
        url: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        expected: Collection[int] = (200,),
    ) -> Reply:
        """GET, with retries; a status outside `expected` is an error.

        Raises:
            SourceError: with what was found and what to do.
        """
        if parameters:
            url = str(httpx.URL(url).copy_merge_params(dict(parameters)))
        return self._patiently("GET", url, headers or {}, None, expected)

    def post(self, url: str, body: Mapping[str, Any], *, expected: Collection[int] = (200,)) -> Reply:
        """POST JSON for a search that changes nothing, so it is retried as GET is."""
        raw = json.dumps(body).encode()
        return self._patiently("POST", url, {"Content-Type": "application/json"}, raw, expected)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _patiently(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, expected: Collection[int]
    ) -> Reply:
        waited, failures = 0.0, 0
        while True:
            try:
                reply = self._followed(method, url, headers, body)
            except httpx.HTTPError as error:
                failures += 1
                trouble, asked = _broken(url, error), None
            else:
                if reply.status in expected:
                    return reply
                if not is_passing(reply.status):
                    raise _refused(reply)
                asked = asked_wait(reply.headers, datetime.now(UTC))
                failures += reply.status != 429 or asked is None
                trouble = SourceError(f"{shown(reply.url)} answered {reply.status}; later it may succeed.")
            pause = self.patience.pause(max(failures, 1), self.dice)
            pause = pause if asked is None else asked + pause / 10
            if failures >= self.patience.attempts:
                raise trouble
            if waited + pause > self.patience.total_s:
                trouble.wait_s = pause
                raise trouble
            log.info("%s; next try in %.1f s", trouble, pause)
            self.wait(pause)
            waited += pause

    def _followed(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """One try, redirects followed; every hop is checked like the first."""
        self._backend.deadline = time.monotonic() + self.limits.total_s
        for _ in range(self.limits.redirects + 1):
            refuse_odd_address(url)
            reply = self._once(method, url, headers, body)
            target = reply.headers.get("location", "")
            if reply.status not in _REDIRECTS or not target:
                return reply
            if method != "GET":
                raise SourceError(f"{shown(url)}: expected a reply, found a redirect.", retry=False)
            url = _next_hop(url, target)
        raise SourceError(f"{shown(url)}: expected at most {self.limits.redirects} redirects, found more.", retry=False)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        secret = self.secret_headers if self.secret_headers and _origin(url) == _origin(self.secret_for) else {}
        try:
            with self._client.stream(method, url, headers={**headers, **secret}, content=body) as response:
                found = bounded_body(
                    response.iter_raw(),
                    response.headers.get("content-encoding", ""),
                    max_bytes=self.limits.body_bytes,
                    max_ratio=self.limits.ratio,
                    where=shown(url),
                )
                return Reply(response.status_code, url, dict(response.headers), found)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise SourceError(f"Expected an address, found {shown(url)!r}: {error}.", retry=False) from error


def _next_hop(url: str, target: str) -> str:
    try:
        found = str(httpx.URL(url).join(target))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise SourceError(f"{shown(url)}: the redirect leads to no address: {error}.", retry=False) from error
    if url.startswith("https:") and found.startswith("http:"):
        raise SourceError(
            f"{shown(url)}: expected a redirect that stays with https, found {shown(found)}.", retry=False
        )
    return found


def _origin(url: str) -> tuple[str, str, int | None]:
    found = httpx.URL(url)
    return found.scheme, found.host, found.port


def _broken(url: str, error: httpx.HTTPError) -> SourceError:
    return SourceError(f"{shown(url)} does not answer ({type(error).__name__}: {error}).")


def _refused(reply: Reply) -> SourceError:
    remedy = {
        401: "The key is not accepted: check the variable or file that holds it.",
        403: "The key may not read this: give it the permissions that docs/sources-network.md lists.",
        404: "Check the address.",
    }.get(reply.status, "Check the source's address and options.")
    return SourceError(f"{shown(reply.url)} answered {reply.status}. {remedy}", retry=False)
