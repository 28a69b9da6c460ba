"""The map of the knowledge: which articles carry the desk, which nobody uses, and which stand against each other.

The other side of the gap log: not what people ask in vain, but what is written in vain. An article that nobody asks
about says nothing by that alone: it may work so well that no one writes, or nobody may read it. Only usage tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from assistant.seams import Vectors

Finding = Literal[
    "cited often",  # it carries many answers: keep it right first
    "never cited",  # people ask about its subject, and it is never the answer
    "edited away",  # cited, and agents take it out or rewrite it before they send
    "stale",  # not touched for longer than the desk allows
    "duplicated",  # another article says nearly the same
    "contradictory",  # another article gives another figure for the same thing
    "unknown",  # nobody asks about its subject, and nothing says whether it is read
    "quiet",  # nobody asks, and people do read it: it seems to work
    "unread",  # nobody asks, and nobody reads it
]
SAME = 0.95
RELATED = 0.6
_OFTEN_SHARE = 0.1
_OFTEN_LEAST = 3
_EDITED_SHARE = 0.3
_EDITED_LEAST = 2


@dataclass(frozen=True, slots=True)
class Article:
    """One live article with what is known of its use.

    `cited` counts contacts that were answered from it; `edited` drafts that cite it and were rewritten heavily,
    discarded or rated down; `contacts` how many had it as the nearest document, cited or not; `views` its readers in
    the same time, None where nobody counted them. `rewritten` counts those of the drafts that were sent with half of
    their words changed or more, and `edit_distance` is the mean share of words changed in them, None without any.
    """

    key: str
    title: str
    url: str
    audience: str
    updated_at: datetime | None
    cited: int = 0
    edited: int = 0
    contacts: int = 0
    views: float | None = None
    rewritten: int = 0
    edit_distance: float | None = None


@dataclass(frozen=True, slots=True)
class Against:
    """Another article that this one stands against, and why: a cosine for a duplicate, the sentences otherwise."""

    key: str
    title: str
    likeness: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """An article with what was found; `against` are its duplicates and contradictions."""

    article: Article
    findings: tuple[Finding, ...]
    against: tuple[Against, ...]


@dataclass(frozen=True, slots=True)
class SilenceMap:
    """Every article, the ones that need work first, and how many have each finding."""

    articles: tuple[Mapped, ...]
    counts: Mapping[Finding, int]


def silence_map(
    articles: Sequence[Article],
    vectors: Vectors,
    *,
    now: datetime,
    stale_after_days: int,
    contradictions: Sequence[tuple[str, str, str]] = (),
) -> SilenceMap:
    """What the desk's use says about each article.

    `vectors` has shape `(len(articles), d)`: the mean of each article's chunks, unit length. `contradictions` are
    pairs of keys with the statements that differ, found among `related_pairs`.
    """
    often = often_from([article.cited for article in articles])
    against = _against(articles, vectors, contradictions)
    found = [
        Mapped(article, _findings(article, often, against[article.key], now, stale_after_days), against[article.key])
        for article in articles
    ]
    ordered = sorted(found, key=lambda m: (-_urgency(m), -m.article.contacts, -m.article.cited, m.article.title))
    return SilenceMap(tuple(ordered), Counter(finding for mapped in found for finding in mapped.findings))


def often_from(cited: Sequence[int]) -> int:
    """From how many citations on an article is cited often: the best tenth of those that are cited, 3 at least.

    Worked example: cited 0, 0, 1, 2, 2, 3, 3, 4, 5, 9, 20: nine are cited at all, their best tenth is one article,
    so often is from 20.
    """
    used = sorted((count for count in cited if count > 0), reverse=True)
    place = max(round(len(used) * _OFTEN_SHARE), 1)
    return max(used[place - 1] if used else _OFTEN_LEAST, _OFTEN_LEAST)


def related_pairs(vectors: Vectors, *, at_least: float = RELATED) -> tuple[tuple[int, int, float], ...]:
    """Pairs of rows of `vectors`, shape `(n, d)`, whose cosine is at least `at_least`, the most alike first."""
    likeness = np.triu(vectors @ vectors.T, k=1)
    rows, columns = np.nonzero(likeness >= at_least)
    pairs = [(int(r), int(c), float(likeness[r, c])) for r, c in zip(rows, columns, strict=True)]
    return tuple(sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])))


def _against(
    articles: Sequence[Article], vectors: Vectors, contradictions: Sequence[tuple[str, str, str]]
) -> dict[str, tuple[Against, ...]]:
    by_key = {article.key: article for article in articles}
    found: dict[str, list[Against]] = {key: [] for key in by_key}
    for one, other, likeness in related_pairs(vectors, at_least=SAME) if len(articles) else ():
        for here, there in ((articles[one], articles[other]), (articles[other], articles[one])):
            found[here.key].append(Against(there.key, there.title, likeness=round(likeness, 3)))
    for first, second, said in contradictions:
        for here_key, there_key in ((first, second), (second, first)):
            if here_key in found and there_key in by_key:
                found[here_key].append(Against(there_key, by_key[there_key].title, said=said))
    return {key: tuple(against) for key, against in found.items()}


def _findings(
    article: Article, often: int, against: Sequence[Against], now: datetime, stale_after_days: int
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    if any(a.likeness is None for a in against):
        found.append("contradictory")
    if article.edited >= _EDITED_LEAST and article.edited >= _EDITED_SHARE * article.cited:
        found.append("edited away")
    if article.cited == 0:
        found.append(_uncited(article))
    if any(a.likeness is not None for a in against):
        found.append("duplicated")
    if article.updated_at is not None and now - article.updated_at > timedelta(days=stale_after_days):
        found.append("stale")
    if article.cited >= often:
        found.append("cited often")
    return tuple(found)


def _uncited(article: Article) -> Finding:
    if article.contacts:
        return "never cited"
    if article.views is None:
        return "unknown"
    return "quiet" if article.views > 0 else "unread"


_URGENCY: Mapping[Finding, int] = {"contradictory": 16, "edited away": 8, "never cited": 4, "duplicated": 2, "stale": 1}


def _urgency(mapped: Mapped) -> int:
    """What harms customers weighs more than what only takes up room; stale weighs double where it carries answers."""
    weight = sum(_URGENCY.get(finding, 0) for finding in mapped.findings)
    return weight + (4 if {"stale", "cited often"} <= set(mapped.findings) else 0)
