"""Signals of questions whose answer is known to be there or to be gone, for fitting the confidence: no labels by hand.

A desk's resolved tickets say which articles helped. Some articles are taken away by a seeded draw and the tickets are
asked anew: where all of a ticket's articles are gone the evidence ought to look worse. The labels are weak, since other
articles may help, so judged questions are asked too, and `eval.fit_confidence` calibrates on these alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.seams import Progress
from eval.cases import Case, CaseSet
from eval.knockout import knock_out
from eval.measure import leaking
from eval.systems import Assistant, Workbench

_FIRST_SEED = 101
"""Far from the seeds that reports use, though they draw from other questions anyway."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's signals; `kept` says whether its articles were there, None where a reader judged."""

    id: str
    signals: dict[str, float]
    kept: bool | None = None


def judged_signals(workbench: Workbench, judged: CaseSet, progress: Progress) -> Iterator[Asked]:
    """Yield the judged questions in their order, each asked without its own ticket at hand."""
    hidden = leaking(judged, workbench.tickets(), past_only=False)
    with workbench.assistant(without=hidden) as assistant:
        yield from _asked(assistant, judged.cases, progress, "judged")


def drawn_signals(workbench: Workbench, cases: Sequence[Case], draws: int, progress: Progress) -> Iterator[Asked]:
    """Yield the cases of every draw that lost all of their articles or none."""
    for draw in range(draws):
        gone = knock_out(cases, seed=_FIRST_SEED + draw)
        chosen = [case for case in cases if case.id in gone.kept | gone.gone]
        with workbench.assistant(without=gone.removed) as assistant:
            for asked in _asked(assistant, chosen, progress, f"draw {draw + 1} of {draws}"):
                yield Asked(asked.id, asked.signals, asked.id in gone.kept)


def _asked(assistant: Assistant, cases: Sequence[Case], progress: Progress, what: str) -> Iterator[Asked]:
    for done, case in enumerate(cases):
        progress(done, len(cases), what)
        found = assistant.ask(case.question).get("signals")
        if isinstance(found, dict) and found:
            yield Asked(case.id, found)


def write_signals(path: Path, asked: Iterable[Asked]) -> int:
    """Write one line for each question, `{"id", "signals", "kept"?}`; returns how many."""
    lines = [
        json.dumps({"id": one.id, "signals": one.signals} | ({} if one.kept is None else {"kept": one.kept}))
        for one in asked
    ]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return len(lines)
