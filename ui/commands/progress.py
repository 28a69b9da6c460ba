"""A progress bar on stderr for long work: rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.seams import Progress

_EVERY_S = 10.0


@contextmanager
def shown(title: str, *, quiet: bool = False) -> Iterator[Progress]:
    """A function to report progress to."""
    if quiet:
        yield lambda _done, _total, _what: None
    elif sys.stderr.isatty():
        with _bar(title) as report:
            yield report
    else:
        yield _Lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[what]}"),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, what="")

        def report(done: int, total: int | None, what: str) -> None:
            bar.update(task, completed=done, total=total, what=what[-40:])

        yield report


class _Lines:
    """Progress for logs and pipes: a line every ten seconds."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = self._last = time.monotonic()

    def __call__(self, done: int, total: int | None, what: str) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_S:
            self._last = now
            rate = done / max(now - self._started, 1e-9)
            of = f" of {total}" if total else ""
            print(f"{self._title}: {done}{of} done, {rate:.1f} a second ({what})", file=sys.stderr)
