"""Zip archives, one member at a time, within limits that no bomb passes; nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from typing import Any

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem

MAX_RATIO = 100
MAX_TOTAL = 200_000_000
MAX_MEMBERS = 20_000
_SMALL = 1_000_000  # below it a ratio says nothing: a page of spaces packs a thousand to one
_MAX_NAME = 400


def names(raw: bytes) -> list[dict[str, Any]]:
    """Number, name and size of every regular file in the archive, in order.

    Raises:
        UnreadableItem: no archive, encrypted, a bomb, or too large.
    """
    archive = _opened(raw)
    return [
        {"number": number, "name": cleaned(info.filename)[:_MAX_NAME], "size": info.file_size}
        for number, info in enumerate(archive.infolist())
        if not info.is_dir() and _is_regular(info)
    ]


def member(raw: bytes, number: int, limit: int) -> bytes:
    """The bytes of one member, at most `limit`; what its header promises is not believed.

    Raises:
        UnreadableItem: encrypted, damaged, or larger.
    """
    archive = _opened(raw)
    info = archive.infolist()[number]
    if info.flag_bits & 1:
        raise UnreadableItem("expected an open archive, found a member protected by a password. Pack it anew without.")
    try:
        with archive.open(info) as file:
            found = file.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableItem(f"expected a whole archive, found a damaged member ({error}). Pack it anew.") from error
    if len(found) > limit:
        raise UnreadableItem(f"expected at most {limit:,} bytes, found more. Split the file.")
    return found


def refuse_bomb(raw: bytes) -> None:
    """Raise `UnreadableItem` when the archive is damaged or unpacks to more than the limits."""
    _opened(raw)


def _opened(raw: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnreadableItem(f"expected an archive (zip), found {error}. Pack it anew.") from error
    total = sum(info.file_size for info in infos)
    if len(infos) > MAX_MEMBERS or total > MAX_TOTAL:
        raise UnreadableItem(
            f"expected an archive of at most {MAX_MEMBERS:,} files and {MAX_TOTAL:,} bytes, found {len(infos):,} files "
            f"and {total:,} bytes. Split it."
        )
    packed = max(sum(info.compress_size for info in infos), 1)
    if total > _SMALL and total > MAX_RATIO * min(packed, len(raw)):
        raise UnreadableItem(
            f"expected an archive packed at most {MAX_RATIO} to 1, found {total // min(packed, len(raw))} to 1. "
            "It is made to fill a machine."
        )
    return archive


def _is_regular(info: zipfile.ZipInfo) -> bool:
    """A link or device in an archive leads elsewhere."""
    mode = info.external_attr >> 16
    return not stat.S_IFMT(mode) or stat.S_ISREG(mode)
