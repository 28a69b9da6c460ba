"""Runs the parsers of foreign bytes in one child process with limits of time, memory and output.

A parser that hangs, eats memory or dies takes one file with it, not the run: the file is unreadable, and the
next one has a new child. The child is started at the first need and kept, so that it costs milliseconds a file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from assistant.errors import UnreadableItem
from ingest.sandbox_worker import NO_MEMORY


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file: processor seconds, and seconds on the clock in case it waits for something; bytes of the child's
    whole memory, and of what it returns.
    """

    seconds: int = 10
    waited: float = 60.0
    memory: int = 512 * 1024 * 1024
    output: int = 64 * 1024 * 1024


class Sandbox:
    """One child at a time, replaced when it fails; safe to call from several threads."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def parse(self, parser: str, raw: bytes, **options: Any) -> Any:
        """What the parser makes of `raw`: plain JSON values, or bytes.

        Raises:
            UnreadableItem: it could not be parsed, or not within the limits.
        """
        header = json.dumps({"parser": parser, "options": options}).encode()
        request = struct.pack("<IQ", len(header), len(raw)) + header
        with self._lock:
            child = self._running()
            try:
                reply = self._exchange(child, request, raw, time.monotonic() + self._limits.waited)
            except BaseException:
                self._drop()
                raise
            if reply[:1] == b"m":
                self._drop()
        return self._result(reply)

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._drop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "ingest.sandbox_worker", str(self._limits.memory), str(self._limits.seconds)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_bare_environment(),
            )  # fmt: skip
            for pipe in (self._child.stdin, self._child.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        return self._child

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _exchange(self, child: subprocess.Popen[bytes], head: bytes, raw: bytes, until: float) -> bytes:
        assert child.stdin is not None
        assert child.stdout is not None
        for piece in (head, raw):
            self._send(child, child.stdin.fileno(), memoryview(piece), until)
        (size,) = struct.unpack("<Q", self._receive(child, child.stdout.fileno(), 8, until))
        if size > self._limits.output:
            raise UnreadableItem(
                f"expected at most {self._limits.output:,} bytes of content, found {size:,}. Split the file."
            )
        return self._receive(child, child.stdout.fileno(), size, until)

    def _send(self, child: subprocess.Popen[bytes], pipe: int, left: memoryview, until: float) -> None:
        while left:
            self._wait(child, pipe, until, writing=True)
            try:
                left = left[os.write(pipe, left[: 1 << 20]) :]
            except BrokenPipeError:
                raise self._died(child) from None

    def _receive(self, child: subprocess.Popen[bytes], pipe: int, size: int, until: float) -> bytes:
        found = bytearray()
        while len(found) < size:
            self._wait(child, pipe, until, writing=False)
            piece = os.read(pipe, min(size - len(found), 1 << 20))
            if not piece:
                raise self._died(child)
            found += piece
        return bytes(found)

    def _wait(self, child: subprocess.Popen[bytes], pipe: int, until: float, *, writing: bool) -> None:
        left = until - time.monotonic()
        pipes: tuple[list[int], list[int]] = ([], [pipe]) if writing else ([pipe], [])
        if left <= 0 or not any(select.select(*pipes, [], left)):
            child.kill()
            raise self._too_slow()

    def _died(self, child: subprocess.Popen[bytes]) -> UnreadableItem:
        child.kill()
        code = child.wait()
        if code == -signal.SIGXCPU:
            return self._too_slow()
        if code == NO_MEMORY:
            return self._too_large()
        return UnreadableItem(
            f"its parser ended with code {code}: the file is damaged or made to do harm. "
            "Save it anew with the program that made it."
        )

    def _too_slow(self) -> UnreadableItem:
        return UnreadableItem(
            f"expected a file that is read within {self._limits.seconds} s, found one that takes longer. "
            "Split it, or save it anew with the program that made it."
        )

    def _too_large(self) -> UnreadableItem:
        return UnreadableItem(
            f"expected a file that is read within {self._limits.memory // 1024**2} MB of memory, found one that needs "
            "more. Split it."
        )

    def _result(self, reply: bytes) -> Any:
        tag, body = reply[:1], reply[1:]
        if tag == b"m":
            raise self._too_large()
        if tag == b"e":
            raise UnreadableItem(body.decode("utf-8", "replace"))
        return body if tag == b"b" else json.loads(body)


@cache
def shared() -> Sandbox:
    """The process's own sandbox, ended with it."""
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox


def _bare_environment() -> dict[str, str]:
    """Where Python finds our modules, and none of the keys and passwords that an environment holds."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "MALLOC_ARENA_MAX": "1"}
