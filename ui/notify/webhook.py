"""One webhook: an event as a signed request to a checked address, tried once; the notifier tries again.

Signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`, `webhook-signature`), so any of its libraries
verifies it. The id is the event's own: a receiver that saw it before can leave it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import httpx
from standardwebhooks import Webhook

from assistant.errors import SourceError
from assistant.gaps.events import Event, slack_payload, standard_payload
from ingest.net.addresses import Resolver, refuse_odd_address, system_resolver
from ingest.net.sockets import PinnedBackend, PinnedTransport

Shape = Literal["standard", "slack"]
_CONNECT_S = 5.0
_TOTAL_S = 15.0
_READ_BYTES = 4_096
AGENT = "Waypost/0.1 (+webhooks)"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where events go. `secret` signs; empty sends unsigned, which Slack-compatible receivers expect."""

    url: str
    shape: Shape = "standard"
    secret: str = ""
    events: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What logs say: the host, never the path, which often is a secret itself."""
        return httpx.URL(self.url).host


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went: the status (0 when there was none), whether to try again, and why not in words."""

    status: int
    delivered: bool
    retry: bool
    wait_s: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends to public addresses only, and to `private_hosts` by name; follows no redirect."""

    private_hosts: Collection[str] = ()
    resolve: Resolver = system_resolver

    def send(self, hook: Hook, event: Event, now: datetime) -> Outcome:
        """One try, at most 15 seconds long; never raises for what the other side does."""
        try:
            refuse_odd_address(hook.url)
            with httpx.Client(transport=PinnedTransport(self._backend()), timeout=_CONNECT_S) as client:
                request = client.build_request("POST", hook.url, content=_body(hook, event, now))
                request.headers.update(_headers(hook, event, now, request.content.decode()))
                reply = client.send(request, stream=True)
                said = _beginning(reply)
        except SourceError as error:
            return Outcome(0, delivered=False, retry=error.retry, said=str(error))
        except httpx.HTTPError as error:
            return Outcome(0, delivered=False, retry=True, said=f"{type(error).__name__}: {error}"[:200])
        return _outcome(reply, said, now)

    def _backend(self) -> PinnedBackend:
        backend = PinnedBackend(private_hosts=self.private_hosts, resolve=self.resolve)
        backend.deadline = time.monotonic() + _TOTAL_S
        return backend


def message_id(event: Event) -> str:
    """The id that a receiver may remember: the same for the same event, without its words."""
    return f"msg_{hashlib.sha256(event.id.encode()).hexdigest()[:24]}"


def _body(hook: Hook, event: Event, now: datetime) -> bytes:
    payload = slack_payload(event) if hook.shape == "slack" else standard_payload(event, now.isoformat())
    return json.dumps(payload, ensure_ascii=False).encode()


def _headers(hook: Hook, event: Event, now: datetime, body: str) -> dict[str, str]:
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": AGENT}
    if not hook.secret:
        return headers
    id_ = message_id(event)
    return headers | {
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(hook.secret).sign(id_, now.astimezone(UTC), body),
    }


def _beginning(reply: httpx.Response) -> str:
    """The first bytes of what came back, for the log; a body without an end is not read to it."""
    read = b""
    for piece in reply.iter_raw():
        read += piece
        if len(read) >= _READ_BYTES:
            break
    reply.close()
    return read[:200].decode("utf-8", "replace")


def _outcome(reply: httpx.Response, said: str, now: datetime) -> Outcome:
    from ingest.net.patience import asked_wait, is_passing

    if 200 <= reply.status_code < 300:
        return Outcome(reply.status_code, delivered=True, retry=False)
    wait_s = asked_wait({k.lower(): v for k, v in reply.headers.items()}, now)
    return Outcome(reply.status_code, delivered=False, retry=is_passing(reply.status_code), wait_s=wait_s, said=said)
