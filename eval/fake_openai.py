"""A local server that speaks OpenAI's chat-completions protocol and misbehaves on request.

Stands in for a chat model's vendor in tests and in the fault report. Each request is answered by a
`Behaviour` that the caller's script picks; a behaviour says what goes over the wire, byte by byte.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Payload = Mapping[str, Any]
"""The request's decoded JSON body."""

_USAGE = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
_CHUNK = b" " * 65_536


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one response does. `content` is the message's text; every other field makes it a fault."""

    name: str
    content: str | None = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    message: tuple[tuple[str, Any], ...] = ()
    finish: str | None = "stop"
    usage: Any = field(default_factory=lambda: dict(_USAGE))
    raw: bytes | None = None
    wire: str = "whole"
    """whole, stall (nothing comes), half (the rest never comes), cut (closed), reset, drip, endless, repeated."""


Script = Callable[[Payload], Behaviour]


class FakeVendor:
    """A running server. `requests` counts what came in; `url` is the base for a client."""

    def __init__(self, script: Script, *, stall_s: float = 10.0) -> None:
        self.script = script
        self.stall_s = stall_s
        self.stopping = threading.Event()
        self.requests = 0
        self.bodies: list[Payload] = []
        self._counting = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.vendor = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to give as `base_url`."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def seen(self, payload: Payload) -> Behaviour:
        """Record a request and choose what answers it."""
        with self._counting:
            self.requests += 1
            self.bodies.append(payload)
            return self.script(payload)

    def close(self) -> None:
        """Stop serving; responses that stall end at once."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextmanager
def fake_vendor(script: Script, *, stall_s: float = 10.0) -> Iterator[FakeVendor]:
    """A server for the length of a `with` block."""
    vendor = FakeVendor(script, stall_s=stall_s)
    try:
        yield vendor
    finally:
        vendor.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    vendor: FakeVendor

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many of the faults end in."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._plain(404, (), b"{}")

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        payload: Payload = json.loads(self.rfile.read(length) or b"{}")
        behaviour = self.server.vendor.seen(payload)
        self.close_connection = True
        if behaviour.wire == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif behaviour.wire == "stall":
            self.server.vendor.stopping.wait(self.server.vendor.stall_s)
        elif behaviour.status != 200 or behaviour.raw is not None:
            body = behaviour.raw if behaviour.raw is not None else b'{"error": {"message": "no", "type": "fault"}}'
            self._sent(behaviour, body)
        elif payload.get("stream"):
            self._streamed(behaviour)
        else:
            self._sent(behaviour, json.dumps(completion(behaviour)).encode())

    def _plain(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if "content-type" not in {name.lower() for name, _ in headers}:
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")  # or the client's next call may meet the connection as it closes
        self.end_headers()
        self.wfile.write(body)

    def _sent(self, behaviour: Behaviour, body: bytes) -> None:
        if behaviour.wire == "endless":
            self._endless(50_000_000)
        elif behaviour.wire in ("half", "cut", "drip"):
            self._head("application/json", len(body) + 64)
            self._partly(behaviour.wire, body)
        else:
            self._plain(behaviour.status, behaviour.headers, body)

    def _head(self, kind: str, length: int | None) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        if length is not None:
            self.send_header("content-length", str(length))
        self.send_header("connection", "close")
        self.end_headers()

    def _endless(self, size: int) -> None:
        self._head("application/json", size)
        for _ in range(size // len(_CHUNK)):
            self.wfile.write(_CHUNK)

    def _partly(self, wire: str, body: bytes) -> None:
        if wire == "drip":
            while not self.server.vendor.stopping.wait(0.02):
                self.wfile.write(b" ")
                self.wfile.flush()
            return
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if wire == "half":
            self.server.vendor.stopping.wait(self.server.vendor.stall_s)

    def _streamed(self, behaviour: Behaviour) -> None:
        self._head("text/event-stream", None)
        if behaviour.wire == "endless":
            for _ in range(50_000_000 // len(_CHUNK)):
                self.wfile.write(b": " + _CHUNK + b"\n\n")
            return
        if behaviour.wire == "drip":
            while not self.server.vendor.stopping.wait(0.02):
                self.wfile.write(b": wait\n\n")
                self.wfile.flush()
            return
        events = [f"data: {json.dumps(event)}\n\n".encode() for event in _events(behaviour)]
        if behaviour.wire in ("half", "cut"):
            events = events[: len(events) // 2]
        for event in events:
            self.wfile.write(event * (2 if behaviour.wire == "repeated" else 1))
        self.wfile.flush()
        if behaviour.wire == "half":
            self.server.vendor.stopping.wait(self.server.vendor.stall_s)
        elif behaviour.wire != "cut":
            self.wfile.write(b"data: [DONE]\n\n")


def completion(behaviour: Behaviour) -> dict[str, Any]:
    """A whole chat completion."""
    message = {"role": "assistant", "content": behaviour.content, **dict(behaviour.message)}
    choice = {"index": 0, "message": message, "finish_reason": behaviour.finish}
    return {
        "id": "fake", "object": "chat.completion", "created": 1, "model": "fake", "choices": [choice],
        "usage": behaviour.usage,
    }  # fmt: skip


def _events(behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    """The same as stream events: the text in small deltas, then the finish, then the usage."""
    text = behaviour.content or ""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[place : place + 12]} for place in range(0, len(text), 12)]
    for name, value in behaviour.message:
        deltas.append({name: [{"index": 0, **call} for call in value] if name == "tool_calls" else value})
    base = {"id": "fake", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
    for delta in deltas:
        yield {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": behaviour.finish}]}
    yield {**base, "choices": [], "usage": behaviour.usage}


# --- the catalogue -------------------------------------------------------------------------------------------


def reply_text(parts: list[dict[str, Any]], *, answered: bool = True) -> str:
    """The JSON that a well-behaved model writes."""
    return json.dumps({"answered": answered, "parts": parts})


def good(text: str = "Open the settings.", citation: int = 1) -> Behaviour:
    """A valid reply with one part."""
    return Behaviour("good", reply_text([{"text": text, "citations": [citation], "step": None}]))


def declined() -> Behaviour:
    """A valid reply that finds no answer."""
    return Behaviour("declined", reply_text([], answered=False))


_TOOL = {"id": "c1", "type": "function", "function": {"name": "send_mail", "arguments": '{"to": "x@evil.example"}'}}


def faults(text: str = "Open the settings.") -> list[Behaviour]:
    """One of each kind of fault; `text` is a sentence that passage 1 supports."""
    sound = good(text).content or ""
    gone = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    far = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    near = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    part = {"text": text, "citations": [1], "step": None}
    statuses = [Behaviour(f"status {code}", status=code) for code in (400, 401, 403, 404, 422, 429, 500, 502, 503, 529)]
    limits = [
        Behaviour(f"429 retry-after {value}", status=429, headers=(("retry-after", value),))
        for value in ("0", "0.2", "600", "-5", "soon", "1e999", "nan", gone, near, far)
    ]
    moved = [
        Behaviour(
            f"redirect {code}", status=code, headers=(("location", "http://127.0.0.1:9/v1/chat/completions"),), raw=b""
        )
        for code in (301, 302, 307, 308)
    ]
    wires = [
        Behaviour(f"wire {wire}", sound, wire=wire)
        for wire in ("stall", "half", "cut", "reset", "drip", "endless", "repeated")
    ]
    bodies = {
        "empty body": b"", "not JSON": b'{"choices": [', "bad UTF-8": b'{"choices": "\xff\xfe\x80"}',
        "HTML page": b"<html>busy</html>",
        "null": b"null", "list": b"[]", "number": b"7", "no choices": b'{"id": "x", "choices": []}',
        "null choices": b'{"choices": null}',
        "choices text": b'{"choices": "none"}', "error in 200": b'{"error": {"message": "overloaded"}}',
        "no message": b'{"choices": [{"index": 0}]}', "deep": b"[" * 5_000 + b"]" * 5_000,
    }  # fmt: skip
    raw = [Behaviour(f"body {name}", raw=body) for name, body in bodies.items()]
    packed = [Behaviour("body gzip", headers=(("content-encoding", "gzip"),), raw=b"\x1f\x8b\x08\x00nonsense")]
    contents: dict[str, str | None] = {
        "empty text": "", "null text": None, "prose": "Sure! Open the settings.", "half an object": sound[:25],
        "other shape": '{"answer": "yes"}', "parts as object": '{"answered": true, "parts": {"text": "x"}}',
        "text as number": '{"parts": [{"text": 7, "citations": [1]}]}',
        "citation as text": '{"parts": [{"text": "x", "citations": ["1"]}]}',
        "wrong citation": reply_text([{**part, "citations": [99]}, {**part, "citations": [0, -1]}]),
        "huge citation": '{"parts": [{"text": "x", "citations": [' + "9" * 5_000 + "]}]}",
        "some wrong citations": reply_text([{**part, "citations": [1, 42]}]),
        "no citations": reply_text([{**part, "citations": []}]), "not a number": '{"parts": [], "answered": NaN}',
        "deep object": '{"parts": ' + "[" * 20_000 + "]" * 20_000 + "}", "fenced": f"```json\n{sound}\n```",
        "twice": sound + sound, "two that differ": sound + reply_text([]), "fifty parts": reply_text([part] * 50),
        "long part": reply_text([{**part, "text": "word " * 5_000}]), "long text": " " * 300_000,
        "surrogate": '{"answered": true, "parts": [{"text": "\\ud800 settings", "citations": [1]}]}',
        "no parts": reply_text([]), "blank part": reply_text([{**part, "text": " \u200b "}]),
    }  # fmt: skip
    texts = [Behaviour(f"text {name}", content) for name, content in contents.items()]
    others = [
        Behaviour("tool call", None, message=(("tool_calls", [_TOOL]),), finish="tool_calls"),
        Behaviour("tool call beside text", sound, message=(("tool_calls", [_TOOL]),)),
        Behaviour("refusal", None, message=(("refusal", "I will not."),)),
        Behaviour("cut at token limit", sound[:30], finish="length"),
        Behaviour("content filter", "", finish="content_filter"),
        Behaviour("unknown finish", sound, finish="because"),
        Behaviour("no usage", sound, usage=None),
        Behaviour("nonsense usage", sound, usage={"prompt_tokens": -5, "completion_tokens": 10**30, "total_tokens": 0}),
    ]
    return [*statuses, *limits, *moved, *wires, *raw, *packed, *texts, *others]
