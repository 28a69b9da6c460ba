"""Whether a ticket says something that knowledge could answer at all: thanks, tests and empty bodies are no gaps."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]{2,}")
_LEAST_WORDS = 4


def asks_something(title: str, text: str) -> bool:
    """Whether title and text together hold at least four different words.

    >>> asks_something("Thanks!", "thanks")
    False
    >>> asks_something("Cannot print", "The printer is not found")
    True
    """
    return len({word.casefold() for word in _WORD.findall(f"{title} {text}")}) >= _LEAST_WORDS
