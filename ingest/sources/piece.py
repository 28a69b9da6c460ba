"""One file as the readers see it: a name, a size, and a way to its bytes; on disk, in an archive, anywhere."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from assistant.domain import Document
from assistant.errors import UnreadableItem
from ingest.sources.item import Defaults, Item, revision_of

MAX_ITEM_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """`key` names it within its source, and nothing else: it never becomes a path. `opened` gives its bytes."""

    key: str
    size: int
    opened: Callable[[], BinaryIO]
    modified: datetime | None = None

    @property
    def suffix(self) -> str:
        """In lower case, with its dot."""
        return Path(self.key.rsplit("/", 1)[-1]).suffix.lower()

    @property
    def stem(self) -> str:
        """The name without folders and suffix."""
        return Path(self.key.rsplit("/", 1)[-1]).stem

    def read(self, limit: int = MAX_ITEM_BYTES) -> bytes:
        """All bytes.

        Raises:
            UnreadableItem: more than `limit`, also where the size said otherwise.
        """
        if self.size > limit:
            raise UnreadableItem(too_big(self.size, limit))
        with self.opened() as file:
            found = file.read(limit + 1)
        if len(found) > limit:
            raise UnreadableItem(too_big(len(found), limit))
        return found


def file_piece(path: Path, key: str) -> Piece:
    """The regular file at `path`."""
    found = path.stat()
    return Piece(key, found.st_size, lambda: _opened(path), datetime.fromtimestamp(found.st_mtime, UTC))


def bytes_piece(key: str, raw: bytes) -> Piece:
    """A file that is in memory already."""
    return Piece(key, len(raw), lambda: io.BytesIO(raw))


def _opened(path: Path) -> BinaryIO:
    """The file itself: what became a link, a pipe or a device since it was listed is refused, and never waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "it is no regular file any longer")
    return os.fdopen(handle, "rb")


def unreadable(key: str, where: str, reason: str, raw: bytes, defaults: Defaults, *, covers: str | None = None) -> Item:
    """An item that stands for what cannot be read, with the reason."""

    def load() -> Document:
        raise UnreadableItem(f"{where}: {reason}")

    return Item(key, revision_of(raw, defaults), where, load, covers)


def too_big(size: int, limit: int = MAX_ITEM_BYTES) -> str:
    """The reason for leaving out what is too large."""
    return f"expected at most {limit:,} bytes, found {size:,}. Split it into several documents."


@contextmanager
def told_where(where: str) -> Iterator[None]:
    """Puts the place before the reason of what goes wrong inside."""
    try:
        yield
    except UnreadableItem as error:
        raise UnreadableItem(f"{where}: {error}") from error
