"""What a resolved ticket knows: how its agent put what helped, in whole sentences, for the agent at the desk.

Beside the draft, never in it: a reply to one customer is no customer-facing text for another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering.language import one_line, sentences
from assistant.answering.naming import sendable
from assistant.domain import Passage, Suggestion

_SOCIAL = re.compile(
    r"^\W*(?:hi|hello|dear|hey|good (?:morning|day|evening)|thanks?|thank you|regards|best|cheers|sincerely|you're|"
    r"welcome|glad|sorry|please let (?:me|us) know|let (?:me|us) know|hope)\b.{0,80}$",
    re.IGNORECASE,
)
_MOST_CHARS = 600
_SAYS_SOMETHING = 40  # characters of an agent's last words; fewer are a farewell


def last_resolution(passages: Sequence[Passage]) -> Suggestion | None:
    """What the agent wrote last that says something, of a ticket's resolution in order; None without anything."""
    short: Suggestion | None = None
    for passage in reversed(passages):
        said = resolution_suggestion(passage)
        if said is not None and len(said.text) >= _SAYS_SOMETHING:
            return said
        short = said or short
    return short


def resolution_suggestion(passage: Passage, *, most_chars: int = _MOST_CHARS) -> Suggestion | None:
    """What the agent wrote that resolved this ticket, in whole sentences without greetings; None without one."""
    if passage.kind != "ticket":
        return None
    kept: list[str] = []
    length = 0
    for text in _agent_sentences(passage):
        if length + len(text) > most_chars:
            break
        kept.append(text)
        length += len(text) + 1
    return Suggestion(" ".join(kept), passage.document_key) if kept else None


def _agent_sentences(passage: Passage) -> Iterator[str]:
    blocks = [block for block in passage.blocks if block.kind == "agent"]
    spans = [(block.start, block.end) for block in blocks]
    if not spans and passage.role == "resolution":
        spans = [(passage.start, passage.end)]
    for start, end in spans:
        text = passage.text[max(0, start - passage.start) : end - passage.start][:6000]
        for left, right in sentences(text):
            sentence = sendable(one_line(text[left:right]))
            if any(char.isalnum() for char in sentence) and not _SOCIAL.match(sentence):
                yield sentence
