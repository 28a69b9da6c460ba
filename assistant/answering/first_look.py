"""The first look at an article, taken before anybody asks about it.

A draft embeds the sections that it compares and reads what a source vouches for, and both are remembered; so the first
question about an article pays for all that follow. A server has time for that look at its start and after each change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.outline import found_units
from assistant.answering.sections import sections
from assistant.answering.signals import headings_of
from assistant.answering.violations import read_ahead
from assistant.domain import Candidate, Passage
from assistant.seams import Embedder, Knowledge


def look_through(document_keys: Sequence[str], knowledge: Knowledge, embedder: Embedder) -> int:
    """Embed what answers compare of these documents and read what they vouch for; the number of their sections.

    Deleted documents are passed over. An embedder that remembers nothing makes this useless.
    """
    chunk_ids = [chunk_id for ids in knowledge.chunks_of(document_keys).values() for chunk_id in ids]
    passages = list(knowledge.passages(chunk_ids, audiences=("public", "internal")).values())
    compared: list[str] = []
    for version in knowledge.whole(passages).values():
        read_ahead(version)
        compared += _compared(version)
    headings = dict.fromkeys(heading for passage in passages for heading in headings_of(passage))
    if compared:
        embedder.embed([*compared, *headings])
    return len(compared)


def _compared(version: Passage) -> list[str]:
    headless = replace(version, heading_path=())  # what stands above its first heading is under none
    found = found_units([Candidate(headless, 0.0, 0.0, 0.0, 0.0)], {}, documents=1)
    return [section.text for section in sections(found)]
