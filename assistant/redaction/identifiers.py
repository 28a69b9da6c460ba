"""Things with a checksum or an unmistakable shape: mail addresses, cards, IBANs, network addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from assistant.redaction.rules import Span
from assistant.redaction.vocabulary import VERSION_WORDS
from assistant.stopwords import STOP_WORDS

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"(?<![\w.+%-])[^\W](?:[\w.+%&'=~-]{{0,63}}[\w+-])?@(?:{_LABEL}\.)+[^\W\d_]{{2,24}}(?![\w-])")
_OPEN, _CLOSE = r"\s*[\[({<]\s*", r"\s*[\])}>]\s*"
_EMAIL_DISGUISED = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{1,64}}(?:{_OPEN}(?:at|@){_CLOSE}{_LABEL}(?:(?:\.|{_OPEN}(?:dot|\.){_CLOSE}|\s+dot\s+){_LABEL})+"
    rf"|\s+at\s+{_LABEL}(?:\s+dot\s+{_LABEL}){{1,3}}| ?@ (?:gmail|outlook|hotmail|yahoo|icloud|gmx|web)\.[a-z]{{2,4}})"
    r"(?![\w-])",
    re.IGNORECASE,
)
_DISGUISE = re.compile(r"dot|DOT|Dot|[\[({<]\s?(?:at|AT|@)|@ ")
_DOT = re.compile(r"\s*[\[({<]?\s*\bdot\b\s*[\])}>]?\s*", re.IGNORECASE)
_AT = re.compile(r"\s*[\[({<]?\s*(?:\bat\b|@)\s*[\])}>]?\s*", re.IGNORECASE)
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ \u00a0\u202f\u2009-]{0,2}\d){11,25}(?![\w])")
_TIMESTAMP = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:\d\d){0,2}\d?")
_GROUP = re.compile(r"\d+")
_IBAN_START = re.compile(r"(?<![^\W_])([A-Z]{2})[ ]?(\d[ ]?\d)", re.IGNORECASE)
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w|-\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-f:]{0,39}:[0-9a-f:]{0,39}:)[0-9a-f:]{2,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])", re.I
)
_MAC = re.compile(r"(?<![\w:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])", re.IGNORECASE)
_VERSION_BEFORE = re.compile(rf"\b(?:{'|'.join(VERSION_WORDS)})[ .:]{{0,3}}$", re.IGNORECASE)


_NETWORK_BEFORE = re.compile(
    r"(?:\b(?:ips?|ip address|address|host|server|dns|gateway|router|from)\b\W{0,4}|\[)$", re.IGNORECASE
)
_LARGE = 25


def emails(text: str) -> Iterator[Span]:
    """Mail addresses, also as `name (at) host (dot) tld`; the identity ignores case."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Span(match.start(), match.end(), "email", match[0].casefold())
    for match in _EMAIL_DISGUISED.finditer(text) if _DISGUISE.search(text) else ():
        plain = _DOT.sub(".", _AT.sub("@", match[0])).casefold()
        if plain.split("@")[0] not in STOP_WORDS:  # "file it at bugs dot example dot org"
            yield Span(match.start(), match.end(), "email", plain)


def cards(text: str) -> Iterator[Span]:
    """Payment cards: 13 to 19 digits that start with 2 to 6 and pass Luhn's check."""
    for run in _DIGITS.finditer(text):
        groups = [(run.start() + g.start(), run.start() + g.end()) for g in _GROUP.finditer(run[0])]
        found = _card_in(text, groups)
        if found:
            yield Span(*found, "card", _figures(text[found[0] : found[1]]))


def _card_in(text: str, groups: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The longest run of whole digit groups that is a card."""
    figures = [_figures(text[start:end]) for start, end in groups]
    for size in range(len(groups), 0, -1):
        for first in range(len(groups) - size + 1):
            digits = "".join(figures[first : first + size])
            if _may_be_card(digits) and passes_luhn(digits):
                return groups[first][0], groups[first + size - 1][1]
    return None


def _may_be_card(digits: str) -> bool:
    """Length and first digit of a card, and no time written as one number (a build of 20240115103000)."""
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and not _TIMESTAMP.fullmatch(digits)


def _figures(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


def passes_luhn(digits: str) -> bool:
    """Luhn's check (US patent 2,950,048): every second digit from the right doubled, digits summed, divisible by 10.

    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    doubled = (int(digit) * (1 + position % 2) for position, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def ibans(text: str) -> Iterator[Span]:
    """International bank account numbers (ISO 13616): the country's length, and 1 modulo 97."""
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(match[1].upper())
        end = _after(text, match.start(), length) if length else 0
        if end:
            compact = "".join(char for char in text[match.start() : end] if char.isalnum()).upper()
            if compact.isascii() and is_iban(compact):
                yield Span(match.start(), end, "iban", compact)


def _after(text: str, start: int, length: int) -> int:
    """Where `length` letters and digits from `start` end, single spaces or dashes between them; 0 if there are less."""
    at, taken = start, 0
    while at < len(text) and taken < length:
        if text[at].isalnum():
            taken += 1
        elif not (text[at] in " -\u00a0\u202f" and text[at - 1].isalnum()):
            return 0
        at += 1
    return at if taken == length and not text[at : at + 1].isalnum() else 0


def is_iban(compact: str) -> bool:
    """Whether the first four characters moved to the end, with letters as 10 to 35, are 1 modulo 97.

    >>> is_iban("DE89370400440532013000"), is_iban("DE89370400440532013001")
    (True, False)
    """
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def addresses(text: str) -> Iterator[Span]:
    """IPv4, IPv6 and hardware addresses; those of the machine itself, net masks and version numbers stay."""
    for match in _MAC.finditer(text):
        yield Span(match.start(), match.end(), "mac", match[0].casefold())
    for match in _IPV4.finditer(text):
        if _is_no_version(match):
            yield from _address(match)
    if ":" in text:
        for match in _IPV6.finditer(text):
            yield from _address(match)


def _is_no_version(match: re.Match[str]) -> bool:
    """Four numbers are a version after a word for one, or where nothing says network and they are small."""
    start = max(0, match.start() - 24)
    before = match.string[start : match.start()]
    if _VERSION_BEFORE.search(before):
        return False
    large = sum(int(part) >= _LARGE for part in match[0].split("."))
    return large >= 2 or match[0].startswith(("10.", "192.168.", "172.")) or bool(_NETWORK_BEFORE.search(before))


def _address(match: re.Match[str]) -> Iterator[Span]:
    try:
        found = ipaddress.ip_address(match[0])
    except ValueError:
        return
    if not (found.is_loopback or found.is_unspecified or match[0].startswith("255.") or found.is_multicast):
        yield Span(match.start(), match.end(), "ip", str(found))
