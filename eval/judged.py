"""Judged answerability: questions that readers labelled full, partial or none with the passages at hand.

The labels say whether an agent could write a correct and useful reply from the knowledge. They test confidence more
finely than the knock-out, which only knows that an article was taken away. The file is a case file; `answerable` or
`label` holds the judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eval.cases import Answerable, Case

LEVELS: Mapping[Answerable, int] = {"none": 0, "partial": 1, "full": 2}


@dataclass(frozen=True, slots=True)
class Judged:
    """Confidences beside judgements, in the same order; `missing` judged cases were not answered in the run."""

    ids: tuple[str, ...]
    confidences: tuple[float, ...]
    levels: tuple[int, ...]
    missing: int

    @property
    def any_help(self) -> tuple[bool, ...]:
        """Whether at least a partial answer is possible."""
        return tuple(level > 0 for level in self.levels)

    @property
    def full_answer(self) -> tuple[bool, ...]:
        """Whether a full answer is possible."""
        return tuple(level == LEVELS["full"] for level in self.levels)


def judge(cases: tuple[Case, ...], confidence: Mapping[str, float]) -> Judged:
    """Pair each judged case with the confidence of its answer, by case id.

    >>> cases = tuple(Case(name, "?", answerable=level) for name, level in zip("abc", ["none", "full", "full"]))
    >>> found = judge(cases, {"a": 0.2, "b": 0.7})
    >>> found.confidences, found.any_help, found.missing
    ((0.2, 0.7), (False, True), 1)
    """
    labelled = [case for case in cases if case.answerable is not None]
    met = [case for case in labelled if case.id in confidence]
    return Judged(
        ids=tuple(case.id for case in met),
        confidences=tuple(confidence[case.id] for case in met),
        levels=tuple(LEVELS[case.answerable] for case in met if case.answerable is not None),
        missing=len(labelled) - len(met),
    )
