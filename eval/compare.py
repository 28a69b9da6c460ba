"""What got better or worse between two runs over the same cases, question by question, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import UsageError
from eval.cases import Case, CaseSet
from eval.figures import RANKING, per_question
from eval.metrics.intervals import Difference, McNemar, mcnemar, paired_bootstrap
from eval.metrics.ranking import relevant_places
from eval.runs import Run


@dataclass(frozen=True, slots=True)
class Change:
    """One question in both runs. `places` are the first relevant document's places, None when it was not found.

    `gain` is the second run's reciprocal rank at 10 minus the first's, in [-1, 1]. `verdicts` are empty where nothing
    was asked.
    """

    case: Case
    gain: float
    places: tuple[int | None, int | None]
    verdicts: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same cases: paired differences by figure, McNemar on hit@1, and every changed question."""

    first: str
    second: str
    differences: tuple[tuple[str, Difference], ...]
    first_place: McNemar
    changes: tuple[Change, ...]
    same: int


def compare(first: Run, second: Run, cases: CaseSet, seed: int = 0) -> Comparison:
    """Compare two complete runs. Refuses runs of other cases; questions without relevant documents are left out."""
    if first.header.cases != second.header.cases:
        raise UsageError(
            f"expected two runs over the same cases, found {first.header.cases} and {second.header.cases}:"
            " run both over one case file"
        )
    measured = [case for case in cases.cases if case.relevant]
    both = (first.of(cases), second.of(cases))
    differences = tuple(
        (
            name,
            paired_bootstrap(per_question(both[0], measured, name), per_question(both[1], measured, name), seed=seed),
        )
        for name in RANKING
    )
    changes = [_change(case, *both) for case in measured]
    moved = sorted((change for change in changes if _moved(change)), key=lambda change: (change.gain, change.case.id))
    return Comparison(
        first=first.header.system,
        second=second.header.system,
        differences=differences,
        first_place=mcnemar(*(_in_first_place(run, measured) for run in both)),
        changes=tuple(moved),
        same=len(changes) - len(moved),
    )


def _moved(change: Change) -> bool:
    return bool(change.gain) or (all(change.verdicts) and change.verdicts[0] != change.verdicts[1])


def _in_first_place(run: Run, cases: Sequence[Case]) -> list[bool]:
    return [value == 1.0 for value in per_question(run, cases, "hit@1")]


def _change(case: Case, first: Run, second: Run) -> Change:
    before, after = (_place(run, case) for run in (first, second))
    gain = (1 / after if after else 0.0) - (1 / before if before else 0.0)
    return Change(case, gain, (before, after), (_verdict(first, case), _verdict(second, case)))


def _place(run: Run, case: Case) -> int | None:
    places = relevant_places(run.rows[case.id].ranked, case.relevant, 10)
    return places[0] if places else None


def _verdict(run: Run, case: Case) -> str:
    answer = run.rows[case.id].parsed
    return answer.verdict if answer else ""
