"""The planted-fix test: the removed articles come back, everything is asked again, and the two runs are compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from eval.answers import Answer
from eval.cases import Case
from eval.figures import Better, Figure
from eval.folder import ARTICLES_OUT, PRODUCT
from eval.knockout import Knockout
from eval.metrics.intervals import bootstrap_mean

_RANK = {"gap": 0, "partial": 1, "answered": 2}


@dataclass(frozen=True, slots=True)
class PlantedFix:
    """Case ids by what putting the articles back did to them.

    `closed` and `still_open` divide the known gaps that had been logged. `changed` are answered questions whose
    citations are others now although their own articles were never gone. `worse` fell to a lower verdict or lost the
    relevant document they had cited. `missing` were not asked in both runs. `asked` were, and `kept` of them had been
    answered from articles that were never gone.
    """

    closed: tuple[str, ...]
    still_open: tuple[str, ...]
    changed: tuple[str, ...]
    worse: tuple[str, ...]
    missing: tuple[str, ...]
    asked: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def share_closed(self) -> float | None:
        """The share of logged known gaps that closed; None when none had been logged."""
        logged = len(self.closed) + len(self.still_open)
        return len(self.closed) / logged if logged else None


def planted_fix(
    knockout: Knockout, cases: Sequence[Case], before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> PlantedFix:
    """Compare the answers without the articles (`before`) with those after they came back; both by case id."""
    relevant = {case.id: case.relevant for case in cases if case.relevant}
    asked = [case for case in sorted(relevant) if case in before and case in after]
    logged = [case for case in asked if case in knockout.gone and before[case].is_gap]
    kept = [case for case in asked if case in knockout.kept and not before[case].is_gap]
    return PlantedFix(
        closed=tuple(case for case in logged if not after[case].is_gap),
        still_open=tuple(case for case in logged if after[case].is_gap),
        changed=tuple(case for case in kept if set(before[case].documents) != set(after[case].documents)),
        worse=tuple(case for case in asked if _is_worse(before[case], after[case], relevant[case])),
        missing=tuple(case for case in sorted(relevant) if case not in before or case not in after),
        asked=tuple(asked),
        kept=tuple(kept),
    )


def _is_worse(before: Answer, after: Answer, relevant: Collection[str]) -> bool:
    had, has = (bool(set(answer.documents) & set(relevant)) for answer in (before, after))
    return _RANK[after.verdict] < _RANK[before.verdict] or (had and not has)


def planted_figures(found: PlantedFix, seed: int = 0) -> tuple[Figure, ...]:
    """Return the shares of gaps that close, of untouched answers that change, and of questions that get worse."""

    def share(name: str, of: Sequence[str], hits: Sequence[str], better: Better) -> Figure:
        estimate = bootstrap_mean([float(key in hits) for key in of], seed=seed)
        return Figure(PRODUCT, "gaps", f"planted fix: {name}", estimate, better=better)

    return (
        share("logged gaps that close", (*found.closed, *found.still_open), found.closed, "higher"),
        share("untouched answers that change", found.kept, found.changed, "lower"),
        share("questions that get worse", found.asked, found.worse, "lower"),
    )


def fixed_how(before: str) -> tuple[str, ...]:
    """Return what to say about how the articles came back, by the name of the run before."""
    if before == ARTICLES_OUT:
        return ("Planted fix: the articles came back by a second ingest into the same data directory.",)
    return ("Planted fix: the articles were hidden from one data directory, not taken out and ingested again.",)


def named_worse(found: PlantedFix) -> tuple[str, ...]:
    """Return the questions that got worse, the first ten by name."""
    if not found.worse:
        return ()
    named = ", ".join(found.worse[:10]) + (" and more" if len(found.worse) > 10 else "")
    return (f"When the articles came back, these got worse: {named}.",)
