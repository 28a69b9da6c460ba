"""The planted-fix test: the removed articles come back, everything is asked again, and the two runs are compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eval.answers import Answer
from eval.knockout import Knockout

_RANK = {"gap": 0, "partial": 1, "answered": 2}


@dataclass(frozen=True, slots=True)
class PlantedFix:
    """Case ids by what putting the articles back did to them.

    `closed` and `still_open` divide the known gaps that had been logged. `changed` are answered questions whose
    citations are others now although their own articles were never gone. `worse` fell to a lower verdict or lost the
    relevant document they had cited. `missing` were not asked in both runs.
    """

    closed: tuple[str, ...]
    still_open: tuple[str, ...]
    changed: tuple[str, ...]
    worse: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def share_closed(self) -> float | None:
        """The share of logged known gaps that closed; None when none had been logged."""
        logged = len(self.closed) + len(self.still_open)
        return len(self.closed) / logged if logged else None


def planted_fix(
    knockout: Knockout,
    relevant: Mapping[str, Collection[str]],
    before: Mapping[str, Answer],
    after: Mapping[str, Answer],
) -> PlantedFix:
    """Compare the answers without the articles (`before`) with those after they came back; both by case id."""
    asked = [case for case in sorted(relevant) if case in before and case in after]
    logged = [case for case in asked if case in knockout.gone and before[case].is_gap]
    answered = [case for case in asked if case in knockout.kept and not before[case].is_gap]
    return PlantedFix(
        closed=tuple(case for case in logged if not after[case].is_gap),
        still_open=tuple(case for case in logged if after[case].is_gap),
        changed=tuple(case for case in answered if set(before[case].documents) != set(after[case].documents)),
        worse=tuple(case for case in asked if _is_worse(before[case], after[case], relevant[case])),
        missing=tuple(case for case in sorted(relevant) if case not in before or case not in after),
    )


def _is_worse(before: Answer, after: Answer, relevant: Collection[str]) -> bool:
    had, has = (bool(set(answer.documents) & set(relevant)) for answer in (before, after))
    return _RANK[after.verdict] < _RANK[before.verdict] or (had and not has)
