"""What people name and what they did, read from their own words: screens, settings, steps taken.

Before the brief. Patterns only: a screen is named by the word for its kind ("the Account Settings window"), by a path
("Tools > Options") or in quotation marks beside such a word; a step by what people say they did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assistant.gaps.wording import one_line

_KINDS = (
    r"(?:windows?|screens?|pages?|tabs?|dialogs?|dialogues?|menus?|buttons?|panes?|panels?|sidebars?|toolbars?|"
    r"settings?|options?|check ?box(?:es)?|fields?|icons?|wizards?|pop-?ups?|preferences|views?|lists?|bars?)"
)
_NAME = r"[A-Z][\w&/.'’-]{0,24}(?:[ ][A-Z&][\w&/.'’-]{0,24}){0,3}"
_PATH = re.compile(rf"{_NAME}(?:\s*(?:>|→|->|»)\s*{_NAME})+")
_NAMED = re.compile(rf"\b({_NAME})\s({_KINDS})\b")
_QUOTED = re.compile(rf"[\"“‘']([^\"“”‘’'\n]{{2,40}})[\"”’']\s+({_KINDS})\b")
_PLAIN = re.compile(
    r"\b([a-z]{3,15})[ -]((?:tool|side|menu|title|status|search|task|scroll)[ -]?bars?|folder pane|message pane|"
    r"message list|folder list|inbox|outbox|address book|settings|preferences|calendar view|mobile app|web app)\b"
)
_NOT_A_NAME = frozenset(
    """the this that these those what when where which how why and but not all any some new old same other then also
    only just with from into your my our their his her its for has have had was were are can could would should does
    did hello thanks please after before since while because there here now still even both each every first second
    last next one two three i if is it in on no yes entire whole main same correct wrong right""".split()
)
_STEP = re.compile(
    r"\b(?:I|we|We)(?:['’]ve| have| had)?(?: also| already| even| then| just| now)*\s+"
    r"((?:re-?)?(?:tried|started|installed|booted|set|moved|removed|deleted|added|changed|checked|updated|upgraded|"
    r"downgraded|uninstalled|disabled|enabled|cleared|created|created|switched|turned|signed|logged|searched|looked|"
    r"clicked|opened|went|followed|contacted|called|asked|downloaded|compacted|repaired|unchecked|checked|restored|"
    r"copied|imported|exported|closed|ran|used|restarted|reinstalled)\b[^.!?;\n]{2,110})"
)
_MOST = 8


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that people named or did, in the words of one of them, and how many contacts did."""

    text: str
    contacts: int


def screens(texts: Sequence[str]) -> tuple[Trace, ...]:
    """Screens, settings and paths that the contacts name, most often named first; at most 8.

    >>> screens(["The Account Settings window is empty", "In Account Settings window I see nothing"])
    (Trace(text='Account Settings window', contacts=2),)
    """
    return _counted(texts, _screens_of, str.lower)


def steps(texts: Sequence[str]) -> tuple[Trace, ...]:
    """What people say they tried, most often first; at most 8, each in the words of one contact.

    >>> steps(["I restarted the router.", "I have restarted the router twice.", "I removed the account."])
    (Trace(text='restarted the router', contacts=2), Trace(text='removed the account', contacts=1))
    """
    return _counted(texts, _steps_of, _step_key)


def _counted(
    texts: Sequence[str], find: Callable[[str], Iterator[str]], key_of: Callable[[str], str]
) -> tuple[Trace, ...]:
    said: dict[str, list[str]] = {}
    for text in texts:
        for key, words in {key_of(found): found for found in find(text)}.items():
            said.setdefault(key, []).append(words)
    # The shortest wording says it best; of equals the first in the alphabet, whatever the order of contacts.
    traces = [Trace(min(words, key=lambda w: (len(w), w)), len(words)) for words in said.values()]
    ranked = sorted(traces, key=lambda trace: (-trace.contacts, trace.text))
    return tuple(_common(ranked)[:_MOST])


def _common(traces: list[Trace]) -> list[Trace]:
    """What at least two contacts share, filled up to three with what one says."""
    shared = [trace for trace in traces if trace.contacts > 1]
    return shared if len(shared) >= 3 else traces[:3]


def _screens_of(text: str) -> Iterator[str]:
    paths = [one_line(match.group()) for match in _PATH.finditer(text)]
    yield from (re.sub(r"\s*(?:>|→|->|»)\s*", " > ", path) for path in paths)
    for match in (*_NAMED.finditer(text), *_QUOTED.finditer(text)):
        name = _without_openers(one_line(match.group(1)))
        if name:
            yield f"{name} {match.group(2).lower()}"
    for match in _PLAIN.finditer(text):
        if match.group(1) not in _NOT_A_NAME:
            yield match.group()


def _without_openers(name: str) -> str:
    """The name without a sentence's first word: "The Account" is "Account"."""
    words = name.split()
    while words and words[0].lower() in _NOT_A_NAME:
        words = words[1:]
    return " ".join(words)


def _steps_of(text: str) -> Iterator[str]:
    for match in _STEP.finditer(text):
        yield one_line(match.group(1), 12).removesuffix(" …").rstrip(" ,:")


def _step_key(step: str) -> str:
    """Verb and first word that means something: "restarted my router twice" and "restarted the router" are one step."""
    verb, *rest = re.findall(r"[\w'’-]+", step.lower())
    meaning = [word for word in rest if word not in _NOT_A_NAME and len(word) > 2 and word != "to"]
    return f"{verb} {meaning[0] if meaning else ''}"
