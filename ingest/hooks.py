"""Calls from a helpdesk that something changed: proven by a signature over the raw body, then the source is read.

A call carries nothing in: it only makes the source's next run due, and that run asks the helpdesk itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assistant.errors import SourceError
from assistant.store.sources import Sources, StoredSource
from ingest.net.secrets import secret

WINDOW_S = 300.0
_REMEMBERED = 10_000


@dataclass
class Hooks:
    """Checks calls; `clock` gives the time in seconds since 1970."""

    sources: Sources
    clock: Callable[[], float] = time.time
    _seen: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def received(self, kind: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """The name of the source that the call proves to come from and that is due now; None when it proves nothing.

        Header names are in lower case. A call older than five minutes, or seen before, proves nothing.
        """
        proof = _PROOFS.get(kind)
        for source in self.sources.all() if proof else ():
            if source.kind == kind and proof and self._is_proven(proof, source, headers, body):
                self.sources.hurry(source.id)
                return source.name
        return None

    def _is_proven(self, proof: Proof, source: StoredSource, headers: Mapping[str, str], body: bytes) -> bool:
        options = source.options
        if not (options.get("hook_env") or options.get("hook_file")):
            return False
        try:
            key = secret(str(options.get("hook_env", "")), str(options.get("hook_file", "")))
        except SourceError:
            return False
        given = proof(key.encode(), headers, body)
        if given is None or not given.is_right:
            return False
        if given.at is None:
            return True
        return abs(self.clock() - given.at) <= WINDOW_S and self._is_new(f"{source.id} {given.signature}")

    def _is_new(self, signature: str) -> bool:
        now = self.clock()
        with self._lock:
            for old in [known for known, at in self._seen.items() if now - at > 2 * WINDOW_S]:
                del self._seen[old]
            if signature in self._seen or len(self._seen) >= _REMEMBERED:
                return False
            self._seen[signature] = now
            return True


@dataclass(frozen=True, slots=True)
class Given:
    """What a call claims; `at` is None where the helpdesk signs nothing."""

    is_right: bool
    at: float | None = None
    signature: str = ""


Proof = Callable[[bytes, Mapping[str, str], bytes], Given | None]


def _zendesk(key: bytes, headers: Mapping[str, str], body: bytes) -> Given | None:
    """base64 of HMAC-SHA256 over time and body, with nothing between them."""
    signature = headers.get("x-zendesk-webhook-signature", "")
    moment = headers.get("x-zendesk-webhook-signature-timestamp", "")
    expected = base64.b64encode(hmac.digest(key, moment.encode() + body, hashlib.sha256)).decode("ascii")
    return _compared(signature, expected, moment)


def _chatwoot(key: bytes, headers: Mapping[str, str], body: bytes) -> Given | None:
    """`sha256=` and the hexadecimal HMAC-SHA256 over time, a dot and body."""
    moment = headers.get("x-chatwoot-timestamp", "")
    expected = "sha256=" + hmac.digest(key, f"{moment}.".encode() + body, hashlib.sha256).hex()
    return _compared(headers.get("x-chatwoot-signature", ""), expected, moment)


def _freshdesk(key: bytes, headers: Mapping[str, str], _body: bytes) -> Given | None:
    """Freshdesk signs nothing; a header of ours, set in its automation, holds the key itself."""
    token = headers.get("x-waypost-token", "")
    return Given(hmac.compare_digest(token.encode("utf-8", "replace"), key))


def _compared(signature: str, expected: str, moment: str) -> Given | None:
    try:
        at = float(moment) if moment.replace(".", "", 1).isdigit() else datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None
    is_right = hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode("ascii"))
    return Given(is_right, at, signature)


_PROOFS: Mapping[str, Proof] = {"zendesk": _zendesk, "chatwoot": _chatwoot, "freshdesk": _freshdesk}
