"""Builds cases from a helpdesk's own resolved tickets: the question, and the articles that its agents linked.

The split is by time: every training case is older than every test case, as tomorrow's questions come after today's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eval.cases import Case, Exclusion


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """A resolved ticket: what the customer first wrote, and the documents that agents linked in their replies."""

    id: str
    title: str
    text: str
    created: datetime | None
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeCases:
    """The cases by age, oldest first, what was left out, and the time at which the test part begins."""

    cases: tuple[Case, ...]
    excluded: tuple[Exclusion, ...]
    test_from: datetime | None

    @property
    def exclusions(self) -> dict[str, int]:
        """How many tickets were left out for each reason."""
        return dict(Counter(exclusion.reason for exclusion in self.excluded))


def make_cases(
    tickets: Iterable[TicketRecord],
    *,
    known: Container[str],
    never_relevant: Container[str] = frozenset(),
    test_share: float = 0.3,
) -> MadeCases:
    """Return one case for each ticket with a date and a link to a known article.

    `never_relevant` are articles that agents paste whatever the question is. About `test_share` of the cases, the
    latest, are the test part; tickets of the same instant are never divided. A test question that was asked in the
    same words before is left out, since remembering it would be enough.

    Measure on the test part with a knowledge that holds no ticket from its time on (`test_from`), or the answers leak.
    """
    made = [_case(ticket, known, never_relevant) for ticket in tickets]
    cases = sorted((found for found in made if isinstance(found, Case)), key=_age)
    left_out = [found for found in made if isinstance(found, Exclusion)]
    test_from = _boundary(cases, test_share)
    train = [replace(case, split="train") for case in cases if test_from is None or _age(case)[0] < test_from]
    later = [replace(case, split="test") for case in cases[len(train) :]]
    asked = {_words(case) for case in train}
    repeated = [
        Exclusion(case.id, "asked in the same words in the training part") for case in later if _words(case) in asked
    ]
    test = [case for case in later if _words(case) not in asked]
    return MadeCases((*train, *test), (*left_out, *repeated), test_from)


def _case(ticket: TicketRecord, known: Container[str], never_relevant: Container[str]) -> Case | Exclusion:
    relevant = tuple(a for a in dict.fromkeys(ticket.articles) if a in known and a not in never_relevant)
    if not relevant:
        return Exclusion(
            ticket.id, "no link to a known article" if not ticket.articles else "only links that do not count"
        )
    if ticket.created is None:
        return Exclusion(ticket.id, "no date")
    if not (ticket.title.strip() or ticket.text.strip()):
        return Exclusion(ticket.id, "no question")
    return Case(ticket.id, ticket.text, title=ticket.title, created=ticket.created, relevant=relevant)


def _age(case: Case) -> tuple[datetime, str]:
    if case.created is None:
        raise ValueError(f"case {case.id!r} has no date")
    return case.created, case.id


def _boundary(cases: Sequence[Case], test_share: float) -> datetime | None:
    place = len(cases) - round(len(cases) * test_share)
    return _age(cases[place])[0] if place < len(cases) else None


def _words(case: Case) -> tuple[str, ...]:
    return tuple(f"{case.title} {case.text}".casefold().split())
