"""Runs one system, or the product with its answers, over a case set into a run file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from assistant.seams import Progress
from eval.answers import drafted_from, ranked_from_record, timings_from_record, top_score_from_record
from eval.cases import Case, CaseSet
from eval.runs import Row, Run, RunHeader, run_cases
from eval.systems import Assistant, System


@dataclass(frozen=True, slots=True)
class Recording:
    """Where a run is written, how many documents are asked for, and what fixes its numbers."""

    path: Path
    k: int = 10
    stamp: tuple[tuple[str, str], ...] = ()
    progress: Progress | None = None


def run_system(system: System, cases: CaseSet, to: Recording) -> Run:
    """Search every question of the case set; search time is what the asker waits."""

    def searched(case: Case) -> Row:
        started = time.perf_counter()
        ranked = system.search(case.question, to.k)
        return Row(case.id, tuple(ranked), 1000 * (time.perf_counter() - started))

    return run_cases(
        to.path, RunHeader(system.name, cases.digest, to.k, asked=False, stamp=to.stamp), cases, searched, to.progress
    )


def run_assistant(assistant: Assistant, cases: CaseSet, to: Recording, name: str = "waypost") -> Run:
    """Search and ask every question of the case set: what the asker waits for either is measured apart."""

    def asked(case: Case) -> Row:
        started = time.perf_counter()
        found = assistant.search(case.question, to.k)
        search_ms = 1000 * (time.perf_counter() - started)
        ranked, score = ranked_from_record(found), top_score_from_record(found)
        return Row(case.id, ranked, search_ms, assistant.ask(case.question), score)

    return run_cases(
        to.path, RunHeader(name, cases.digest, to.k, asked=True, stamp=to.stamp), cases, asked, to.progress
    )


def run_answers(assistant: Assistant, cases: CaseSet, to: Recording, name: str = "waypost") -> Run:
    """Ask every question and search none: its documents are those that the answer was drafted from, best first."""

    def asked(case: Case) -> Row:
        answer = assistant.ask(case.question)
        score = answer.get("top_score")
        return Row(
            case.id,
            drafted_from(answer),
            dict(timings_from_record(answer)).get("retrieve", 0.0),
            answer,
            float(score) if isinstance(score, int | float) else None,
        )

    return run_cases(
        to.path, RunHeader(name, cases.digest, to.k, asked=True, stamp=to.stamp), cases, asked, to.progress
    )
