"""Makes gaps that are known: takes articles away and remembers which questions they answered.

It needs no hand labels and is coarse: another article may still help with a question whose own articles are gone, so
even a perfect judge stays below AUROC 1. `eval.judged` is the finer test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.cases import Case


@dataclass(frozen=True, slots=True)
class Knockout:
    """What is removed, and what that does to each case with relevant documents.

    `gone`: all of its articles are removed, a known gap. `kept`: none is. `partly`: some are; measured on neither side.
    """

    seed: int
    articles: frozenset[str]
    tickets: frozenset[str]
    gone: frozenset[str]
    kept: frozenset[str]
    partly: frozenset[str]

    @property
    def removed(self) -> frozenset[str]:
        """Every document to leave out of the copy of the knowledge."""
        return self.articles | self.tickets


def knock_out(cases: Sequence[Case], *, seed: int = 0, share: float = 0.5) -> Knockout:
    """Remove articles in the order of a seeded hash until `share` of the cases have lost all of theirs.

    The order depends on seed and article id only, so neither the order of the cases nor the platform matters. It stops
    at the first article that reaches the share, which a popular one may overshoot.

    >>> cases = [Case(str(n), "?", relevant=(f"a{n}",)) for n in range(4)]
    >>> found = knock_out(cases, seed=1)
    >>> len(found.articles), len(found.gone), len(found.kept)
    (2, 2, 2)
    """
    needed = {case.id: frozenset(case.relevant) for case in cases if case.relevant}
    removed = set[str]()
    for article in sorted(set[str]().union(*needed.values()), key=lambda name: _place(seed, name)):
        if sum(articles <= removed for articles in needed.values()) >= share * len(needed):
            break
        removed.add(article)
    gone = frozenset(case for case, articles in needed.items() if articles <= removed)
    kept = frozenset(case for case, articles in needed.items() if not articles & removed)
    return Knockout(seed, frozenset(removed), frozenset(), gone, kept, frozenset(needed) - gone - kept)


def _place(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def with_tickets(knockout: Knockout, links: Mapping[str, Collection[str]]) -> Knockout:
    """Return the second form: a ticket that links a removed article goes with it; `links` are articles by ticket.

    >>> found = knock_out([Case("c", "?", relevant=("a",))], share=1.0)
    >>> sorted(with_tickets(found, {"t1": ["a", "b"], "t2": ["b"]}).removed)
    ['a', 't1']
    """
    tickets = frozenset(ticket for ticket, articles in links.items() if knockout.articles.intersection(articles))
    return replace(knockout, tickets=tickets)


@dataclass(frozen=True, slots=True)
class Detection:
    """How well the logged gaps match the known ones; a share is None where nothing defines it."""

    logged_and_known: int
    logged: int
    known: int

    @property
    def precision(self) -> float | None:
        """The share of logged gaps that are known gaps."""
        return self.logged_and_known / self.logged if self.logged else None

    @property
    def recall(self) -> float | None:
        """The share of known gaps that were logged."""
        return self.logged_and_known / self.known if self.known else None


def detection(logged: Iterable[bool], known: Iterable[bool]) -> Detection:
    """Count the gaps over the same questions in the same order.

    >>> found = detection([True, True, False], [True, False, True])
    >>> found.precision, found.recall
    (0.5, 0.5)
    """
    pairs = list(zip(logged, known, strict=True))
    return Detection(sum(a and b for a, b in pairs), sum(a for a, _ in pairs), sum(b for _, b in pairs))
