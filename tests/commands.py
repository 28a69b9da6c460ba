"""The real `waypost` in real processes, for tests of what a person at a terminal meets."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.index.lock import Holder, holder_of

WAYPOST = (sys.executable, "-m", "ui.cli")
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    cpu_s: float


def environment(data: Path | None, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    place = {"WAYPOST_DATA": str(data)} if data is not None else {}
    return {**kept, **place, "PYTHONPATH": str(_ROOT), "COLUMNS": "200", **(extra or {})}


def waypost(
    *arguments: str | bytes | Path,
    data: Path | None = None,
    extra: Mapping[str, str] | None = None,
    timeout_s: float = 120,
) -> Ended:
    """Run a command to its end. No command may ever show a traceback."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*WAYPOST, *arguments], env=environment(data, extra), capture_output=True, timeout=timeout_s, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = Ended(
        done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace"),
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )  # fmt: skip
    assert "Traceback" not in ended.err, ended.err
    return ended


@contextmanager
def serving(data: Path, *, extra: Mapping[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[bytes], Holder]]:
    """A running server on a free port; ended as Ctrl-C ends it."""
    log = data.parent / f"serve-{time.monotonic_ns()}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*WAYPOST, "serve", "--port", "0"], env=environment(data, extra), stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield process, _announced(process, data, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert "Traceback" not in log.read_text("utf-8", "replace"), log.read_text("utf-8", "replace")


def _announced(process: subprocess.Popen[bytes], data: Path, log: Path) -> Holder:
    for _ in range(600):
        holder = holder_of(data)
        if holder is not None and holder.url and holder.pid == process.pid:
            return holder
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text('utf-8', 'replace')}")
