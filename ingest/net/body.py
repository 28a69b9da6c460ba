"""Reads a reply's body within limits: bytes on the wire, bytes when unpacked, and how far they may lie apart."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from assistant.errors import SourceError

_STEP = 65_536


def bounded_body(raw: Iterable[bytes], encoding: str, *, max_bytes: int, max_ratio: int, where: str) -> bytes:
    """The whole body, unpacked.

    Raises:
        SourceError: larger than `max_bytes`, packed more than `max_ratio`:1, packed in another way, or broken off.
    """
    packing = encoding.strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise SourceError(f"{where}: expected a body packed by gzip or not at all, found {packing!r}.", retry=False)
    pieces = raw if packing in ("", "identity") else _unpacked(raw, where, max_bytes=max_bytes, max_ratio=max_ratio)
    body = bytearray()
    for piece in pieces:
        body += piece
        _refuse_larger(len(body), max_bytes, where)
    return bytes(body)


def gunzipped(packed: bytes, *, max_bytes: int, max_ratio: int, where: str) -> bytes:
    """A gzip file's content, within the same limits."""
    return bounded_body([packed], "gzip", max_bytes=max_bytes, max_ratio=max_ratio, where=where)


def _unpacked(raw: Iterable[bytes], where: str, *, max_bytes: int, max_ratio: int) -> Iterator[bytes]:
    machine = zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
    came, made = 0, 0
    try:
        for piece in raw:
            came += len(piece)
            _refuse_larger(came, max_bytes, where)
            rest = piece
            while rest and not machine.eof:
                out = machine.decompress(rest, _STEP)
                rest = machine.unconsumed_tail
                made += len(out)
                if made > _STEP and made > max_ratio * came:
                    raise SourceError(
                        f"{where}: expected a body packed at most {max_ratio}:1, found more.", retry=False
                    )
                yield out
    except zlib.error as error:
        raise SourceError(f"{where}: expected a gzip body, found {error}.") from error
    if came and not machine.eof:
        raise SourceError(f"{where}: the packed body broke off.")


def _refuse_larger(size: int, max_bytes: int, where: str) -> None:
    if size > max_bytes:
        raise SourceError(f"{where}: expected at most {max_bytes:,} bytes, found more.", retry=False)
