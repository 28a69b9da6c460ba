"""Whether a ticket asks something that the knowledge could answer at all, before what it could not counts as a gap.

Thanks, tests and empty bodies ask nothing; a wish to be put through asks for a person; and what is written in a
language that no article is written in is a matter of translation, not of a missing article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from assistant.stopwords import STOP_WORDS

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+(?:['’][^\W\d_{_UNSPACED}]+)*")
_LEAST_WORDS = 4
_LEAST_ABOUT = 2
_HEAD = 60  # words that a language is told by: logs and addresses stand further down
_LEAST_TOLD = 5  # fewer words are too few to tell
_LEAST_KNOWN = 500  # words of the articles; a handful of articles does not hold a language
_OWN = 0.5
_FOR_A_PERSON = frozenset(
    """speak speaking talk talking call calling callback phone telephone chat contact contacting reach reaching connect
    transfer person human agent representative operator somebody live actual customer service support team number
    hi hello hey dear good morning afternoon evening regards want wanted wish love i'd i'm i'll question problem issue
    urgent urgently asap immediately soon today back""".split()
)


def asks_something(title: str, text: str) -> bool:
    """Whether title and text hold at least four different words, and two that do not just ask for a person.

    >>> asks_something("Thanks!", "thanks")
    False
    >>> asks_something("Phone support", "I would like to speak with someone, please call me back today")
    False
    >>> asks_something("Cannot print", "The printer is not found")
    True
    """
    found = set(_words(f"{title} {text}"))
    about = {word for word in found if word not in STOP_WORDS and word not in _FOR_A_PERSON}
    return len(found) >= _LEAST_WORDS and len(about) >= _LEAST_ABOUT


def known_words(articles: Iterable[str]) -> frozenset[str]:
    """The words that at least two of the articles hold; empty where they are too few to tell a language by."""
    spread = Counter(word for article in articles for word in set(_words(article)))
    known = frozenset(word for word, count in spread.items() if count > 1)
    return known if len(known) >= _LEAST_KNOWN else frozenset()


def in_known_language(title: str, text: str, known: frozenset[str]) -> bool:
    """Whether at least half of the first 60 words are `known`; true where there is too little to tell.

    Of Thunderbird's 3,621 questions those in another language than its articles' share 0 to 0.36, and all but a few of
    the others more than 0.6: words such as "the" and "is" decide, whatever a question is about.
    """
    first = _words(f"{title} {text}")[:_HEAD]
    if not known or len(first) < _LEAST_TOLD:
        return True
    return sum(word in known for word in first) >= _OWN * len(first)


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
