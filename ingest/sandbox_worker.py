"""The child in which parsers of foreign bytes run: little memory, no files to write, none of the parent's secrets.

One request at a time on stdin, one reply on stdout; see `ingest.sandbox` for the frames. What a parser raises is
the reply; what kills it is the parent's to see.
"""

from __future__ import annotations

import importlib
import json
import resource
import struct
import sys
from typing import Any, BinaryIO

PARSERS = {
    "html": "ingest.formats.pages:html",
    "markdown": "ingest.formats.pages:markdown",
    "text": "ingest.formats.pages:text",
    "rst": "ingest.formats.pages:rst",
    "pdf": "ingest.formats.pdf:pdf",
    "docx": "ingest.formats.docx:docx",
    "csv": "ingest.formats.tables:csv_rows",
    "xlsx": "ingest.formats.tables:xlsx_rows",
    "mail_head": "ingest.formats.mail:head",
    "mail": "ingest.formats.mail:whole",
    "zip_names": "ingest.formats.archive:names",
    "zip_member": "ingest.formats.archive:member",
}
"""What may be asked for; nothing else is ever imported on request."""


NO_MEMORY = 3
"""The exit code of a child that could not even take the bytes in."""


def main(memory_bytes: int, seconds: int) -> None:
    """Serve until stdin ends."""
    _limit(memory_bytes)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while (head := requests.read(12)) and len(head) == 12:
        header, size = struct.unpack("<IQ", head)
        asked: dict[str, Any] = json.loads(requests.read(header))
        try:
            raw = requests.read(size)
        except MemoryError:
            sys.exit(NO_MEMORY)
        _allow(seconds)
        _reply(replies, _answer(asked, raw))


def _limit(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow(seconds: int) -> None:
    """So much processor time from now on: a busy machine must not make a good file fail."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, resource.RLIM_INFINITY))


def _answer(asked: dict[str, Any], raw: bytes) -> bytes:
    """A tag and JSON, or a tag and bytes."""
    from assistant.errors import UnreadableItem

    try:
        module, _, name = PARSERS[asked["parser"]].partition(":")
        found = getattr(importlib.import_module(module), name)(raw, **asked["options"])
        return b"b" + found if isinstance(found, bytes) else b"j" + json.dumps(found, ensure_ascii=True).encode()
    except UnreadableItem as error:
        return b"e" + str(error).encode("utf-8", "replace")
    except MemoryError:
        return b"m"
    except RecursionError:
        return b"e" + b"expected a file of bounded depth, found one nested too deeply. Flatten it."
    except Exception as error:  # noqa: BLE001 (a parser may raise anything, and it must be told)
        return b"e" + f"it could not be parsed ({type(error).__name__}: {str(error)[:200]}).".encode("utf-8", "replace")


def _reply(replies: BinaryIO, reply: bytes) -> None:
    replies.write(struct.pack("<Q", len(reply)))
    replies.write(reply)
    replies.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
