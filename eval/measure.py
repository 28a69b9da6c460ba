"""Asks everything that an experiment needs: the product, its knocked-out copies, and the baselines, into one folder.

Every run resumes, so an experiment that was stopped goes on with the same command.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from assistant.seams import Progress
from eval.baselines.names import BASELINES, open_baseline
from eval.cases import CaseSet
from eval.folder import ARTICLES_GONE, JUDGED, MAIN, PRODUCT, TICKETS_GONE, Experiment, Folder
from eval.knockout import knock_out, with_tickets
from eval.make_cases import TicketRecord
from eval.search_run import Recording, run_answers, run_assistant, run_system
from eval.systems import Source, Workbench

Stamp = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `systems` are "waypost" and names of baselines, in the order of the report.

    `past_only` leaves out of the product's knowledge every ticket that is not older than the questions.
    """

    title: str
    cases: CaseSet
    systems: tuple[str, ...]
    judged: CaseSet | None = None
    knockouts: bool = True
    past_only: bool = True
    k: int = 10
    seed: int = 0
    machine_hour: float = 0.0


def measure(
    plan: Plan, folder: Folder, sources: Sequence[Source], workbench: Workbench | None, progress: Progress
) -> None:
    """Run everything that is not done yet, then write what the report needs to know."""
    folder.save_cases("cases", plan.cases)
    stamp: Stamp = (("code", code_version()), ("documents", documents_hash(sources)))
    for name in plan.systems:
        if name in BASELINES and not folder.is_done(name, plan.cases):
            progress(0, None, f"{name}: building")
            with open_baseline(name, sources) as system:
                run_system(system, plan.cases, Recording(folder.run_path(name), plan.k, stamp, _named(progress, name)))
    notes: tuple[str, ...] = ()
    if PRODUCT in plan.systems and workbench is not None:
        stamp = (*stamp, *sorted(workbench.stamp().items()))
        notes = _measure_product(plan, folder, workbench, stamp, progress)
    folder.save(
        Experiment(
            plan.title, plan.seed, plan.systems, len(sources), plan.machine_hour,
            tuple(plan.cases.exclusions.items()), notes,
            (*stamp, ("cases", plan.cases.digest), ("seed", str(plan.seed)), ("made", _now())),
        )
    )  # fmt: skip


def _named(progress: Progress, name: str) -> Progress:
    return lambda done, total, what: progress(done, total, f"{name}: {what}")


def _measure_product(
    plan: Plan, folder: Folder, workbench: Workbench, stamp: Stamp, progress: Progress
) -> tuple[str, ...]:
    tickets = list(workbench.tickets())
    hidden = leaking(plan.cases, tickets, past_only=plan.past_only)
    tests: list[tuple[str, CaseSet, frozenset[str]]] = [(MAIN, plan.cases, hidden)]
    if plan.judged:
        folder.save_cases("judged", plan.judged)
        tests.append((JUDGED, plan.judged, leaking(plan.judged, tickets, past_only=False)))
    if plan.knockouts:
        gone = knock_out(plan.cases.cases, seed=plan.seed)
        both = with_tickets(gone, {ticket.id: ticket.articles for ticket in tickets})
        tests += [(ARTICLES_GONE, plan.cases, hidden | gone.removed), (TICKETS_GONE, plan.cases, hidden | both.removed)]
    for name, cases, without in tests:
        if not folder.is_done(name, cases):
            to = Recording(
                folder.run_path(name), plan.k, (*stamp, ("without", _digest(sorted(without)))), _named(progress, name)
            )
            ask = run_assistant if name == MAIN else run_answers
            with workbench.assistant(without=without) as assistant:
                ask(assistant, cases, to, name)
    return (_hidden_note(len(hidden), len(tickets)),) if hidden else ()


def _hidden_note(hidden: int, tickets: int) -> str:
    return (
        f"{hidden} of {tickets} tickets were kept out of the product's knowledge, because they are no older than the"
        " questions or are the questions themselves."
    )


def leaking(cases: CaseSet, tickets: Iterable[TicketRecord], *, past_only: bool) -> frozenset[str]:
    """Return the tickets that would give answers away: the cases' own, and with `past_only` all not older than them.

    Without a date on every case, or on a ticket, age cannot be told and only a case's own ticket is left out.
    """
    own = {case.id for case in cases.cases}
    dates = [case.created for case in cases.cases if case.created]
    first = min(dates) if past_only and len(dates) == len(cases.cases) else None
    return frozenset(
        ticket.id
        for ticket in tickets
        if ticket.id in own or (first is not None and ticket.created is not None and ticket.created >= first)
    )


def documents_hash(sources: Iterable[Source]) -> str:
    """Return a digest of the documents' ids, titles and texts."""
    return _digest(sorted(f"{source.id}\0{source.title}\0{source.text}" for source in sources))


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def code_version() -> str:
    """Return the commit that is checked out, with a + when files differ from it; outside a checkout the version."""
    home = Path(__file__).parent
    try:
        commit = _git(home, "rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git(home, "status", "--porcelain", "--untracked-files=no", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return f"version {metadata.version('waypost')}"


def _git(home: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=home, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
