"""Draft articles from one data directory: a theme's resolved tickets, and the article that an edit belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.errors import NotFound
from assistant.gaps.article import ArticleDraft, Message, Target, Ticket, article_draft
from assistant.records import Contact
from assistant.store.knowledge import StoredKnowledge, StoredVersion

_NEAR_SHARE = 0.3
"""Of a theme's contacts, from how many on the same nearest article is the one to edit."""


def drafted(name: str, contacts: Sequence[Contact], knowledge: StoredKnowledge) -> ArticleDraft:
    """A draft for the theme `name` from what agents answered in the tickets of its `contacts`."""
    tickets = [_ticket(version) for version in _versions([c.document_key for c in contacts], knowledge)]
    return article_draft(name, tickets, _target(contacts, knowledge))


def _versions(keys: Sequence[str], knowledge: StoredKnowledge) -> Iterator[StoredVersion]:
    for key in dict.fromkeys(key for key in keys if key):
        try:
            version = knowledge.version(key)
        except NotFound:
            continue  # erased since; its contact stays as a count
        if version.live and version.kind == "ticket":
            yield version


def _ticket(version: StoredVersion) -> Ticket:
    """Messages as the ticket's blocks tell them apart; neighbouring blocks of one side are one message."""
    messages: list[Message] = []
    for block in version.blocks:
        if block.kind in ("customer", "agent"):
            text, by_agent = version.text[block.start : block.end], block.kind == "agent"
            messages.append(Message(by_agent, text))
    return Ticket(version.document_key, version.title, tuple(messages))


def _target(contacts: Sequence[Contact], knowledge: StoredKnowledge) -> Target | None:
    """The article that most contacts came nearest to, where enough of them agree on one."""
    nearest = [c.nearest[0] for c in contacts if c.nearest]
    if not nearest:
        return None
    key = max(sorted(set(nearest)), key=nearest.count)
    if nearest.count(key) < _NEAR_SHARE * len(nearest):
        return None
    try:
        version = knowledge.version(key)
    except NotFound:
        return None
    return Target(key, version.title, version.text) if version.live and version.kind != "ticket" else None
