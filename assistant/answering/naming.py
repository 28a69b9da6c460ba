"""Names in letters: who signed a message and may be greeted, and an old reply without whom it was written to.

Beside the reply. A wrong name is worse than none: a company, a product, a mail program and whoever is greeted or signs
on the desk's side are no customer's first name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from assistant.domain import Question
from assistant.redaction.vocabulary import ALSO_WORDS, CLOSINGS, GREETINGS, INTRODUCTIONS, NO_NAMES
from assistant.stopwords import STOP_WORDS

_LAST_CHARS = 1_500
_COMPANY = frozenset(
    """ag bv co corp company gmbh group inc kg limited llc ltd oy plc sarl services software solutions srl systems
    technologies university""".split()
)


def _any(phrases: Iterable[str]) -> str:
    return "(?i:" + "|".join(sorted(map(re.escape, phrases), key=len, reverse=True)) + ")"


_CAPITAL = r"[A-Z\u00c0-\u00de\u0100-\u017d\u0391-\u03a9\u0410-\u042f]"
_FURTHER = rf"(?: {_CAPITAL}\.| (?:(?:de|van|von|da|la) )?{_CAPITAL}[^\W\d_]+)"
_NAME = rf"{_CAPITAL}[^\W\d_]+(?:['\u2019-][^\W\d_]+)*{_FURTHER}{{0,2}}"
_SIGNED = re.compile(
    rf"(?:^|(?<=[.!?] )|(?<=[.!?]\n))[ \t]*{_any(CLOSINGS)}[ \t,.!\u2013-]*\n?\s*(?P<name>{_NAME})[ \t]*[,.!]?[ \t]*$",
    re.MULTILINE,
)
_DASHED = re.compile(rf"^[ \t]*[-\u2013\u2014~][ \t]?(?P<name>{_NAME})\s*\Z", re.MULTILINE)
_INTRODUCED = re.compile(rf"\b{_any(INTRODUCTIONS)} (?P<name>{_NAME})")
_GREETED = re.compile(rf"^[ \t>]*{_any(GREETINGS)}[ ,]+(?P<name>{_NAME})", re.MULTILINE)
_NOT_OWN = re.compile(
    r"^(?:>|-{2,} ?original|from: |von: |de: |on .{4,80} wrote:|am .{4,80} schrieb|le .{4,80} a \u00e9crit|"
    r"(?:sent|gesendet|envoy\u00e9) (?:from|von|depuis|using)|get outlook for)",
    re.IGNORECASE | re.MULTILINE,
)
_OF_THINGS = r"(?:in|the|using|use|on|into|within|at|from|with|for|our|your|my|this|by)"


def named(question: Question) -> Question:
    """The question with the name that its message is signed with, where nobody told the requester's.

    >>> named(Question("How do I print? Best, Maria")).requester
    'Maria'
    >>> named(Question("Hi Tom, how do I print? Best, Tom")).requester
    ''
    """
    if question.requester.strip():
        return question
    agents = {name for turn in question.turns if turn.by == "agent" for name in _signed(turn.text)}
    found = next((name for text in (question.text, question.before) for name in _signed(text) if name), "")
    first = found.partition(" ")[0]
    strangers = {*(name.partition(" ")[0] for name in agents), *_greeted(question.text), *_greeted(question.before)}
    if not found or first in strangers or _is_thing(found, question):
        return question
    return replace(question, requester=found)


def _signed(text: str) -> Iterable[str]:
    yield _signature(text)
    yield from _introduced(text)


def _signature(text: str) -> str:
    """The name that the customer's own words end with, empty without one."""
    own = _own(text).rstrip()[-_LAST_CHARS:]
    found = [*_SIGNED.finditer(own), *_DASHED.finditer(own)]
    names = [match["name"] for match in found if own.count("\n", match.end()) <= 4 and _may_be_name(match["name"])]
    return names[-1] if names else ""


def _introduced(text: str) -> list[str]:
    return [match["name"] for match in _INTRODUCED.finditer(text) if _may_be_name(match["name"])]


def _greeted(text: str) -> set[str]:
    return {match["name"].partition(" ")[0] for match in _GREETED.finditer(_own(text))}


def _own(text: str) -> str:
    """The text without what is quoted below it, or added by a mail program."""
    cut = _NOT_OWN.search(text)
    return text[: cut.start()] if cut else text


def _may_be_name(name: str) -> bool:
    words = {word.strip(".").casefold() for word in name.split()}
    shouts = len(name) > 3 and name.isupper()
    return not shouts and words.isdisjoint(NO_NAMES | _COMPANY) and not words <= STOP_WORDS - ALSO_WORDS


def _is_thing(name: str, question: Question) -> bool:
    """Whether the words are spoken of as a thing or a company elsewhere: "in Acme", "at Acme"; or are the product."""
    text = question.full_text
    used = re.search(rf"\b(?i:{_OF_THINGS}) {re.escape(name)}\b|\b{re.escape(name)} v?\d", text)
    return used is not None or name.casefold() in question.product.casefold().split()


# --- an old reply --------------------------------------------------------------------------------------------------

_PLACEHOLDER = r"\[[a-z][a-z ]{0,30} \d+\]"
_PERSON = r"\[person \d+\]"
_OPENING = re.compile(rf"^\W*{_any(GREETINGS)}\b(?:[ ,]+{_PERSON}| (?:there|all|team))*[ ]*[,!.:\u2013-]+\s*")
_CALLED = re.compile(rf",\s*{_PERSON}(?=\s*[,.!?;:]|\s*$)|^{_PERSON}, ")
_MARKS = (
    (re.compile(r"!\[[^\]\n]*\]\([^)\s]*\)"), ""),
    (re.compile(r"\[([^\]\n]+)\]\((https?://[^)\s]+)\)"), r"\1 (\2)"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]+?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"^\s{0,3}#{1,6} +", re.MULTILINE), ""),
)


def sendable(text: str) -> str:
    """A sentence of an old reply without Markdown's marks, its greeting, and the placeholders of another conversation.

    What was taken out of the middle of a sentence leaves an ellipsis, for the agent to fill; nothing but placeholders
    is nothing.

    >>> sendable("Hi [person 1], open **Settings** and tap `Save`, [person 1].")
    'Open Settings and tap Save.'
    >>> sendable("Write to [email 1]."), sendable("[person 2]")
    ('Write to \u2026.', '')
    """
    for pattern, instead in _MARKS:
        text = pattern.sub(instead, text)
    if not any(char.isalnum() for char in re.sub(_PLACEHOLDER, "", text)):
        return ""
    told = _CALLED.sub("", _OPENING.sub("", text))
    told = re.sub(_PLACEHOLDER, "\u2026", told).strip()
    return told[:1].upper() + told[1:] if told and told != text and not text.startswith(told) else told
