"""Visible text as plain JSON values, to cross from the parsing child to its parent; both ways check nothing twice."""

from __future__ import annotations

from typing import Any

from assistant.domain import Block, Variant
from assistant.errors import UnreadableItem
from ingest.structure.visible import Visible


def to_wire(visible: Visible, **more: Any) -> dict[str, Any]:
    """Plain values; `more` goes beside them."""
    blocks = [
        [
            b.kind,
            b.start,
            b.end,
            b.level,
            b.number,
            b.condition,
            b.anchor,
            [[v.start, v.end, v.condition] for v in b.variants],
        ]
        for b in visible.blocks
    ]
    return {"text": visible.text, "blocks": blocks, "links": list(visible.links), "title": visible.title, **more}


def from_wire(found: dict[str, Any]) -> Visible:
    """The inverse.

    Raises:
        UnreadableItem: offsets that do not fit the text: the child was made to lie.
    """
    text = str(found["text"])
    blocks = []
    for kind, start, end, level, number, condition, anchor, variants in found["blocks"]:
        if not 0 <= start <= end <= len(text):
            raise UnreadableItem("its parser returned what does not fit together. Save the file anew.")
        blocks.append(Block(kind, start, end, level, number, condition, anchor, tuple(Variant(*v) for v in variants)))
    return Visible(text, tuple(blocks), tuple(map(str, found["links"])), str(found["title"]))
