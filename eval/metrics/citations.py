"""Whether the citations of a draft hold: the quote supports the part, and the right document is cited.

`overlap_support` is a plain yardstick that any reader can recompute; it is not the product's own verifier, which must
not judge itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from eval.metrics.ranking import Mean, mean_defined

Supports = Callable[[str, str], bool]
"""Called with evidence and part: does the evidence say what the part says?"""

_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_NEGATIONS = frozenset({"no", "not", "never", "none", "without", "cannot", "nor", "neither"})


@dataclass(frozen=True, slots=True)
class CitedPart:
    """One part of a draft: its text, the quotes it cites and, in the same order, their documents."""

    text: str
    quotes: tuple[str, ...]
    documents: tuple[str, ...]


def overlap_support(evidence: str, part: str, share: float = 0.8) -> bool:
    """Return whether the evidence holds most of the part's words, all of its numbers, and negates as often or not.

    >>> overlap_support("Click Settings, then Save.", "Click Save.")
    True
    >>> overlap_support("The limit is 20 MB.", "The limit is 25 MB."), overlap_support("Do not click.", "Do click.")
    (False, False)
    """
    said, held = _words(part), set(_words(evidence))
    if not said:
        return False
    numbers = {word for word in said if any(char.isdigit() for char in word)}
    negated = _is_negated(said) == _is_negated(held)
    return numbers <= held and negated and sum(word in held for word in said) / len(said) >= share


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _is_negated(words: Collection[str]) -> bool:
    return any(word in _NEGATIONS or word.endswith(("n't", "n\u2019t")) for word in words)


def support_recall(parts: Sequence[CitedPart], supports: Supports) -> float | None:
    """Return the share of the parts that all their quotes together support; None without parts.

    >>> one = CitedPart("Click Save.", ("Click Save.",), ("a",))
    >>> two = CitedPart("Restart it.", ("Close the window.",), ("a",))
    >>> support_recall([one, two], overlap_support)
    0.5
    """
    held = [bool(part.quotes) and supports("\n".join(part.quotes), part.text) for part in parts]
    return sum(held) / len(held) if held else None


def support_precision(parts: Sequence[CitedPart], supports: Supports) -> float | None:
    """Return the share of citations whose quote is needed or enough for its part; None without citations.

    A quote counts when it supports the part alone, or when the part is supported by all and not without it.

    >>> part = CitedPart("Click Save.", ("Click Save.", "About cookies."), ("a", "b"))
    >>> support_precision([part], overlap_support)
    0.5
    """
    held = [_quote_counts(part, place, supports) for part in parts for place in range(len(part.quotes))]
    return sum(held) / len(held) if held else None


def _quote_counts(part: CitedPart, place: int, supports: Supports) -> bool:
    if supports(part.quotes[place], part.text):
        return True
    others = part.quotes[:place] + part.quotes[place + 1 :]
    return supports("\n".join(part.quotes), part.text) and not supports("\n".join(others), part.text)


def cited_documents(parts: Sequence[CitedPart]) -> tuple[str, ...]:
    """Return the documents that the parts cite, each once, in order of first use."""
    return tuple(dict.fromkeys(document for part in parts for document in part.documents))


def document_precision(parts: Sequence[CitedPart], relevant: Collection[str]) -> float | None:
    """Return the share of the cited documents that are relevant; None when nothing is cited or nothing is relevant.

    >>> document_precision([CitedPart("x", ("q", "r"), ("a", "b"))], {"a", "c"})
    0.5
    """
    cited = cited_documents(parts)
    return len(set(cited) & set(relevant)) / len(cited) if cited and relevant else None


def document_recall(parts: Sequence[CitedPart], relevant: Collection[str]) -> float | None:
    """Return the share of the relevant documents that are cited; None when nothing is relevant.

    >>> document_recall([CitedPart("x", ("q",), ("a",))], {"a", "c"})
    0.5
    """
    return len(set(cited_documents(parts)) & set(relevant)) / len(set(relevant)) if relevant else None


def share_verified(flags: Sequence[Sequence[bool]]) -> Mean:
    """Return the share of verified parts in each draft, averaged over the drafts that have parts.

    >>> share_verified([[True, False], [], [True]])
    Mean(value=0.75, n=2, undefined=1)
    """
    return mean_defined(sum(draft) / len(draft) if draft else None for draft in flags)


def quote_is_verbatim(quote: str, stored: str, start: int, end: int) -> bool:
    """Return whether the quote is exactly the stored text between its offsets, and not empty.

    >>> quote_is_verbatim("bc", "abcd", 1, 3), quote_is_verbatim("bc", "abcd", 0, 2)
    (True, False)
    """
    return bool(quote) and 0 <= start < end <= len(stored) and stored[start:end] == quote
