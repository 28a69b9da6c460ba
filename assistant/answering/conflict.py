"""Finds passages that state different figures about the same thing: two cited ones, or a cited and a found one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from assistant.answering.language import content_stems, one_line, sentences
from assistant.domain import Passage, Source
from assistant.stopwords import STOP_WORDS

_FIGURE = re.compile(
    r"\b(\d+(?:[.,]\d+)?)[\s-]*(%|percent|days?|hours?|minutes?|weeks?|months?|years?|[a-z]{0,3}(?=\W|$))", re.I
)
_LEAST_SHARED = 0.5
_SAME_SENTENCE = 0.6
_SAME_STEMS = 3
_LONGEST_SAYING = 160

_Saying = tuple[str, set[str], dict[str, set[str]]]


def conflicts(sources: Sequence[Source], found: Iterable[Passage] = ()) -> tuple[tuple[str, str], ...]:
    """Names of pairs of documents that give another figure in the same unit in sentences that say the same.

    "Refunds within 14 days of a purchase" and "refunds within 30 days of a purchase" conflict; a figure of
    another unit, or in a sentence about something else, does not. Cited documents are compared with each other and
    with those that were `found` but not cited, given whole: of these the sentence is told, since nobody sees it.
    """
    among = [
        (_cited(first), _cited(second))
        for first, second in combinations(sources, 2)
        if first.document_key != second.document_key and _disagree(first.quote, second.quote)
    ]
    return tuple(dict.fromkeys((*among, *_unseen(sources, found))))


def _unseen(sources: Sequence[Source], found: Iterable[Passage]) -> Iterator[tuple[str, str]]:
    telling = [source for source in sources if _FIGURE.search(source.quote)]
    cited = {source.document_key for source in sources}
    for other in found if telling else ():
        if other.document_key in cited:
            continue
        for source in telling:
            pair = contradiction(source.quote, other.text)
            if pair is not None:
                yield _cited(source), f'{other.title}{_date(other)}, found and not cited ("{_shortened(pair[1])}"),'
                break


def _cited(source: Source) -> str:
    return f"[{source.n}] {source.title}{_date(source)}"


def _date(said: Source | Passage) -> str:
    return f" of {said.updated_at:%Y-%m-%d}" if said.updated_at else ""


def _shortened(saying: str) -> str:
    line = one_line(saying)
    return line if len(line) <= _LONGEST_SAYING else f"{line[:_LONGEST_SAYING]}…"


def contradiction(one: str, other: str) -> tuple[str, str] | None:
    """The first sentences of two whole texts that say the same with another figure, None where there are none.

    Whole articles hold many figures, so the sentences must share at least 3 stems and 60 % of the longer one's.

    >>> contradiction("Refunds are possible within 14 days of a purchase.", "Refunds are possible within 30 days of "
    ...     "a purchase. Write to us.")
    ('Refunds are possible within 14 days of a purchase.', 'Refunds are possible within 30 days of a purchase.')
    """
    theirs = _sayings(other)
    for said, stems, units in _sayings(one):
        for other_said, other_stems, other_units in theirs:
            shared = len(stems & other_stems)
            same = shared >= _SAME_STEMS and shared >= _SAME_SENTENCE * max(len(stems), len(other_stems))
            if same and _differ(units, other_units):
                return said, other_said
    return None


def _disagree(one: str, other: str) -> bool:
    theirs = list(_statements(other))
    return any(
        _differ(units, other_units) and len(stems & other_stems) >= _LEAST_SHARED * min(len(stems), len(other_stems))
        for stems, units in _statements(one)
        for other_stems, other_units in theirs
    )


def _differ(units: dict[str, set[str]], others: dict[str, set[str]]) -> bool:
    """Whether both give figures in a unit of both, and never the same one."""
    both = units.keys() & others.keys()
    return bool(both) and all(not (units[unit] & others[unit]) for unit in both)


def _statements(text: str) -> list[tuple[set[str], dict[str, set[str]]]]:
    """Each sentence with a figure: its content stems, and its figures by unit."""
    return [(stems, units) for _, stems, units in _sayings(text)]


@lru_cache(maxsize=512)
def _sayings(text: str) -> tuple[_Saying, ...]:
    """Each sentence with a figure, its content stems, and its figures by unit; articles come up again and again."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[_Saying]:
    for start, end in sentences(text):
        units: dict[str, set[str]] = {}
        for figure, unit in _FIGURE.findall(text[start:end]):
            if unit and unit.lower() not in STOP_WORDS:
                units.setdefault(unit.lower().rstrip("s"), set()).add(figure)
        stems = {stem for stem in content_stems(text[start:end]) if not stem.isdigit()}
        if units and len(stems) >= 3:
            yield text[start:end], stems, units
