"""Facts that a sentence states in closed classes: figures with units, bounds, times, months, platforms, names, sides.

Used by the verifier. A fact's value excludes the others of its class; what a class does not know is no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from assistant.answering.conditions import platforms
from assistant.answering.language import content_stems, stem, words

Kind = Literal["unit", "bound", "time", "month", "weekday", "platform", "opposite", "number", "name"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a closed class: `value` excludes others of the same kind and key; `shown` is how the text has it."""

    kind: Kind
    key: str
    value: str
    shown: str


_MONTHS = "january february march april may june july august september october november december".split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTH = re.compile(rf"\b(?:{'|'.join(map(str.capitalize, _MONTHS))})\b")
_MONTH_NEAR = re.compile(r"(?:\d\w{0,2}|\b(?:in|since|until|by|of|from|to|and|or|before|after|late|early|mid|end)) ?$")
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(_WEEKDAYS)})(?=s?\b)", re.IGNORECASE)
_PLATFORM = re.compile(
    r"\b(?:Windows|macOS|Mac|MacBook|iMac|Linux|Ubuntu|Debian|Fedora|Android|iOS|iPhone|iPad|iPadOS|ChromeOS|Chromebook|"
    r"Google Play|Play Store|App Store)s?\b"
)
_UNITS: Mapping[str, str] = {
    "data": "bit kbit mbit gbit byte kb mb gb tb pb kib mib gib tib",
    "frequency": "hz khz mhz ghz",
    "mass": "mg g kg gram kilogram lb pound oz ounce ton",
    "length": "mm cm m km metre meter inch feet foot ft mile",
    "time": "ms sec second min minute h hour day night week month quarter year",
    "power": "v volt mv w watt kw mah wh a amp ma",
    "share": "% percent",
    "money": "$ \u20ac \u00a3 usd eur gbp dollar euro cent",
    "warmth": "\u00b0c \u00b0f celsius fahrenheit",
    "screen": "px pt dpi pixel",
    "other": "times",
}
_SAME_UNIT = {
    "percent": "%", "sec": "second", "min": "minute", "h": "hour", "kilogram": "kg", "gram": "g", "metre": "m",
    "meter": "m", "foot": "feet", "ft": "feet", "volt": "v", "watt": "w", "amp": "a", "dollar": "$", "usd": "$",
    "euro": "\u20ac", "eur": "\u20ac", "gbp": "\u00a3", "pixel": "px", "lb": "pound", "oz": "ounce",
}  # fmt: skip
_KNOWN_UNITS = frozenset(unit for units in _UNITS.values() for unit in units.split())
_COUNTS = {
    **{w: str(n) for n, w in enumerate("two three four five six seven eight nine ten eleven twelve".split(), start=2)},
    **{w: str(10 * n) for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)},
}
FIGURE = rf"(?<![\w.,])(?:[$\u20ac\u00a3]\s?)?(?:\d+(?:[.,:]\d+)*|(?:{'|'.join(_COUNTS)})(?=[\s-]))"
_MEASURE = re.compile(
    rf"(?P<figure>{FIGURE})(?:[\s\u00a0-]?(?:(?:working|business|calendar|full) )?"
    r"(?P<unit>%|\u00b0[CF]|[$\u20ac\u00a3]|[A-Za-z]+))?",
    re.IGNORECASE,
)
_UP = (
    r"at least|no (?:less|fewer) than|not (?:less|fewer) than|minimum(?: of)?|more than|over|above|"
    r"(?:great|long|old|larg|high)er than|exceed(?:s|ing)?"
)
_DOWN = (
    r"at most|up to|no(?:t)? (?:more|longer|later|larger|higher) than|maximum(?: of)?|less than|fewer than|under|below|"
    r"(?:short|young|small|low)er than"
)
_BEFORE_FIGURE = re.compile(rf"\b(?:(?P<down>{_DOWN})|(?P<up>{_UP}))(?: (?:the|about|a total of))? ?$", re.IGNORECASE)
_AFTER_FIGURE = re.compile(
    r"^ ?(?:\w+ ){0,2}or (?:(?P<up>more|longer|later|above|newer|larger|over|higher|older)|"
    r"(?P<down>less|fewer|earlier|below|shorter|smaller|under|lower))\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:(?P<down>at most|no(?:t)? more than|less than|fewer than|up to)"
    rf"|(?P<up>at least|no(?:t)? (?:less|fewer) than|(?<!no )(?<!not )more than))(?! ?{FIGURE})(?P<what> .{{1,40}})",
    re.IGNORECASE,
)
"""A bound of what is no figure: "more than one device", "at least a few"."""
_TIME = re.compile(
    r"\b(?P<how>after|before|within|until|till|since|every|during|prior to)\b(?P<what>.{0,60})", re.IGNORECASE
)
_SAME_TIME = {"till": "until", "prior to": "before"}
_OPPOSITES = (
    "on/off", "enable/disable", "show/hide", "add/remove", "allow/block", "accept/decline", "lock/unlock", "open/close",
    "start/stop", "always/never", "left/right", "first/last", "mute/unmute", "increase/decrease", "public/private",
    "connect/disconnect", "subscribe/unsubscribe", "install/uninstall", "top/bottom", "automatic/manual", "old/new",
    "upload/download", "import/export", "check/uncheck", "tick/untick", "include/exclude",
)  # fmt: skip
_SIDES = {
    stem(side): (stem(side), pair.partition("/")[0]) for pair in _OPPOSITES for side in pair.split("/") if side != "on"
}
_SWITCHED_ON = re.compile(
    r"\b(?:turn|switch|put|toggle)(?:s|ed|ing)? (?:\w+ ){0,4}?on\b|\b(?:is|are|be|stays?) on\b(?! \w)", re.IGNORECASE
)
_NAME = re.compile(
    r"[\"\u201c\u2018\u00ab]([^\"\u201d\u2019\u00bb\n]{2,60})[\"\u201d\u2019\u00bb]"
    r"|(?<=[a-z0-9,;>] )([A-Z][\w&-]*(?: (?:& |and |of |the )?[A-Z][\w&-]*)*)"
)


