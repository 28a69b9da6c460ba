"""`waypost tune`: learns from this desk's own resolved tickets; adopts only what is better on later ones.

What it says and the report that it writes are made in `tune_report`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import UsageError
from ui.commands.options import AsJson, Config, Data
from ui.commands.tune_report import in_force, record_of, told, told_undone, written

if TYPE_CHECKING:
    from assistant.seams import Progress
    from assistant.store.tunings import Tunings
    from assistant.tuning.tune import Trainer
    from ui.home import Home

_MOST_ASKED = 200


def tune(
    no_encoder: Annotated[bool, typer.Option("--no-encoder", help="Learn weights only; takes seconds.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to what was in use before the last tuning.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The report: .md is Markdown, else HTML. Default: reports/ in the data directory."),
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Learn from resolved tickets with links how to find the right article; the encoder included.

    What is not better on later tickets beyond noise is not adopted. The report says what was tried and what is in use.
    """
    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    try:
        ownership = home.own("waypost tune")
        try:
            with shown("tune", quiet=as_json) as progress:
                report = _undone(home, progress) if undo else _learned(home, no_encoder, progress)
                path = None if undo else written(report, home.folder, out)
        finally:
            ownership.release()
    finally:
        home.close()
    if as_json:
        typer.echo(json.dumps(report if undo else report | {"report": str(path) if path else None}))
    else:
        typer.echo(told_undone(report) if undo else told(report, path))


def _learned(home: Home, no_encoder: bool, progress: Progress) -> dict[str, Any]:
    from assistant.models.trained import keep
    from assistant.store.tunings import Tunings
    from assistant.tuning.desk import StoredDesk, StoredVectors
    from assistant.tuning.tune import tune as learn

    workshop = home.folder / "encoders" / "in-training"
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        outcome = learn(
            StoredDesk(home.database, home.owned_index()), StoredVectors(home.database, home.embedder),
            folder=workshop, trainer=None if no_encoder else _trainer(home), progress=progress,
        )  # fmt: skip
        report = record_of(outcome)
        if outcome.changes_anything:
            encoder = keep(outcome.encoder, home.encoders) if outcome.encoder else ""
            weights, reranker = asdict(outcome.weights), outcome.reranker.record() if outcome.reranker else None
            _swap(
                home, encoder, progress,
                lambda: Tunings(home.database).adopt(
                    weights=weights, thresholds=None, encoder=encoder, report=report, reranker=reranker
                ),
            )  # fmt: skip
        report |= _draw_lines(home, report, progress)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return report


def _draw_lines(home: Home, report: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Read the desk's own thresholds off its resolved tickets, asked of the product as it now is, and record them.

    Returns what the report says of them: the thresholds, what others would do, and which are in force.
    """
    from assistant.store.tunings import Tunings
    from assistant.tuning.thresholds import consequences, lines

    found, missed = _sureness(home, progress)
    drawn = lines(found, home.settings.answering.refused_share)
    said = {
        "thresholds": asdict(drawn) if drawn else None,
        "asked": len(found) + len(missed),
        "curve": [asdict(one) for one in consequences(found, missed)] if drawn else [],
    }
    if drawn is not None:
        _record_lines(Tunings(home.database), {"partial": drawn.partial, "answer": drawn.answer}, report | said)
    return said | {"in_force": in_force(replace(home))}


def _record_lines(tunings: Tunings, thresholds: dict[str, float], report: dict[str, Any]) -> None:
    """With what was just adopted, or as a step of its own beside what stays in use."""
    from assistant.answering.fuse import FusionWeights

    active = tunings.active()
    if report["adopted"] and active is not None:
        tunings.draw(active.id, thresholds, report)
        return
    weights = active.weights if active else asdict(FusionWeights())
    encoder, reranker = (active.encoder, active.reranker) if active else ("", None)
    tunings.adopt(weights=weights, thresholds=thresholds, encoder=encoder, report=report, reranker=reranker)


def _sureness(home: Home, progress: Progress) -> tuple[list[float], list[float]]:
    """The confidence for each of the latest tickets: those whose linked article is among the first three, and others.

    Drafts that were taken are left out: only those above the present line were ever shown, so that each tuning would
    draw it higher.
    """
    from assistant.answering.decide import load_decider
    from assistant.answering.remembering import Remembering
    from assistant.tuning.desk import StoredDesk
    from assistant.tuning.lessons import by_time

    now = replace(home)  # with nothing remembered from before the swap
    index = now.reader_index()
    assistant = now.assistant(index, lambda: index.name)
    decider = load_decider(None, None, Remembering(now.embedder))
    tickets = [one for one in StoredDesk(home.database, index).lessons() if one.votes]
    lessons = by_time(tickets)[-_MOST_ASKED:]
    found: list[float] = []
    missed: list[float] = []
    for done, lesson in enumerate(lessons, 1):
        progress(done, len(lessons), "asking resolved tickets")
        retrieval = assistant.search(lesson.question, audiences=("public", "internal"))
        is_found = {hit.document_key for hit in retrieval.articles[:3]} & set(lesson.articles)
        (found if is_found else missed).append(decider.sureness(retrieval))
    return found, missed


def _undone(home: Home, progress: Progress) -> dict[str, Any]:
    from assistant.store.tunings import Tunings

    tunings = Tunings(home.database)
    if tunings.active() is None:
        raise UsageError("There is nothing to undo: everything is as shipped. Run `waypost tune` to learn.")
    before = tunings.previous()
    _swap(home, before.encoder if before else "", progress, tunings.undo)
    return {"undone": True, "in_use": before.report if before else None}


def _trainer(home: Home) -> Trainer:
    from assistant.models.embedder import DEFAULT
    from assistant.models.trained import train

    if home.settings.models.embedder != DEFAULT:
        raise UsageError(
            f"Expected models.embedder to be {DEFAULT!r}, the encoder that can be trained here; found "
            f"{home.settings.models.embedder!r}. Use --no-encoder, or change the setting."
        )
    return train


def _swap(home: Home, encoder: str, progress: Progress, record: Callable[[], object]) -> None:
    """Embed and index anew with this encoder, verify, then record it: a crash before that leaves the old one in use."""
    from assistant.index.generation import OwnedIndex
    from assistant.models.trained import load_trained, remove_others
    from assistant.store.tunings import Tunings

    searcher = load_trained(home.encoders, encoder) if encoder else home.embedder
    section = home.settings.index
    live = home.generations.live()
    if live is None or live.model_id != searcher.model_id:
        index = OwnedIndex(
            home.generations, home.index_folder, searcher, deadline_s=section.deadline_s, probe_s=section.probe_s
        )
        try:
            index.rebuild(progress)
            record()
        finally:
            index.close()
    else:
        record()
    remove_others(home.encoders, Tunings(home.database).encoders())
