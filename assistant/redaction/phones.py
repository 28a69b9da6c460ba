"""Phone numbers: what is written like one, or is one in a country whose customers write here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.redaction.rules import Span
from assistant.redaction.vocabulary import OTHER_NUMBERS, PHONE_WORDS

if TYPE_CHECKING:
    import phonenumbers

_GAP = r"[ .\-/()\u00a0\u2009\u202f\u2010-\u2013]"
_CANDIDATE = re.compile(
    rf"(?<![\w.,:/@#=-])(?:\+{_GAP}?|\({_GAP}?\+?)?\d(?:{_GAP}{{0,3}}\d){{6,16}}"
    r"(?:\s{0,2}(?:ext|extension|x|durchwahl|poste|int)\.?\s?\d{1,6})?(?![\w@]|[.,:/]\d)",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\s*(?:ext|extension|x|durchwahl|poste|int)\.?\s?\d{1,6}$", re.IGNORECASE)
_ASKED_FOR = re.compile(rf"\b(?:{'|'.join(PHONE_WORDS)})\b[^\d\n\]]{{0,30}}$", re.IGNORECASE)
_NAMED_OTHERWISE = re.compile(
    rf"\b(?:{'|'.join(OTHER_NUMBERS)})\b[^\w\n]{{0,4}}(?:(?:id|number|no|nr)\b)?[^\w\n]{{0,4}}$", re.IGNORECASE
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:\D.*)?|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d(?:\D.*)?"
    r"|(?:19|20)\d\d *[-\u2013] *(?:19|20)\d\d"
)
_GROUPED_THOUSANDS = re.compile(r"\d{1,3}(?:[. ]\d{3}){2,}")
_NORTH_AMERICAN = re.compile(rf"(?:1{_GAP})?\(?[2-9]\d\d\)?{_GAP}{{1,2}}\d{{3}}{_GAP}\d{{4}}")
_DOTTED = re.compile(r"0\d{1,4}(?:[. ]\d{2,8}){1,5}")
_FEWEST = 7
_FEWEST_BARE = 10
_MOST = 15


def phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """Phone numbers with their extensions; the identity is the digits."""
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        number = _EXTENSION.sub("", match[0])
        if _is_phone(number, text[max(0, start - 40) : start], regions):
            opening = match[0].startswith("(") and ")" not in match[0]
            yield Span(start + opening, end, "phone", "".join(c for c in number if c.isdecimal()))


def _is_phone(number: str, before: str, regions: Sequence[str]) -> bool:
    digits = sum(char.isdecimal() for char in number)
    if not _FEWEST <= digits <= _MOST or _DATE.fullmatch(number.strip("()")):
        return False
    if number.lstrip("( ").startswith("+"):
        return True
    if _ASKED_FOR.search(before):
        return True
    if _NAMED_OTHERWISE.search(before):
        return False
    if _NORTH_AMERICAN.fullmatch(number):
        return True
    if _GROUPED_THOUSANDS.fullmatch(number) or ("." in number and not _DOTTED.fullmatch(number)):
        return False
    return _is_valid(number, regions)


def _is_valid(number: str, regions: Sequence[str]) -> bool:
    """Whether it is a number of one of the regions, in groups as they are written there."""
    import phonenumbers

    bare = number.isdecimal()
    for region in regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number(parsed):
            continue
        if bare:
            # Without a gap, only a trunk prefix or North America's ten digits tell a phone from another number.
            local = region in ("US", "CA") and len(number) == _FEWEST_BARE
            if len(number) >= _FEWEST_BARE and (local or number.startswith("0")):
                return True
        elif number.startswith(("0", "(")) or _is_grouped(number, parsed):
            return True
    return False


def _is_grouped(number: str, parsed: phonenumbers.PhoneNumber) -> bool:
    import phonenumbers

    written = re.findall(r"\d+", number)
    style = phonenumbers.PhoneNumberFormat.NATIONAL
    return written == re.findall(r"\d+", phonenumbers.format_number(parsed, style))
