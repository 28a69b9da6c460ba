"""One process owns a data directory; a second one is told who holds it, at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from assistant.errors import DataDirectoryError, DirectoryInUse

_LOCK = "owner.lock"
_CARD = "owner.json"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who owns the directory; `url` and `token` are set by a server that takes work from other commands."""

    pid: int
    command: str
    since: str
    url: str = ""
    token: str = ""


class Ownership:
    """The held lock; released by `release()` or when the process ends, however it ends."""

    def __init__(self, folder: Path, lock: FileLock, command: str) -> None:
        self._folder = folder
        self._lock = lock
        self._command = command
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self.announce()

    def announce(self, *, url: str = "", token: str = "") -> None:
        """Write the card that a second process reads; readable by this user only, since it holds a token."""
        card = {"pid": os.getpid(), "command": self._command, "since": self._since, "url": url, "token": token}
        path = self._folder / f"{_CARD}.{os.getpid()}"
        path.touch(mode=0o600, exist_ok=True)
        path.write_text(json.dumps(card), "utf-8")
        path.replace(self._folder / _CARD)

    def release(self) -> None:
        """Give the directory back."""
        (self._folder / _CARD).unlink(missing_ok=True)
        self._lock.release()


def own(folder: Path, command: str) -> Ownership:
    """Take the directory.

    Raises:
        DirectoryInUse: another process holds it; the message names that process.
        DataDirectoryError: the directory is not writable.
    """
    lock = FileLock(str(folder / _LOCK), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        holder = holder_of(folder)
        who = f"process {holder.pid} ({holder.command}, since {holder.since})" if holder else "another process"
        raise DirectoryInUse(
            f"The data directory {folder} is in use by {who}. Wait for it to end, stop it, or give another --data."
        ) from error
    except OSError as error:
        raise DataDirectoryError(
            f"The data directory {folder} cannot be written: {error.strerror or error}. "
            "Check its owner and permissions, or give another one with --data."
        ) from error
    return Ownership(folder, lock, command)


def holder_of(folder: Path) -> Holder | None:
    """The process that says it owns the directory, if its card can be read."""
    try:
        card: Mapping[str, Any] = json.loads((folder / _CARD).read_text("utf-8"))
        return Holder(int(card["pid"]), str(card["command"]), str(card["since"]), str(card["url"]), str(card["token"]))
    except (OSError, ValueError, KeyError):
        return None


def current_holder(folder: Path) -> Holder | None:
    """The process that owns the directory at this moment; a card that a killed process left behind does not count."""
    lock = FileLock(str(folder / _LOCK), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return holder_of(folder)
    except OSError:
        return None
    lock.release()
    return None
