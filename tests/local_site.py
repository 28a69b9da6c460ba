"""A server on this machine that stands for a website or a helpdesk, faults included."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FAST = {"base_s": 0.001, "cap_s": 0.01}


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Given:
    """One reply; `cut` sends so many bytes of the body and closes, `drip_s` sends a byte at a time."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip_s: float = 0.0
    endless: bool = False


def as_json(value: object, status: int = 200, **headers: str) -> Given:
    return Given(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def page(title: str, body: str, head: str = "", **headers: str) -> Given:
    html = f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    return Given(200, html.encode(), {"Content-Type": "text/html; charset=utf-8", **headers})


def packed(given: Given) -> Given:
    return Given(given.status, gzip.compress(given.body), {**given.headers, "Content-Encoding": "gzip"})


@dataclass
class Fault:
    """Given instead of the real reply for the next `times` requests whose path starts with `path`, after `after`."""

    given: Given
    path: str = "/"
    times: int = 1
    after: int = 0


class LocalSite:
    """Answers by `routes`; keeps what was asked and how many connections came."""

    def __init__(self, routes: Callable[[Asked], Given]) -> None:
        self.routes = routes
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.connections = 0
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answer(self, asked: Asked) -> Given:
        self.asked.append(asked)
        for fault in self.faults:
            if asked.path.startswith(fault.path):
                if fault.after > 0:
                    fault.after -= 1
                elif fault.times > 0:
                    fault.times -= 1
                    return fault.given
        return self.routes(asked)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def local_site(routes: Callable[[Asked], Given]) -> Iterator[LocalSite]:
    site = LocalSite(routes)
    try:
        yield site
    finally:
        site.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the test."""


def _handler(site: LocalSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            site.connections += 1
            super().setup()

        def log_message(self, *_arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command, parts.path, {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()},
                {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length),
            )  # fmt: skip
            self._send(site.answer(asked))

        do_POST = do_GET

        def _send(self, given: Given) -> None:
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            if not given.endless:
                self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            if given.endless:
                while True:
                    self.wfile.write(b"x" * 65_536)
            if given.drip_s:
                for byte in given.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(given.drip_s)
            elif given.cut is not None:
                self.wfile.write(given.body[: given.cut])
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.wfile.write(given.body)

    return Handler
