"""`waypost tune`: learns from this desk's own resolved tickets; adopts only what is better on later ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import UsageError
from ui.commands.options import AsJson, Config, Data

if TYPE_CHECKING:
    from assistant.seams import Progress
    from assistant.tuning.tune import Compared, Outcome, Trainer
    from ui.home import Home


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
            weights = asdict(outcome.weights)
            _swap(
                home, encoder, progress,
                lambda: Tunings(home.database).adopt(weights=weights, thresholds=None, encoder=encoder, report=report),
            )  # fmt: skip
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return report


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
        "earlier": outcome.earlier,
        "later": outcome.later,
        "compared": [_compared(one) for one in outcome.compared],
        "adopted": outcome.changes_anything,
        "weights": asdict(outcome.weights),
        "seconds": round(outcome.seconds, 1),
    }


def _compared(one: Compared) -> dict[str, Any]:
    figures = {name: round(value, 4) for name, value in asdict(one.gain).items()}
    return {"what": one.name, **figures, "adopted": one.adopted}


def _told(report: dict[str, Any]) -> str:
    if "undone" in report:
        return "Undone. " + ("An earlier tuning is in use again." if report["in_use"] else "Everything is as shipped.")
    if not report["compared"]:
        return (
            f"Nothing to learn from yet: {report['lessons']} resolved tickets link an article, and "
            f"{report['later']} of them are later ones to be judged on. At least 40 of those settle anything, "
            "about 140 tickets in all. Ingest more resolved tickets."
        )
    lines = [
        f"Learned from {report['earlier']} earlier tickets, judged on {report['later']} later ones "
        f"({report['seconds']:.0f} s). Mean reciprocal rank of the article that resolved the ticket:"
    ]
    for one in report["compared"]:
        verdict = "adopted" if one["adopted"] else "not adopted: not better beyond noise"
        lines.append(
            f"  {one['what']:<8} {one['before']:.3f} -> {one['after']:.3f}, gain {one['after'] - one['before']:+.3f} "
            f"(90 % interval {one['low']:+.3f} to {one['high']:+.3f}); {verdict}"
        )
    lines.append("`waypost tune --undo` goes back." if report["adopted"] else "Everything stays as it was.")
    return "\n".join(lines)
