"""Which platform or version a piece of text is limited to, in words a reader understands.

Two sources: marks of the help centre software (Kitsune's `data-for`), and headings that name a platform
("On iPhone", "Windows and Linux"), which limit everything below them.
"""

from __future__ import annotations

import re

# Kitsune's tokens. A version token alone means "this version or a later one".
_SYSTEMS = {
    "win": "Windows",
    "winxp": "Windows XP",
    "win7": "Windows 7",
    "win8": "Windows 8",
    "win10": "Windows 10",
    "win11": "Windows 11",
    "mac": "macOS",
    "linux": "Linux",
    "android": "Android",
    "ios": "iOS",
    "ipad": "iPad",
    "iphone": "iPhone",
    "maemo": "Maemo",
    "fxos": "Firefox OS",
}
_PRODUCTS = {"tb": "Thunderbird", "fx": "Firefox", "m": "Firefox for Android"}
_VERSIONED = re.compile(r"(=?)(tb|fx|m)(\d+(?:\.\d+)*)")

# Platform words as headings write them. Only names that are hardly ever ordinary words are here:
# "Web", "Desktop" or "Chrome" head too many sections that say nothing about a platform.
_NAMES = {
    "windows": "Windows",
    "microsoft windows": "Windows",
    "macos": "macOS",
    "mac os": "macOS",
    "mac os x": "macOS",
    "os x": "macOS",
    "mac": "macOS",
    "macs": "macOS",
    "linux": "Linux",
    "gnu/linux": "Linux",
    "ubuntu": "Ubuntu",
    "iphone": "iPhone",
    "ipad": "iPad",
    "ipados": "iPadOS",
    "ios": "iOS",
    "android": "Android",
    "chromebook": "ChromeOS",
    "chromeos": "ChromeOS",
    "chrome os": "ChromeOS",
}
_NAME = "|".join(sorted(map(re.escape, _NAMES), key=len, reverse=True))
_ONE = rf"(?:{_NAME})(?:\s+(?:xp|vista|7|8|8\.1|10|11))?"
_LIST = rf"(?P<names>{_ONE}(?:(?:\s*,\s*|\s*/\s*|\s+(?:and|or|&)\s+|\s*,\s+(?:and|or)\s+){_ONE})*)"
_AFTER = r"(?:\s+(?:users?|computers?|devices?|pcs?|phones?|tablets?|desktops?|versions?|instructions))?"
_WHOLE_HEADING = re.compile(
    rf"(?:(?:on|for|in|using|if you(?:'re| are)? us(?:e|ing))\s+)?(?:an?\s+|your\s+|the\s+)?{_LIST}{_AFTER}\s*[:?]?",
    re.IGNORECASE,
)
_END_OF_HEADING = re.compile(
    rf".*\S(?:\s+(?:on|for)\s+(?:an?\s+|your\s+)?{_LIST}{_AFTER}|\s*\({_LIST.replace('names', 'inside')}\))",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s*/\s*(?!linux)|\s+(?:and|or|&)\s+", re.IGNORECASE)
_MAX_HEADING = 100
_MAX_MARKS = 100
_MAX_CONDITION = 200


def platform_condition(marks: str) -> str:
    """Kitsune's `data-for` in words; tokens it does not know stay as they are.

    >>> platform_condition("win,linux"), platform_condition("not mac")
    ('Windows, Linux', 'not macOS')
    >>> platform_condition("tb115"), platform_condition("=tb115"), platform_condition("not tb115")
    ('Thunderbird 115 or later', 'Thunderbird 115', 'before Thunderbird 115')
    """
    marks = " ".join(marks[:_MAX_MARKS].split())
    negated = marks.startswith("not ")
    tokens = [token.strip() for token in marks.removeprefix("not ").split(",") if token.strip()]
    return ", ".join(_words(token, negated=negated) for token in tokens)


def heading_condition(heading: str) -> str:
    """The platforms that a heading limits its section to, or nothing.

    >>> heading_condition("On iPhone"), heading_condition("Install it on Windows and Linux")
    ('iPhone', 'Windows, Linux')
    >>> heading_condition("Windows are too small")
    ''
    """
    if len(heading) > _MAX_HEADING:
        return ""
    heading = " ".join(heading.split())
    match = _WHOLE_HEADING.fullmatch(heading) or _END_OF_HEADING.fullmatch(heading)
    if not match:
        return ""
    names = match["names"] or match.groupdict().get("inside") or ""
    return ", ".join(dict.fromkeys(_name(part) for part in _BETWEEN.split(names) if part.strip()))


def combined(outer: str, inner: str) -> str:
    """Both conditions at once; the narrower one alone where it implies the other.

    >>> combined("Windows, Linux", "Windows"), combined("Windows", "Windows 10"), combined("macOS", "iPhone")
    ('Windows', 'Windows 10', 'macOS; iPhone')
    """
    if not outer or not inner or outer == inner:
        return inner or outer
    wide, narrow = outer.split(", "), inner.split(", ")
    if all(any(part == whole or part.startswith(f"{whole} ") for whole in wide) for part in narrow):
        return inner
    return outer if inner in outer.split("; ") or len(outer) > _MAX_CONDITION else f"{outer}; {inner}"


def _words(token: str, *, negated: bool) -> str:
    versioned = _VERSIONED.fullmatch(token)
    if not versioned:
        name = _SYSTEMS.get(token, token)
        return f"not {name}" if negated else name
    exact, product, version = versioned.groups()
    name = f"{_PRODUCTS[product]} {version}"
    if exact:
        return f"not {name}" if negated else name
    return f"before {name}" if negated else f"{name} or later"


def _name(part: str) -> str:
    words = " ".join(part.split())
    name, _, version = words.rpartition(" ")
    if name.casefold() in _NAMES and words.casefold() not in _NAMES:
        return f"{_NAMES[name.casefold()]} {version}"
    return _NAMES.get(words.casefold(), words)
