"""Numbers and codes in a text that could identify a person, an account or an order, or be a key.

Pure helpers of the guard; everything is compared by letters and digits only, so spacing and dashes hide nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.answering.disguise import bare

_TOKEN = re.compile(r"#?[^\W_](?:[\w./:\\%+=-]*\w)?")
_DIGIT_RUN = re.compile(r"\+?\d(?:[\s().\u00b7\-/]{0,3}\d){4,}")
_WORD_LIKE = re.compile(r"[a-z]{4}|^[A-Z\d]+$")
_KNOWN_SHAPE = re.compile(
    r"[\w.-]{1,60}\.(?:js|json|txt|log|pdf|zip|dat|sqlite|xpi|exe|dmg|deb|rpm|png|jpg|svg|ini|msf|html?)|"
    r"v?\d+(?:[.x]\d+)+[\w.]*|\d+[a-z]{1,3}|0x[0-9a-f]+|\d{1,4}[-/.]\w{1,9}[-/.]\d{1,4}\w*"
    r"|(?:kb|cve|rfc|iso|utf|sha|md|win|windows|aes|rsa|ipv|ns_error|bug|ed|ecdsa|oauth|office|outlook)[-_]?[\d-]+\w?",
    re.IGNORECASE,
)


def identifiers(text: str) -> frozenset[str]:
    """Letters and digits of all that could identify somebody or something: long numbers, codes, keys.

    Fewer than four digits, or letters with one digit (`IMAP4`, `F12`), identify nobody.

    >>> sorted(identifiers("Order #A-4821 of 12 May, call +1 (555) 010-9999, IMAP4, port 993"))
    ['0109999', '15550109999', 'a4821']
    """
    found = {_figures(match.group()) for match in _DIGIT_RUN.finditer(text)}
    for match in _TOKEN.finditer(text):
        for token in {match.group(), *re.split(r"[/:\\=%+]", match.group())}:
            if _identifies(token):
                found.add(bare(token))
    return frozenset(found)


def _figures(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _identifies(token: str) -> bool:
    if len(token) < 12 and token.isalpha():
        return False
    digits = sum(char.isdigit() for char in token)
    letters = sum(char.isalpha() for char in token)
    if digits >= 4 or (token.startswith("#") and digits >= 3):
        return True
    if digits >= 2 and letters >= 2 and digits + letters >= 6:
        return True
    if token.isalnum() and letters + digits >= 12 and _WORD_LIKE.search(token) is None:
        return True  # base64 and its like: mixed case without anything like a word
    return letters + digits >= 24 and token.isalnum() and (digits > 0 or letters >= 40)


@lru_cache(maxsize=512)
def secrets(text: str) -> frozenset[str]:
    """Codes of letters and digits without a well-known shape (a version, a size, an error number): keys, references."""
    tokens = [match.group() for match in _TOKEN.finditer(text)]
    return frozenset(bare(token) for token in tokens if _is_secret(token))


def _is_secret(token: str) -> bool:
    letters = sum(char.isalpha() for char in token)
    return letters >= 2 and _identifies(token) and not _KNOWN_SHAPE.fullmatch(token)


@lru_cache(maxsize=512)
def codes(text: str) -> frozenset[str]:
    """What a text vouches for: its identifiers, and every token's letters and digits, however it is joined."""
    tokens = {bare(match.group()) for match in _TOKEN.finditer(text)}
    pieces = {bare(piece) for match in _TOKEN.finditer(text) for piece in re.split(r"[/:\\=%+.-]", match.group())}
    runs = {_figures(match.group()) for match in _DIGIT_RUN.finditer(text)}
    return frozenset(tokens | pieces | runs)
