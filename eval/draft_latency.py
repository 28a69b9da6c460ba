"""What a draft costs beyond finding: the same questions searched and asked, one at a time, in turns, in one process.

Searching is embedding the question, dense and keyword search and the tickets' votes; asking does that too, and drafts,
verifies, decides and suggests. Each goes through a product of its own, so neither remembers what the other embedded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.seams import Progress
from eval.cases import Case
from eval.metrics.intervals import Estimate, bootstrap
from eval.metrics.latency import percentile
from eval.systems import Assistant

_WARM_UP = 20
_DOCUMENTS = 10


@dataclass(frozen=True, slots=True)
class Paired:
    """Milliseconds of the same questions, in their order."""

    search_ms: tuple[float, ...]
    ask_ms: tuple[float, ...]

    def ratio(self) -> Estimate:
        """The median of asking over the median of searching, with an interval over the questions.

        >>> Paired((10.0, 20.0, 30.0), (20.0, 30.0, 60.0)).ratio().value
        1.5
        """

        def of(sample: Sequence[int]) -> float | None:
            search = percentile([self.search_ms[i] for i in sample], 0.5)
            ask = percentile([self.ask_ms[i] for i in sample], 0.5)
            return ask / search if ask is not None and search else None

        return bootstrap(lambda sample: of(sample.tolist()), len(self.ask_ms), resamples=300)


def time_drafts(searching: Assistant, asking: Assistant, cases: Sequence[Case], progress: Progress) -> Paired:
    """Search and ask each case after the first twenty, which warm both up; who begins changes with every question.

    Raises:
        UsageError: there are no more cases than that.
    """
    if len(cases) <= _WARM_UP:
        raise UsageError(f"expected more than {_WARM_UP} cases, which only warm up, found {len(cases)}")
    spent: tuple[list[float], list[float]] = ([], [])
    for number, case in enumerate(cases):
        progress(number, len(cases), "searching and asking")
        doors = (lambda c=case: searching.search(c.question, _DOCUMENTS), lambda c=case: asking.ask(c.question))
        for which in (0, 1) if number % 2 else (1, 0):
            taken = _timed(doors[which])
            if number >= _WARM_UP:
                spent[which].append(taken)
    return Paired(tuple(spent[0]), tuple(spent[1]))


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def as_record(found: Paired) -> dict[str, object]:
    """The figures as JSON: milliseconds, and the ratio of the medians with its interval."""
    ratio = found.ratio()

    def quantiles(values: Sequence[float]) -> dict[str, float]:
        return {f"p{q}": round(percentile(values, q / 100) or 0.0, 1) for q in (50, 95)}

    return {
        "questions": len(found.ask_ms),
        "search_ms": quantiles(found.search_ms),
        "ask_ms": quantiles(found.ask_ms),
        "ratio_of_p50": {"value": ratio.value, "low": ratio.low, "high": ratio.high},
    }
