"""Zip archives and the exports that come as such: every member is a file like any other, to a depth of two.

Notion and Confluence put a page's id into its file's name; that id is the page's identity, so that renamed and moved
pages stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from assistant.errors import UnreadableItem
from ingest.sandbox import shared
from ingest.sources.item import Defaults, Item
from ingest.sources.piece import MAX_ITEM_BYTES, Piece, bytes_piece, unreadable
from ingest.sources.suffixes import SUFFIXES

MAX_DEPTH = 2
MAX_ARCHIVE_BYTES = 200_000_000
_NOTION = re.compile(r"(.*?)[ _-]?([0-9a-f]{32})(?:_all)?", re.DOTALL)
_CONFLUENCE = re.compile(r"(?:(.+)_)?(\d{4,20})")
_PAGES = (".html", ".htm", ".md")

Reader = Callable[[Piece, dict[str, object]], Iterator[Item]]


def archive_items(piece: Piece, defaults: Defaults, read: Reader, *, depth: int = 1) -> Iterator[Item]:
    """The items of every member that `read` can read; an archive that cannot be opened stands for all of them."""
    try:
        if depth > MAX_DEPTH:
            raise UnreadableItem(
                f"expected archives in archives to a depth of {MAX_DEPTH}, found more. Unpack it first."
            )
        raw = piece.read(MAX_ARCHIVE_BYTES)
        members: list[dict[str, Any]] = shared().parse("zip_names", raw)
    except UnreadableItem as error:
        yield unreadable(
            f"{piece.key}/", piece.key, str(error), str(piece.size).encode(), defaults, covers=f"{piece.key}/"
        )
        return
    layout = _layout([str(found["name"]) for found in members])
    seen: set[str] = set()
    for found in members:
        name = str(found["name"])
        if _is_left_out(name, layout):
            continue
        key, fields = _place(f"{piece.key}/{name}", name, layout)
        if key in seen:
            reason = "the archive holds this name twice; the first is kept."
            yield unreadable(f"{key}~{found['number']}", key, reason, b"", defaults)
            continue
        seen.add(key)
        yield from _member(raw, found, key, fields, defaults, read, depth)


def _member(
    raw: bytes, found: dict[str, Any], key: str, fields: dict[str, object], defaults: Defaults, read: Reader, depth: int
) -> Iterator[Item]:
    nested = key.lower().endswith(".zip")
    try:
        content = shared().parse(
            "zip_member", raw, number=found["number"], limit=MAX_ARCHIVE_BYTES if nested else MAX_ITEM_BYTES
        )
    except UnreadableItem as error:
        yield unreadable(key, key, str(error), str(found["size"]).encode(), defaults)
        return
    inside = bytes_piece(key, content)
    yield from archive_items(inside, defaults, read, depth=depth + 1) if nested else read(inside, fields)


def _is_left_out(name: str, layout: str) -> bool:
    """What no one reads: hidden files, other formats, and what an export adds to its pages."""
    *_, last = name.split("/")
    if any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
        return True
    added = (layout == "confluence" and last == "index.html") or (layout == "notion" and last.endswith(".csv"))
    return added or PurePosixPath(last).suffix.lower() not in SUFFIXES


def _layout(names: Sequence[str]) -> str:
    """Whose export it is: "notion", "confluence", or "" for any archive."""
    stems = [name.rsplit("/", 1)[-1].rsplit(".", 1)[0] for name in names if name.lower().endswith(_PAGES)]
    if stems and 2 * sum(bool(_NOTION.fullmatch(stem)) for stem in stems) >= len(stems):
        return "notion"
    pages = [stem for stem in stems if stem != "index"]
    named = sum(bool(_CONFLUENCE.fullmatch(stem)) for stem in pages)
    return "confluence" if "index" in stems and pages and 2 * named >= len(pages) else ""


def _place(key: str, name: str, layout: str) -> tuple[str, dict[str, object]]:
    """The key of a member and the fields that its place in the tree gives it."""
    *folders, last = name.split("/")
    stem = last.rsplit(".", 1)[0]
    match = {"notion": _NOTION, "confluence": _CONFLUENCE}.get(layout, _NOTION).fullmatch(stem) if layout else None
    if match is None or not last.lower().endswith(_PAGES):
        return key, {}
    path = [_bare(folder) for folder in folders if _bare(folder)]
    title = (match[1] or "").replace("-", " ").replace("_", " ").strip() if layout == "confluence" else match[1].strip()
    fields: dict[str, object] = {"id": f"{layout}:{match[2]}", "tags": path}
    if title and layout == "notion":
        fields["title"] = title
    return f"{layout}:{match[2]}{'.' + last.rsplit('.', 1)[1]}", fields


def _bare(folder: str) -> str:
    match = _NOTION.fullmatch(folder)
    return (match[1] if match else folder).strip()
