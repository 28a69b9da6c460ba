"""Names of people: those the ticket's record knows, and those a text gives away in a greeting, a closing or a title.

A name that is also a word ("Will", "Mark", "Best") counts only where a name stands: after a greeting, beside
another part of the same name, or alone on a line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.redaction.rules import Known, Person, Span
from assistant.redaction.vocabulary import (
    ALSO_WORDS,
    CLOSINGS,
    GENERIC_MAILBOXES,
    GREETINGS,
    HONORIFICS,
    INTRODUCTIONS,
    NO_NAMES,
    PARTICLES,
    TITLES,
)
from assistant.stopwords import STOP_WORDS

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽΑ-ΩА-Я]"
_WORD = rf"{_CAPITAL}(?:[^\W\d_]+|['’][^\W\d_]+)(?:['’-][^\W\d_]+)*"
_PARTICLE = r"(?:de|del|della|der|den|dos|da|di|du|van|von|zu|zur|le|la|el|al|bin|ben|ter|ten)"
_NAME = rf"{_WORD}(?:[ ](?:{_PARTICLE}[ ]){{0,2}}(?:{_WORD}|{_CAPITAL}\.)){{0,3}}"
_TITLE = rf"(?:{'|'.join(HONORIFICS)})\.?"


def _any(phrases: Iterable[str]) -> str:
    return "(?i:" + "|".join(sorted(map(re.escape, phrases), key=len, reverse=True)) + ")"


_INTRODUCED = re.compile(rf"\b{_any(INTRODUCTIONS)} ({_NAME})")
_PLACED = (
    re.compile(rf"^[ \t>*]*{_any(GREETINGS)}[ ,]+(?:{_TITLE}[ ])?({_NAME})(?=[ \t]*(?:[,!:;.–-]|$))", re.MULTILINE),
    re.compile(
        rf"^[ \t>*]*{_any(CLOSINGS)}[ ,.!–-]*(?:\n[ \t]*){{1,2}}(?:{_TITLE}[ ])?({_NAME})[ \t]*[,.]?[ \t]*$",
        re.MULTILINE,
    ),
    re.compile(rf"(?<![\w.]){_TITLE}[ ]({_NAME})"),
)
_BEFORE_THINGS = "in the using use on into within version install update open start launch my your this a".split()
_BEFORE_NAMES = (
    "hi", "hello", "hey", "dear", "thanks", "thanks,", "mr", "mrs", "ms", "hallo", "morning", "afternoon", "evening",
)  # fmt: skip
_BEFORE_OTHERS = ("with", "by", "told", "asked", "colleague", "agent", "spoke to", "talked to")
_AFTER_NAMES = "(?:said|told|wrote|suggested|asked|helped|mentioned|called|explained|advised|recommended|replied)"


def _after(words: Iterable[str]) -> str:
    return "".join(rf"|(?<=\b{re.escape(word)} )" for word in words)


_ADDRESSED = rf"(?i:(?:^|(?<=\n){_after(_BEFORE_NAMES)}))"
_MENTIONED = rf"(?i:(?:{_after(_BEFORE_OTHERS)[1:]}))"
_PLAIN = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i"})
_SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"}
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    identity: str
    is_whole: bool
    expression: re.Pattern[str]


def names(texts: Sequence[str], known: Known, keep: Iterable[str]) -> list[list[Span]]:
    """The names in each text, found with all that the texts tell together; the identity is the person."""
    kept = {word.casefold() for term in keep for word in term.split()}
    people = [list(person.names) + _from_addresses(person) for person in known.people]
    for text in texts:
        for found in _given_away(text, kept):
            if not _is_thing(found, texts) and not any(
                _same(found, spelling) for person in people for spelling in person
            ):
                people.append([found])
    said = "\n".join(texts).casefold()  # a pattern for what is nowhere written is not worth compiling
    patterns = [
        pattern for number, person in enumerate(people) for pattern in _patterns(str(number), person, kept, said)
    ]
    return [_found(text, patterns) for text in texts]


def _from_addresses(person: Person) -> list[str]:
    """`maria.lopez@...` names somebody who has no other name."""
    spelt = []
    for address in () if person.names else person.emails:
        words = [word for word in re.split(r"[._+-]", address.split("@")[0]) if word.isalpha()]
        if 2 <= len(words) <= 3 and all(len(w) > 2 and w.casefold() not in GENERIC_MAILBOXES for w in words):
            spelt.append(" ".join(word.capitalize() for word in words))
    return spelt


def _given_away(text: str, kept: set[str]) -> Iterator[str]:
    lower = text.lower()
    introduced = any(phrase in lower for phrase in INTRODUCTIONS)  # seldom, and looking for all of them takes long
    for pattern in (*_PLACED, _INTRODUCED) if introduced else _PLACED:
        for match in pattern.finditer(text):
            words = [word.strip(".").casefold() for word in match[1].split()]
            sentence_word = len(words) == 1 and words[0] in STOP_WORDS
            if not sentence_word and not any(word in NO_NAMES or word in kept for word in words):
                yield match[1]


def _is_thing(found: str, texts: Sequence[str]) -> bool:
    """Whether what was greeted is spoken of as a thing elsewhere: "in Acme", "the Acme", "Acme 12"."""
    name = re.escape(found)
    used = re.compile(rf"\b{_any(_BEFORE_THINGS)} {name}\b|\b{name} v?\d", re.IGNORECASE)
    return (found.isupper() and len(found) > 2) or any(used.search(text) for text in texts)


def _same(found: str, spelling: str) -> bool:
    return set(_words(found)) <= set(_words(spelling))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", name.casefold()) if word.strip(".") not in TITLES]


def _patterns(identity: str, spellings: Iterable[str], kept: set[str], said: str) -> Iterator[_Pattern]:
    """Longest forms first, so that a part never cuts a full name in two."""
    full: dict[str, re.RegexFlag] = {}
    parts: dict[str, None] = {}
    for spelling in spellings:
        for form in _transcribed(_ordered(spelling)):
            words = [word for word in form.split() if word.casefold().strip(".") not in TITLES]
            if len(words) > 1 and any(word.casefold() in said for word in (words[0], words[-1])):
                # "will mark" is no name where "Will Mark" is one.
                plain = all(word.casefold() in ALSO_WORDS | STOP_WORDS for word in words)
                full.update(dict.fromkeys(_joined_forms(words), re.NOFLAG if plain else re.IGNORECASE))
            parts.update(dict.fromkeys(word.strip(".") for word in words if word.strip(".").casefold() in said))
    for form, flags in full.items():
        yield _Pattern(identity, True, re.compile(rf"(?<![^\W_]){form}(?![^\W_])", flags))
    for part in parts:
        expression = _part(part, kept)
        if expression:
            yield _Pattern(identity, False, expression)


def _ordered(spelling: str) -> str:
    """The name as it is spoken: `Lopez, Maria` as `Maria Lopez`, brackets and quotes off."""
    plain = re.sub(r"\([^)]*\)|[\"<>]", " ", spelling)
    last, comma, first = plain.partition(",")
    return " ".join((f"{first} {last}" if comma and first.strip() else last).split())


def _transcribed(name: str) -> Iterator[str]:
    """The name with its accents, without them, and with umlauts spelt out."""
    yield name
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)).translate(_PLAIN)
    spelt = name.translate(_SPELT)
    yield from dict.fromkeys(form for form in (bare, spelt) if form != name)


def _joined_forms(words: Sequence[str]) -> Iterator[str]:
    """Regular expressions of the whole name: in order, last name first, with initials, as a handle."""
    safe = [re.escape(word.rstrip(".")) + (r"\.?" if len(word.rstrip(".")) == 1 else "") for word in words]
    first, last = safe[0], safe[-1]
    yield (
        r"[ \t]+\n?[ \t]*".join(safe)
        if len(safe) > 2
        else rf"{first}[ \t]+(?:[^\W\d_]\.?[ \t]+|[^\W\d_]+[ \t]+)?{last}"
    )
    if len(safe) > 2:
        yield rf"{first}[ \t]+{last}"
    yield rf"{' '.join(safe[1:])},?[ \t]+{first}"
    if len(words[0]) > 1 and len(words[-1]) > 2:
        yield rf"{re.escape(words[0][0])}\.[ \t]?{last}"
        yield rf"{first}[ \t]+{re.escape(words[-1][0])}\."
        yield rf"{first}[._-]?{last}\d{{0,4}}"
        yield rf"{last}[._-]{first}\d{{0,4}}"
    if len(words[-1]) > 3:
        yield rf"{re.escape(words[0][0])}[._-]?{last}\d{{0,4}}"


def _part(part: str, kept: set[str]) -> re.Pattern[str] | None:
    """One name alone: any case when nothing else is spelt so, capitals when short, in a name's place when a word."""
    low = part.casefold()
    if len(part) < 2 or low in PARTICLES or low in kept or low in NO_NAMES:
        return None
    escaped = re.escape(part)
    if low in STOP_WORDS or low in ALSO_WORDS:
        forms = f"(?:{re.escape(part.capitalize())}|{re.escape(part.upper())})"
        return re.compile(
            rf"{_ADDRESSED}{forms}(?=[ \t]*(?:[,!.;:\n]|$))|{_MENTIONED}{forms}(?![^\W_])"
            rf"|(?<![^\W_]){forms}(?= {_AFTER_NAMES}\b)"
        )
    if len(part) <= 3:
        exact = sorted({escaped, re.escape(part.capitalize()), re.escape(part.upper())})
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(exact)})(?![^\W_])")
    return re.compile(rf"(?<![^\W_]){escaped}(?:s)?(?![^\W_])", re.IGNORECASE)


def _found(text: str, patterns: Iterable[_Pattern]) -> list[Span]:
    taken: list[Span] = []
    covered = bytearray(len(text))
    for pattern in sorted(patterns, key=lambda p: (not p.is_whole, -len(p.expression.pattern))):
        for match in pattern.expression.finditer(text):
            if not any(covered[match.start() : match.end()]):
                covered[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
                taken.append(Span(match.start(), match.end(), "person", pattern.identity))
    return taken
