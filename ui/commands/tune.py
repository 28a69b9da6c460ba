"""`waypost tune`: learns from this desk's own resolved tickets; adopts only what is better on later ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import UsageError
from ui.commands.options import AsJson, Config, Data

if TYPE_CHECKING:
    from assistant.seams import Progress
    from assistant.tuning.tune import Compared, Outcome, Trainer
    from ui.home import Home

_MOST_ASKED = 200


def tune(
    no_encoder: Annotated[bool, typer.Option("--no-encoder", help="Learn weights only; takes seconds.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to what was in use before the last tuning.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Learn from resolved tickets with links how to find the right article; the encoder included."""
    from ui.commands.progress import shown
    from ui.home import open_home

    home = open_home(data, config)
    try:
        ownership = home.own("waypost tune")
        try:
            with shown("tune", quiet=as_json) as progress:
                report = _undone(home, progress) if undo else _learned(home, no_encoder, progress)
        finally:
            ownership.release()
    finally:
        home.close()
    typer.echo(json.dumps(report) if as_json else _told(report))


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
        report = _report(outcome)
        if outcome.changes_anything:
            encoder = keep(outcome.encoder, home.encoders) if outcome.encoder else ""
            weights, reranker = asdict(outcome.weights), outcome.reranker.record() if outcome.reranker else None
            _swap(
                home, encoder, progress,
                lambda: Tunings(home.database).adopt(
                    weights=weights, thresholds=None, encoder=encoder, report=report, reranker=reranker
                ),
            )  # fmt: skip
        _draw_lines(home, report, progress)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return report


def _draw_lines(home: Home, report: dict[str, Any], progress: Progress) -> None:
    """Read the desk's own thresholds off its resolved tickets, asked of the product as it now is, and record them."""
    from assistant.answering.fuse import FusionWeights
    from assistant.store.tunings import Tunings
    from assistant.tuning.thresholds import lines

    drawn = lines(_sureness(home, progress), home.settings.answering.refused_share)
    report["thresholds"] = asdict(drawn) if drawn else None
    if drawn is None:
        return
    tunings = Tunings(home.database)
    active = tunings.active()
    thresholds = {"partial": drawn.partial, "answer": drawn.answer}
    if report["adopted"] and active is not None:
        tunings.draw(active.id, thresholds, report)
        return
    weights = active.weights if active else asdict(FusionWeights())
    encoder, reranker = (active.encoder, active.reranker) if active else ("", None)
    tunings.adopt(weights=weights, thresholds=thresholds, encoder=encoder, report=report, reranker=reranker)


def _sureness(home: Home, progress: Progress) -> list[float]:
    """The confidence for each of the latest tickets whose linked article is among the first three found.

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
    found = []
    for done, lesson in enumerate(lessons, 1):
        progress(done, len(lessons), "asking resolved tickets")
        retrieval = assistant.search(lesson.question, audiences=("public", "internal"))
        if {hit.document_key for hit in retrieval.articles[:3]} & set(lesson.articles):
            found.append(decider.sureness(retrieval))
    return found


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


def _report(outcome: Outcome) -> dict[str, Any]:
    return {
        "lessons": outcome.lessons,
        "drafts": outcome.drafts,
        "earlier": outcome.earlier,
        "later": outcome.later,
        "compared": [_compared(one) for one in outcome.compared],
        "adopted": outcome.changes_anything,
        "weights": asdict(outcome.weights),
        "reranker": outcome.reranker.record() if outcome.reranker else None,
        "seconds": round(outcome.seconds, 1),
    }


def _compared(one: Compared) -> dict[str, Any]:
    figures = {name: round(value, 4) for name, value in asdict(one.gain).items()}
    return {"what": one.name, **figures, "adopted": one.adopted}


def _told(report: dict[str, Any]) -> str:
    if "undone" in report:
        return "Undone. " + ("An earlier tuning is in use again." if report["in_use"] else "Everything is as shipped.")
    lines = [] if report["compared"] else [_too_few(report)]
    if report["compared"]:
        lines.append(
            f"Learned from {report['earlier']} earlier tickets, judged on {report['later']} later ones "
            f"({_drafts(report)}{report['seconds']:.0f} s). Mean reciprocal rank of the article that resolved it:"
        )
    for one in report["compared"]:
        verdict = "adopted" if one["adopted"] else "not adopted: not better beyond noise"
        lines.append(
            f"  {one['what']:<8} {one['before']:.3f} -> {one['after']:.3f}, gain {one['after'] - one['before']:+.3f} "
            f"(90 % interval {one['low']:+.3f} to {one['high']:+.3f}); {verdict}"
        )
    if drawn := report["thresholds"]:
        lines.append(
            f"Drafts are shown from confidence {drawn['partial']:.2f} and called answers from {drawn['answer']:.2f}, "
            f"read off {drawn['found']} resolved tickets."
        )
    changed = report["adopted"] or report["thresholds"]
    lines.append("`waypost tune --undo` goes back." if changed else "Everything stays as it was.")
    return "\n".join(lines)


def _drafts(report: dict[str, Any]) -> str:
    return f"{report['drafts']} of both are drafts that agents took, " if report["drafts"] else ""


def _too_few(report: dict[str, Any]) -> str:
    return (
        f"Nothing to learn from yet: {report['lessons']} resolved tickets link an article or were answered with a "
        f"draft that cites one, and {report['later']} of them are later ones to be judged on. At least 40 of those "
        "settle anything, about 200 tickets in all. Ingest more resolved tickets."
    )
