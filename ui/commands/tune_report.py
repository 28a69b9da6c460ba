"""What `waypost tune` says and writes: the record kept with what was adopted, the terminal's lines, the report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.tuning.tune import Compared, Outcome
    from ui.home import Home


def record_of(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain JSON values."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
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


def in_force(home: Home) -> dict[str, Any]:
    """The thresholds that decide in this directory and who set them: settings, costs, tuning, or shipped."""
    from assistant.answering.decide import load_decider

    answering = home.settings.answering
    if answering.answer_threshold is not None or answering.partial_threshold is not None:
        by = "settings"
    elif answering.wrong_to_missing is not None:
        by = "costs"
    else:
        by = "tuning" if home.tuned is not None and home.tuned.thresholds else "shipped"
    thresholds = load_decider(*home.thresholds).thresholds
    return {"partial": thresholds.partial, "answer": thresholds.answer, "by": by}


def written(record: dict[str, Any], folder: Path, out: Path | None) -> Path | None:
    """Write the report and return where; None where there was nothing to report and no place was asked for.

    Raises:
        UsageError: the place cannot be written.
    """
    if out is None and not record["compared"] and record["thresholds"] is None:
        return None
    # Imported late: matplotlib costs a second, and most commands draw nothing.
    from eval.report.tuning import as_html, as_markdown

    path = out or folder / "reports" / f"tune-{record['at'][:19].replace(':', '').replace('-', '')}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_markdown(record) if path.suffix == ".md" else as_html(record), "utf-8")
    except OSError as error:
        raise UsageError(
            f"The report cannot be written to {path}: {error.strerror}. What was learned is kept. Give another place "
            "with --out."
        ) from error
    return path.absolute()


def told(record: dict[str, Any], path: Path | None) -> str:
    """What the terminal says."""
    from eval.report.tuning import in_force_words, verdict

    lines = [] if record["compared"] else [_too_few(record)]
    if record["compared"]:
        lines.append(
            f"Learned from {record['earlier']} earlier tickets, judged on {record['later']} later ones "
            f"({_drafts(record)}{record['seconds']:.0f} s). Mean reciprocal rank of the article that resolved it:"
        )
    lines += [
        f"  {one['what']:<8} {one['before']:.3f} -> {one['after']:.3f}, gain {one['after'] - one['before']:+.3f} "
        f"(90 % interval {one['low']:+.3f} to {one['high']:+.3f}); {verdict(one)}"
        for one in record["compared"]
    ]
    if drawn := record["thresholds"]:
        lines.append(
            f"Thresholds read off {drawn['found']} resolved tickets: {drawn['partial']:.2f} to show a draft, "
            f"{drawn['answer']:.2f} to call it an answer."
        )
    lines.append(in_force_words(record))
    if path is not None:
        lines.append(f"Report: {path}")
    changed = record["adopted"] or record["thresholds"]
    lines.append("`waypost tune --undo` goes back." if changed else "Everything stays as it was.")
    return "\n".join(lines)


def told_undone(record: dict[str, Any]) -> str:
    """What the terminal says after an undo."""
    again = "What was in use before it is in use again." if record["in_use"] else "Everything is as shipped."
    return f"The last tuning is undone. {again}"


def _drafts(record: dict[str, Any]) -> str:
    return f"{record['drafts']} of both are drafts that agents took, " if record["drafts"] else ""


def _too_few(record: dict[str, Any]) -> str:
    return (
        f"Too few tickets to compare anything: {record['lessons']} resolved tickets link an article or were answered "
        f"with a draft that cites one, and {record['later']} of them are later ones to be judged on. At least 40 of "
        "those settle anything, about 200 tickets in all. Ingest more resolved tickets."
    )
