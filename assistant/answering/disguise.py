"""The readings of a text that a browser, a mail program or a reader would make of it, disguises undone.

Used by the guard after a draft was phrased: an address or a code is looked for in every reading, so that
entities, percent signs, full-width letters, invisible characters and spelled-out dots do not hide it.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_HIDING = re.compile(
    "[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff\ue000-\uf8ff]"
    "|(?<=[A-Za-z0-9])[\u00ad\u180e\u200c\u200d](?=[A-Za-z0-9])"
    "|[\ufe00-\ufe0f]{2}"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
_BRACKETED = re.compile(r"\s*[\[({<]\s*(dot|punkt|\.|at|@|:)\s*[\])}>]\s*", re.IGNORECASE)
_SPELLED_DOT = re.compile(
    r"(?<=[^\W_])(?<!\ba)(?<!\bthe)(?<!\bone)(?<!\bno)\s+dot\s+"
    r"(?!(?:to|in|is|at|it|so|as|no|my|me|be|am|by|or|on|next|and|for|with|will|that)\b)(?=[^\W_])",
    re.IGNORECASE,
)
_SPELLED_AT = re.compile(r"(?<=[^\W_])\s+at\s+(?=[\w-]+\s+dot\s)", re.IGNORECASE)
_LOOSE = re.compile(
    r"\s*(:\s*/\s*/|(?<=[a-z0-9])\s\.(?=\s?[a-z])|\.(?=\s(?:com|net|org|info|biz|example|invalid|xyz|top|site|online|io|co)\b))\s*",
    re.IGNORECASE,
)
_SPACED_OUT = re.compile(r"(?<!\S)(?:\S[ \t]){5,}\S(?!\S)")
_DEFANGED = re.compile(r"\bh[tx]{2}p(s?)\b", re.IGNORECASE)
_DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGIT_WORDS = {word: str(value) for value, word in enumerate(_DIGIT_NAMES)}
_SPELLED_DIGITS = re.compile(rf"\b(?:(?:{'|'.join(_DIGIT_WORDS)})\b[\s,-]*){{4,}}", re.IGNORECASE)
_PACKED = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_MOST_CHARS = 20_000


def hides(text: str) -> bool:
    r"""Whether the text holds characters that no reader sees and no honest sentence needs.

    Joiners inside words of scripts that write with them, and one emoji selector, are honest.

    >>> hides("Go to Settings."), hides("Go\u200b to"), hides("\U000e0041")
    (False, True, True)
    """
    return _HIDING.search(text) is not None


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    r"""The text as it looks: compatibility forms folded, invisible characters gone, every digit as 0 to 9.

    >>> plain("\uff45vil\u3002\u200bcom \u0664")
    'evil.com 4'
    """
    folded = unicodedata.normalize("NFKC", text).replace("\u3002", ".").replace("\uff61", ".")
    shown = _INVISIBLE.sub("", folded)
    return "".join(str(unicodedata.digit(c)) if not c.isascii() and c.isdigit() else c for c in shown)


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[str, ...]:
    """The plain text first, then each different reading of it, least disguised first.

    >>> readings("see evil[.]com")
    ('see evil[.]com', 'see evil.com')
    """
    shown = plain(text[:_MOST_CHARS])
    decoded = plain(unquote(html.unescape(html.unescape(unquote(shown)))))
    joined = _SPACED_OUT.sub(lambda match: match.group().replace(" ", "").replace("\t", ""), decoded)
    undotted = _BRACKETED.sub(lambda match: _symbol(match.group(1)), joined)
    spelled = _SPELLED_DOT.sub(".", _SPELLED_AT.sub("@", undotted))
    closed = _DEFANGED.sub(r"http\1", _LOOSE.sub(lambda match: "".join(match.group(1).split()), spelled))
    figures = _SPELLED_DIGITS.sub(_figures, _PACKED.sub(_unpacked, decoded))
    return tuple(dict.fromkeys((shown, decoded, joined, undotted, spelled, closed, figures)))


def _symbol(word: str) -> str:
    return {"dot": ".", "punkt": ".", "at": "@"}.get(word.lower(), word)


def _unpacked(match: re.Match[str]) -> str:
    """What a word says when it is base64 of plain text; else the word itself."""
    word = match.group()
    try:
        text = base64.b64decode(word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4), validate=True).decode("ascii")
    except ValueError:
        return word
    return text if text.isprintable() else word


def _figures(match: re.Match[str]) -> str:
    return "".join(_DIGIT_WORDS[word] for word in re.findall(r"[a-z]+", match.group().lower())) + " "


def bare(text: str) -> str:
    """Letters and digits only, in lower case: what remains of a code however it is spaced or cased.

    >>> bare("CA-N A_RY 7")
    'canary7'
    """
    return "".join(char for char in plain(text).casefold() if char.isalnum())
