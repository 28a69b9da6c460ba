"""Sentences, words and stems: what drafting and verifying share; no model, linear time on any text.

English stop words and endings; other languages keep all their words, and scripts that write without
spaces are cut into character pairs, so that overlap still means something.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.stopwords import STOP_WORDS

Span = tuple[int, int]
"""Half-open `[start, end)` in the text at hand."""

_BOUNDARY = re.compile(r"[.!?\u2026]+[\"')\]\u2019\u201d]*(?=\s|$)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*|\n\s*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|ca|approx|incl|no|nr|fig|mr|mrs|ms|dr|st|inc|ltd|co|z\.b|d\.h|bzw|p\.ex|[A-Z])\.$",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+"
    r"|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+"
    r"(?:['\u2019._@][^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+)*"
)
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:['._@][a-z0-9]+)*")
_E_MAIL = re.compile(r"\be-mail(?=s?\b)", re.IGNORECASE)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_LONGEST_WORD = 60  # a longer run is an address, a key or base64: it carries no word to match

NEGATIONS = frozenset({"no", "not", "never", "none", "nothing", "nobody", "without", "cannot", "nor", "neither"})


def sentences(text: str) -> list[Span]:
    """Spans of the sentences of `text` in order, without the white space around them; a line break ends one.

    >>> [("Use e.g. 1.5 MB. Then stop!")[a:b] for a, b in sentences("Use e.g. 1.5 MB. Then stop!")]
    ['Use e.g. 1.5 MB.', 'Then stop!']
    """
    spans: list[Span] = []
    begin = 0
    for match in _BOUNDARY.finditer(text):
        if not _is_abbreviation(text, begin, match):
            _append_trimmed(spans, text, begin, match.end())
            begin = match.end()
    _append_trimmed(spans, text, begin, len(text))
    return spans


def _is_abbreviation(text: str, begin: int, match: re.Match[str]) -> bool:
    if match.group() != ".":
        return False
    following = text[match.end() : match.end() + 2].strip()
    if following and following.islower():
        return True
    return _ABBREVIATION.search(text[max(begin, match.end() - 10) : match.end()]) is not None and bool(following)


def _append_trimmed(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    kept = piece.strip()
    if kept:
        spans.append((start + left, start + left + len(kept)))


def words(text: str) -> list[str]:
    """Words of `text` in order, lower-cased; numbers, versions and addresses stay whole, unspaced scripts become pairs.

    >>> words("Don't use IMAP 2.0 on mail.example.org")
    ["don't", 'use', 'imap', '2.0', 'on', 'mail.example.org']
    """
    text = _E_MAIL.sub("email", text)
    if text.isascii():
        return [word for word in _ASCII_WORD.findall(text.lower()) if len(word) <= _LONGEST_WORD]
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group()
        if _UNSPACED.match(word):
            found.extend(word[place : place + 2] for place in range(max(1, len(word) - 1)))
        elif len(word) <= _LONGEST_WORD:
            found.append(word.lower().replace("\u2019", "'"))
    return found


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The word without its commonest English endings: a crude key for matching, never shown.

    >>> [stem(word) for word in ("settings", "deleted", "copies", "attaching", "address")]
    ['set', 'delet', 'copi', 'attach', 'address']
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word.removesuffix("'s")
    for ending, kept in (("sses", "ss"), ("ies", "i"), ("ings", ""), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undoubled(word[: len(word) - len(ending)] + kept)
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("y"):
        return word[:-1] + "i"
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" else word.removesuffix("e")


@lru_cache(maxsize=20_000)
def content_stems(text: str) -> tuple[str, ...]:
    """Stems of the words that carry meaning, in order, with repeats; remembered, since articles come up again.

    >>> content_stems("How do I delete all of my folders?")
    ('delet', 'folder')
    """
    return tuple(stem(word) for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or not word.isascii()))


def one_line(text: str) -> str:
    """The text with every run of white space and control characters as one space."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())
