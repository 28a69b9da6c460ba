"""Conditions on text ("Windows, Linux", "Thunderbird 115 or later") against what a reader said of theirs.

A condition is written as ingest writes it: "; " between parts that must all hold, ", " between names of which one
must hold, "not X", "before X 115", "X 115 or later". Used when a line is rendered for one reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.answering.language import words
from assistant.domain import Question

_PLATFORMS: dict[str, tuple[str, ...]] = {
    "windows": ("windows", "win", "win7", "win8", "win10", "win11", "w10", "w11", "vista", "xp"),
    "macos": ("macos", "mac", "osx", "macbook", "imac", "sonoma", "ventura", "sequoia"),
    "linux": ("linux", "ubuntu", "debian", "fedora", "mint", "opensuse", "kubuntu", "xubuntu"),
    "android": ("android",),
    "ios": ("ios", "iphone", "ipad", "ipados"),
    "chromeos": ("chromeos", "chromebook"),
}
_PLATFORM_OF = {word: platform for platform, spoken in _PLATFORMS.items() for word in spoken}
_SYSTEM = re.compile(
    r"\b(?:Windows|WINDOWS|windows (?:\d|pc|xp|vista|laptop|computer)|(?:on|under|ms|microsoft) windows)\b"
)
"""The system, beside another that is named: windows in small letters are mostly those on the screen."""
_SHOPS = (("app store", "ios"), ("google play", "android"), ("play store", "android"))
_VERSION = re.compile(r"^(?P<before>before )?(?P<name>.*?) (?P<number>\d+)(?:\.\d+)*(?P<later> or later)?$")
_OBSOLETE = re.compile(r"\b(?:Windows (?:XP|Vista|7|8|8\.1)|Maemo|Firefox OS)$")


@dataclass(frozen=True, slots=True)
class Reader:
    """What the question says about the reader's surroundings."""

    platforms: frozenset[str]
    text: str

    @classmethod
    def of(cls, question: Question) -> Reader:
        """The reader as far as the question tells.

        >>> sorted(Reader.of(Question("Works on Ubuntu, not on my MacBook")).platforms)
        ['linux', 'macos']
        >>> sorted(Reader.of(Question("On my Mac two windows open at once")).platforms)
        ['macos']
        """
        said = f"{question.title} {question.text[:6000]} {question.product}"
        text = said.lower()
        if not question.before:
            return cls(_named(said), text)
        # "And on Android?" is asked of Android, whatever the talk was of before.
        before = f"{said} {question.before[:6000]}"
        return cls(_named(question.text[:6000]) or _named(before), before.lower())

    def excludes(self, condition: str) -> bool:
        """Whether the condition cannot hold for the reader, or speaks of what only an old system has.

        >>> reader = Reader.of(Question("On my Mac with Thunderbird 128.1 I cannot print"))
        >>> [reader.excludes(condition) for condition in ("Windows, Linux", "macOS", "not macOS", "Pro plan")]
        [True, False, True, False]
        >>> [reader.excludes(f"{condition} 115{later}") for condition, later in
        ...  (("before Thunderbird", ""), ("Thunderbird", " or later"))]
        [True, False]
        """
        return any(self._excludes_all(part.split(", ")) for part in condition.split("; ") if part)

    def is_certain(self, condition: str) -> bool:
        """Whether the reader named one platform only and the condition asks for nothing but that."""
        named = {_PLATFORM_OF.get(word) for word in words(condition)}
        plain = "; " not in condition and "not " not in condition
        return len(self.platforms) == 1 and self.platforms <= named and plain

    def _excludes_all(self, names: list[str]) -> bool:
        return all(self._excludes_one(name) for name in names)

    def _excludes_one(self, name: str) -> bool:
        if name.startswith("not "):
            negated = platforms(name)
            return bool(self.platforms) and bool(negated) and self.platforms <= negated
        version = _VERSION.match(name)
        if version and (version["before"] or version["later"]):
            return self._has_other_version(version)
        named = platforms(name)
        if named and self.platforms and not named & self.platforms:
            return True
        return bool(_OBSOLETE.search(name)) and not set(words(name)) <= set(words(self.text))

    def _has_other_version(self, version: re.Match[str]) -> bool:
        """A reader who names no version is taken to have a current one."""
        name = re.escape(version["name"].lower())
        stated = re.search(rf"\b{name}[\W_]+(?:(?:version|ver|v|esr)[\W_]*){{0,3}}(\d+)", self.text)
        if stated is None:
            return bool(version["before"])
        is_older = int(stated[1][:9]) < int(version["number"][:9])
        return is_older if version["later"] else not is_older


def _named(said: str) -> frozenset[str]:
    """The platforms that a customer's words name."""
    named = frozenset(_PLATFORM_OF[word] for word in set(words(said)) & _PLATFORM_OF.keys())
    return named if len(named) < 2 or _SYSTEM.search(said) else named - {"windows"}


def platforms(name: str) -> frozenset[str]:
    """The platforms that a text names, by their shops too.

    >>> sorted(platforms("Through Google Play or on an iPad"))
    ['android', 'ios']
    """
    named = {_PLATFORM_OF[word] for word in words(name) if word in _PLATFORM_OF}
    return frozenset(named | {platform for shop, platform in _SHOPS if shop in name.lower()})


def phrase(condition: str) -> str:
    """The condition as words that go before a text.

    >>> phrase("Windows, Linux"), phrase("not macOS"), phrase("Thunderbird 115 or later; Windows"), phrase("Pro plan")
    ('on Windows or Linux', 'except on macOS', 'in Thunderbird 115 or later, on Windows', 'for Pro plan')
    """
    return ", ".join(dict.fromkeys(_phrase(part) for part in condition.split("; ") if part.strip()))


def _phrase(part: str) -> str:
    if part.startswith("not "):
        return f"except {_phrase(part.replace('not ', ''))}"
    if part.startswith("before "):
        return part
    names = part.split(", ")
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    if platforms(part):
        return f"on {listed}"
    return f"{'in' if _VERSION.match(names[0]) else 'for'} {listed}"


def beyond(condition: str, outer: str) -> str:
    """The parts of `condition` that `outer` does not say already.

    >>> beyond("Thunderbird 115 or later; Windows", "Thunderbird 115 or later")
    'Windows'
    """
    known = outer.split("; ")
    return "; ".join(part for part in condition.split("; ") if part not in known)
