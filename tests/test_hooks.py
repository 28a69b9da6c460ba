"""Calls from helpdesks: proven by a signature over the raw body, young, and each once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from syncing_desk import Desk

from ingest.hooks import Hooks

KEY = "hook-key-5"
NOW = 1_790_000_000.0
BODY = b'{"ticket": {"id": 4711}}'


@pytest.fixture
def hooks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Hooks:
    monkeypatch.setenv("HOOK_KEY", KEY)
    for kind, more in (("zendesk", {}), ("chatwoot", {"account": 3}), ("freshdesk", {})):
        desk.add(kind, "https://help.example", hook_env="HOOK_KEY", token_env="NOT_NEEDED", **more)
    desk.add("intercom", "https://help.example", token_env="NOT_NEEDED")
    return Hooks(desk.sources, clock=lambda: NOW)


def zendesk(body: bytes = BODY, key: str = KEY, at: float = NOW) -> dict[str, str]:
    moment = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    signed = hmac.digest(key.encode(), moment.encode() + body, hashlib.sha256)
    return {
        "x-zendesk-webhook-signature": base64.b64encode(signed).decode(),
        "x-zendesk-webhook-signature-timestamp": moment,
    }


def chatwoot(body: bytes = BODY, key: str = KEY, at: float = NOW) -> dict[str, str]:
    signed = hmac.digest(key.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hex()
    return {"x-chatwoot-signature": f"sha256={signed}", "x-chatwoot-timestamp": str(int(at))}


def due(desk: Desk) -> list[str]:
    return [source.kind for source in desk.sources.due(datetime.now(UTC))]


@pytest.mark.parametrize(("kind", "signed"), [("zendesk", zendesk), ("chatwoot", chatwoot)])
def test_a_signed_call_makes_its_source_due_once(desk: Desk, hooks: Hooks, kind: str, signed: object) -> None:
    headers = signed()  # type: ignore[operator]
    assert due(desk) == []
    assert hooks.received(kind, headers, BODY) == f"{kind} of the test"
    assert due(desk) == [kind]
    assert hooks.received(kind, headers, BODY) is None


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"x" * 100_000])
def test_any_body_may_be_signed(desk: Desk, hooks: Hooks, body: bytes) -> None:
    assert hooks.received("zendesk", zendesk(body), body)
    assert hooks.received("chatwoot", chatwoot(body), body)


@pytest.mark.parametrize("kind", ["zendesk", "chatwoot"])
def test_what_is_forged_old_early_or_altered_proves_nothing(desk: Desk, hooks: Hooks, kind: str) -> None:
    signed = zendesk if kind == "zendesk" else chatwoot
    for headers, body in (
        (signed(key="another"), BODY),
        (signed(at=NOW - 301), BODY),
        (signed(at=NOW + 301), BODY),
        (signed(), BODY + b" "),
        (dict.fromkeys(signed(), ""), BODY),
        ({name: value for name, value in signed().items() if "timestamp" in name}, BODY),
        ({**signed(), next(iter(signed())): "ü\udc80"}, BODY),
        ({name: "9" * 400 if "timestamp" in name else value for name, value in signed().items()}, BODY),
        (signed(at=NOW), b""),
        ({}, BODY),
    ):
        assert hooks.received(kind, headers, body) is None
    assert due(desk) == []


def test_freshdesk_brings_the_key_itself(desk: Desk, hooks: Hooks) -> None:
    assert hooks.received("freshdesk", {"x-waypost-token": "wrong"}, BODY) is None
    assert hooks.received("freshdesk", {}, BODY) is None
    assert hooks.received("freshdesk", {"x-waypost-token": KEY}, BODY) == "freshdesk of the test"


def test_a_source_without_a_key_for_calls_takes_none(desk: Desk, hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hooks.received("intercom", {}, BODY) is None
    assert hooks.received("nothing", {}, BODY) is None
    monkeypatch.delenv("HOOK_KEY")
    assert hooks.received("zendesk", zendesk(key=""), BODY) is None
    assert hooks.received("freshdesk", {"x-waypost-token": ""}, BODY) is None
