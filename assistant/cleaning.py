"""Text without what nobody can see, for everything that comes from outside: sources, tickets, requests.

Invisible characters are taken out before anything is stored, because they break searching, and because
hidden instructions for a model travel in them (tag characters, zero-width runs, bidirectional overrides).
"""

from __future__ import annotations

import re
import unicodedata

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ASCII_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # no glyph
    "\ufe00-\ufe0d\U000e0000-\U000e0fff"  # tag characters and variation selectors; those of emoji stay
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe\U0001ffff\U000ffffe\U000fffff\U0010fffe\U0010ffff]"
)
# Joiners belong to Persian, Indic scripts and emoji; anywhere else they only hide something.
_STRAY_JOINER = re.compile("(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])")
# Sorting a run of marks takes quadratic time; 30 is the limit of Unicode's stream-safe text format. The marks are those
# that this Python sorts, all of them below U+20000, and the three that come apart into such marks.
_SORTED_MARKS = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x20000))))
_MARK = f"[{_SORTED_MARKS}\u0f73\u0f75\u0f81]"
_LONG_MARKS = re.compile(f"({_MARK}{{30}}){_MARK}+")


def cleaned(text: str) -> str:
    r"""`text` in Unicode's composed form (NFC), with "\n" for every line end and nothing invisible in it.

    Controls (but not tab and newline), lone surrogates, noncharacters, bidirectional overrides, zero-width
    and tag characters are taken out. Cleaning twice changes nothing.

    >>> cleaned("pass\u200bword\x00\r\n\u202eabc")
    'password\nabc'
    """
    if text.isascii():
        return _ASCII_HIDDEN.sub("", _NEWLINES.sub("\n", text))
    text = _composed(_NEWLINES.sub("\n", text))
    return _composed(_STRAY_JOINER.sub("", _HIDDEN.sub("", text)))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", _LONG_MARKS.sub(r"\1", text))