_LIMIT = re.compile(
    rf"\b(?:within|for|until|up to|at most|no later than) (?:about |the (?:first|next|last) )?{FIGURE}[\s\u00a0-]"
    r"(?:(?:working|business|calendar|full) )?(?:hour|day|week|month|year)|\b(?:only|unless)\b",
    re.IGNORECASE,
)


def states_limit(text: str) -> bool:
    """Whether a sentence says for how long, or for whom only, something holds.

    >>> states_limit("They stay for 30 days."), states_limit("Only the owner can."), states_limit("Tap it.")
    (True, True, False)
    """
    return _LIMIT.search(text) is not None


def facts_in(text: str) -> Iterator[Fact]:
    """Every fact that a sentence states, kind by kind.

    >>> [(fact.kind, fact.value) for fact in facts_in("Wait at least 5 minutes")]
    [('number', '5'), ('unit', 'minute'), ('bound', 'up')]
    """
    yield from _calendar(text)
    for match in _PLATFORM.finditer(text):
        yield from (Fact("platform", "", name, match.group()) for name in platforms(match.group()))
    yield from measures_in(text)
    for match in _TIME.finditer(text):
        how = match["how"].lower()
        key = _related(match["what"])
        if key:
            yield Fact("time", key, _SAME_TIME.get(how, how), match["how"])
    for match in _BOUND.finditer(text):
        yield Fact("bound", _related(match["what"]), "up" if match["up"] else "down", match["up"] or match["down"])
    yield from _sides(text)
    for name in names_in(text):
        if not (_PLATFORM.fullmatch(name) or _MONTH.fullmatch(name) or _WEEKDAY.fullmatch(name)):
            yield Fact("name", "", " ".join(map(stem, words(name))), name)


def _calendar(text: str) -> Iterator[Fact]:
    for match in _MONTH.finditer(text):
        name = match.group()
        # "May" opens questions and "March" orders: near a figure or a preposition they are months.
        before, after = text[max(0, match.start() - 12) : match.start()], text[match.end() : match.end() + 2]
        if name not in ("May", "March") or _MONTH_NEAR.search(before) or after.strip().isdigit():
            yield Fact("month", "", name, name)
    for match in _WEEKDAY.finditer(text):
        yield Fact("weekday", "", match.group().lower(), match.group())


def measures_in(text: str) -> Iterator[Fact]:
    """Figures, their units (empty where they have none), and the side of them that is meant."""
    for match in _MEASURE.finditer(text):
        figure = _figure(match["figure"])
        unit = _unit(match["unit"] or "") or _unit(match["figure"][:1])
        yield Fact("number", "", figure, match["figure"])
        yield Fact("unit", figure, unit, match.group() if unit else match["figure"])
        before = _BEFORE_FIGURE.search(text[max(0, match.start() - 30) : match.start()])
        side = before or _AFTER_FIGURE.match(text[match.end("figure") : match.end("figure") + 60])
        if side:
            yield Fact("bound", figure, "up" if side["up"] else "down", side["up"] or side["down"])


def _figure(text: str) -> str:
    plain = text.lower().lstrip("$\u20ac\u00a3 ").replace(",", "")
    return _COUNTS.get(plain, plain)


def _unit(text: str) -> str:
    """The unit as it is compared, empty where the word is none.

    >>> _unit("Hours"), _unit("GHz"), _unit("percent"), _unit("files")
    ('hour', 'ghz', '%', '')
    """
    lower = text.lower()
    name = lower if lower in _KNOWN_UNITS else lower.removesuffix("s").removesuffix("e" if lower == "inches" else "")
    return _SAME_UNIT.get(name, name) if name in _KNOWN_UNITS else ""


def _related(following: str) -> str:
    """What a bound or a word of time relates to: a figure among the next words, else the first stem that tells."""
    near = " ".join(following.split()[:4])
    figure = re.search(FIGURE, f" {near} ", re.IGNORECASE)
    return _figure(figure.group()) if figure else next(iter(content_stems(near)), "")


def _sides(text: str) -> Iterator[Fact]:
    """Words that have an opposite, and being switched on."""
    for word in words(text):
        side = _SIDES.get(stem(word))
        if side:
            yield Fact("opposite", side[1], side[0], word)
    if _SWITCHED_ON.search(text):
        yield Fact("opposite", "on", "on", "on")


def names_in(text: str) -> list[str]:
    """Names in the text, in order: what is quoted, or capitalised inside a sentence; no units.

    >>> names_in('Press "Save copy" in the Documents folder within 5 MB.')
    ['Save copy', 'Documents']
    """
    found = (quoted or capital for quoted, capital in _NAME.findall(text))
    return [name for name in found if not _unit(name)]
