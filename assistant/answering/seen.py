"""What one text shows to whoever reads it, in every disguise, whatever it may mention.

It depends on the text alone, so it is remembered: the sentences of articles and of agents' replies come up again and
again, and reading one takes half a millisecond.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.answering.addresses import Address, addresses, emails, is_ambiguous
from assistant.answering.disguise import bare, hides, readings
from assistant.answering.identifiers import identifiers
from assistant.answering.language import words
from assistant.stopwords import STOP_WORDS

_TAGS = (
    "a|abbr|applet|area|article|audio|b|base|bgsound|blink|blockquote|body|br|button|canvas|center|code|details|dialog|div|dl|"
    "embed|em|fieldset|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|image|img|input|ins|isindex|"
    "kbd|keygen|label|layer|li|link|listing|main|map|marquee|math|menu|meta|nav|noscript|object|ol|option|p|param|picture|"
    "plaintext|portal|pre|q|s|script|section|select|slot|small|source|span|strike|strong|style|sub|sup|svg|table|tbody|td|"
    "template|textarea|tfoot|th|thead|title|tr|track|tt|u|ul|use|var|video|wbr|xml|xmp"
)
_MARKUP = re.compile(
    rf"<\s*/?\s*(?:{_TAGS})(?:[\s/][^<>]{{0,2000}})?(?:>|$)"
    r"|<[a-z!?/][^<>]{0,200}=\s*[\"']|<!--|<!doctype|<!\[cdata\[|<\?xml"
    r"|\bon(?:error|load|click|mouseover|focus|toggle|begin)\s*=|\bsrc\s*=\s*\S|\bhref\s*=\s*\S"
    r"|!\[|\]\s?\(\s*\S|\]\s?\[[^\]]*\]|^\s*\[[^\]\n]{1,80}\]:\s*\S|```|~~~|\$\$|\{\{|\{%",
    re.IGNORECASE | re.MULTILINE,
)
_CAPITALISED = re.compile(r"[^\W\d_a-z]['\u2019]?[^\W\d_A-Z][^\W\d_]*(?:[-'\u2019][^\W\d_]+)?")
_PAIR = re.compile(rf"(?<![\w])(?=({_CAPITALISED.pattern}(?:\s+[^\W\d_a-z]\.)?\s+{_CAPITALISED.pattern})(?![\w]))")
_ORDINARY = STOP_WORDS | frozenset(
    """click press open select choose tap type enter check uncheck restart close sign hold drag right left double
    ctrl shift alt command option delete escape return tab windows mac macos linux android ios apple microsoft
    google""".split()
)
_CANARY_LIKE = re.compile(r"canary[\W_]*(?=\w*\d)\w{2,}|\bcanary(?:token|_\w+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in a text. `written` are the addresses as it stands, `followed` those that a program would follow in
    other readings of it; `names` are pairs of capitalised words, in lower case.
    """

    is_hiding: bool
    has_markup: bool
    is_like_a_canary: bool
    written: tuple[Address, ...]
    followed: tuple[Address, ...]
    emails: frozenset[str]
    identifiers: frozenset[str]
    names: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=8192)
def seen_in(text: str) -> Seen:
    """Everything in the text that a guard has to look at.

    >>> seen = seen_in("Ask Jo Doe about A-4821x at evil[.]com")
    >>> seen.names, sorted(seen.identifiers), [address.host for address in seen.followed]
    ((('ask', 'jo'), ('jo', 'doe')), ['a4821x'], ['evil.com'])
    """
    forms = readings(text)
    return Seen(
        is_hiding=hides(text),
        has_markup=any(_MARKUP.search(form) for form in forms[:4]),
        is_like_a_canary=any(_CANARY_LIKE.search(form) for form in forms),
        written=tuple(addresses(forms[0])),
        followed=tuple(
            address
            for address in dict.fromkeys(address for form in forms[1:] for address in addresses(form))
            if address.sort in ("url", "host") or is_ambiguous(address.text)
        ),
        emails=frozenset(email for form in forms for email in emails(form)),
        identifiers=frozenset[str]().union(*(identifiers(_unlinked(form)) for form in (forms[0], *forms[-1:]))),
        names=tuple(_names(forms[0])),
    )


@lru_cache(maxsize=8192)
def squeezed(text: str) -> tuple[str, ...]:
    """Every reading of the text with nothing but its letters and digits.

    >>> squeezed("CA-N A_RY 7")
    ('canary7',)
    """
    return tuple(dict.fromkeys(bare(form) for form in readings(text)))


def _unlinked(text: str) -> str:
    """The text without its addresses, which have their own rule."""
    for address in addresses(text):
        if address.sort in ("url", "host"):
            text = text.replace(address.text, " ")
    for email in emails(text):
        text = re.sub(re.escape(email), " ", text, flags=re.IGNORECASE)
    return text


def _names(text: str) -> list[tuple[str, ...]]:
    """Each two capitalised words side by side that are no ordinary ones of instructions."""
    pairs = (words(match[1]) for match in _PAIR.finditer(text))
    named = (tuple(word for word in pair if word not in _ORDINARY and len(word) > 1) for pair in pairs)
    return [name for name in named if len(name) > 1]
