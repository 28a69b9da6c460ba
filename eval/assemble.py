"""From an experiment's folder to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.errors import UsageError
from eval.cases import CaseSet
from eval.compare import Comparison, compare
from eval.figures import (
    Figure,
    cause_figures,
    citation_figures,
    confidence_figures,
    cost_figure,
    gap_figures,
    latency_figures,
    ranking_figures,
    theme_figures,
    verdict_figures,
)
from eval.folder import ARTICLES_GONE, ARTICLES_OUT, JUDGED, MAIN, PRODUCT, TICKETS_GONE, Experiment, Folder
from eval.judged import judge
from eval.knockout import Knockout, knock_out
from eval.metrics import abstention
from eval.metrics.classification import Confusion, confusion
from eval.metrics.latency import Prices
from eval.planted_fix import fixed_how, named_worse, planted_figures, planted_fix
from eval.report.model import PRICES, THRESHOLDS, Calibration, CaseSummary, Report
from eval.runs import Run
from eval.single_scores import best_signal, held_out

LIMITS = (
    "Linked documents are plausible answers, rarely the only right ones: compare systems by them, do not grade one.",
    "Every interval is a 95 % bootstrap over questions; it says nothing about other products or other years.",
)
COARSE = (
    "The knock-out test is coarse: another article may still help with a question whose own articles are gone, so no"
    " confidence could reach AUROC 1 on it. The judged questions are the finer test."
)


_ANY_HELP = "judged, any help"
_SEEN = (
    'Where the judged questions are those that the shipped confidence was fitted on, read the row "held out": each'
    " question's confidence comes from a fit on the others.",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one part of an experiment adds to the report."""

    figures: tuple[Figure, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    confusions: tuple[tuple[str, Confusion], ...] = ()
    notes: tuple[str, ...] = ()


def assemble(folder: Folder) -> Report:
    """Return the report of everything that the folder holds. Raises `UsageError` when runs miss or do not belong."""
    experiment, cases = folder.experiment(), folder.cases()
    if cases is None:
        raise UsageError(f"expected cases.jsonl in {folder.path}, found none: run `waypost eval run` first")
    runs = _runs(folder, experiment, cases)
    pieces = [
        _searching(runs, cases, experiment.seed),
        _answering(runs.get(PRODUCT), cases, experiment),
        _judged(folder, experiment.seed),
        *_knockouts(folder, runs.get(PRODUCT), cases, experiment.seed),
        _causes(folder, experiment.seed),
        _themes(folder, experiment.seed),
        *(Piece(study.figures, notes=study.notes) for study in folder.studies()),
    ]
    return Report(
        title=experiment.title,
        stamp=experiment.stamp,
        cases=_summary(experiment, cases),
        figures=tuple(figure for piece in pieces for figure in piece.figures),
        comparisons=_comparisons(runs, cases, experiment.seed),
        calibrations=tuple(calibration for piece in pieces for calibration in piece.calibrations),
        confusions=tuple(table for piece in pieces for table in piece.confusions),
        growth=tuple(line for study in folder.studies() for line in study.growth),
        notes=(*experiment.notes, *(note for piece in pieces for note in piece.notes), *LIMITS),
    )


def _runs(folder: Folder, experiment: Experiment, cases: CaseSet) -> dict[str, Run]:
    found = {name: folder.run(name, cases) for name in experiment.systems}
    missing = [name for name, run in found.items() if run is None]
    if missing:
        raise UsageError(
            f"expected runs of {', '.join(missing)} in {folder.path}, found none: run `waypost eval run` again"
        )
    return {name: run for name, run in found.items() if run is not None}


def _summary(experiment: Experiment, cases: CaseSet) -> CaseSummary:
    days = sorted(case.created for case in cases.cases if case.created)
    period = f"{days[0]:%-d %B %Y} to {days[-1]:%-d %B %Y}" if days else ""
    return CaseSummary(len(cases.cases), cases.digest, experiment.excluded, experiment.documents, period)


def _searching(runs: Mapping[str, Run], cases: CaseSet, seed: int) -> Piece:
    failed = tuple(
        f"{run.header.system}: {run.failed} questions ended in an error and count as nothing found."
        for run in runs.values()
        if run.failed
    )
    ranked = tuple(figure for run in runs.values() for figure in ranking_figures(run, cases.cases, seed))
    return Piece((*ranked, *(figure for run in runs.values() for figure in latency_figures(run, seed))), notes=failed)


def _answering(run: Run | None, cases: CaseSet, experiment: Experiment) -> Piece:
    if run is None or not run.header.asked:
        return Piece()
    answers = tuple(run.answers().values())
    prices = Prices(machine_hour=experiment.machine_hour)
    cost = (cost_figure(run, prices, experiment.seed),) if experiment.machine_hour else ()
    return Piece(
        (
            *citation_figures(PRODUCT, answers, cases.cases, experiment.seed),
            *verdict_figures(PRODUCT, answers, experiment.seed),
            *cost,
        )
    )


def _confidence(what: str, run: Run, ids: Sequence[str], positive: Sequence[bool], seed: int) -> Piece:
    answers = run.answers()
    confidences = [answers[key].confidence for key in ids]
    alone = best_signal([run.rows[key] for key in ids], positive)
    single = () if alone is None else confidence_figures("best single score", alone.values, positive, what, seed)[:1]
    said = (
        () if alone is None else (f"{what}: the best of {alone.tried} single scores, by hindsight, is {alone.name}.",)
    )
    return Piece(
        (
            *confidence_figures(PRODUCT, confidences, positive, what, seed),
            *single,
            *gap_figures(PRODUCT, [answers[key].is_gap for key in ids], [not flag for flag in positive], what, seed),
        ),
        (
            Calibration(
                what,
                abstention.reliability(confidences, positive),
                tuple(abstention.risk_coverage(confidences, positive).tolist()),
                tuple((price, _costs(confidences, positive, price)) for price in PRICES),
            ),
        ),
        notes=said,
    )


def _costs(confidences: Sequence[float], positive: Sequence[bool], price: float) -> tuple[float, ...]:
    return tuple(abstention.cost_by_threshold(confidences, positive, price, THRESHOLDS).tolist())


def _judged(folder: Folder, seed: int) -> Piece:
    cases = folder.cases("judged")
    run = folder.run(JUDGED, cases) if cases else None
    if cases is None or run is None:
        return Piece()
    confidence = {key: answer.confidence for key, answer in run.answers().items()}
    found = judge(cases.cases, confidence)
    some = _confidence(_ANY_HELP, run, found.ids, found.any_help, seed)
    full = confidence_figures(PRODUCT, found.confidences, found.full_answer, "judged, full answer", seed)[:3]
    missed = (f"{found.missing} judged questions have no answer in the run.",) if found.missing else ()
    signals = [run.rows[key].signals for key in found.ids]
    fitted = held_out(found.ids, signals, found.levels)
    apart = (
        () if fitted is None else confidence_figures(PRODUCT, fitted, found.any_help, f"{_ANY_HELP}, held out", seed)
    )
    return Piece(
        (*some.figures, *apart, *full), some.calibrations, notes=(*some.notes, *missed, *(_SEEN if apart else ()))
    )


def _knockouts(folder: Folder, whole: Run | None, cases: CaseSet, seed: int) -> list[Piece]:
    gone = knock_out(cases.cases, seed=seed)
    ids = sorted(gone.gone | gone.kept)
    pieces = []
    for name, what in ((ARTICLES_GONE, "knock-out, articles"), (TICKETS_GONE, "knock-out, articles and tickets")):
        run = folder.run(name, cases)
        if run is not None:
            asked = [key for key in ids if not run.rows[key].error]
            pieces.append(_confidence(what, run, asked, [key in gone.kept for key in asked], seed))
    before = folder.run(ARTICLES_OUT, cases) or folder.run(ARTICLES_GONE, cases)
    if before is not None:
        pieces.append(Piece(notes=(COARSE, _drawn(gone))))
    if before is not None and whole is not None:
        fix = planted_fix(gone, cases.cases, before.answers(), whole.answers())
        pieces.append(Piece(planted_figures(fix, seed), notes=(*fixed_how(before.header.system), *named_worse(fix))))
    return pieces


def _drawn(gone: Knockout) -> str:
    return (
        f"Knock-out with seed {gone.seed}: {len(gone.articles)} articles removed; {len(gone.gone)} questions lost all"
        f" of theirs, {len(gone.kept)} none; {len(gone.partly)} lost some and are on neither side."
    )


def _causes(folder: Folder, seed: int) -> Piece:
    cases, given = folder.cases("causes"), folder.records("triaged")
    if cases is None or not given:
        return Piece()
    pieces = [_labelled(cases, given, what, seed) for what in ("cause", "stage")]
    return Piece(
        tuple(figure for piece in pieces for figure in piece.figures),
        confusions=tuple(table for piece in pieces for table in piece.confusions),
        notes=tuple(note for piece in pieces for note in piece.notes),
    )


def _labelled(cases: CaseSet, given: Mapping[str, Mapping[str, object]], what: str, seed: int) -> Piece:
    labelled = [case for case in cases.cases if getattr(case, what)]
    met = [case for case in labelled if case.id in given]
    truth, said = [str(getattr(case, what)) for case in met], [_label(given[case.id].get(what)) for case in met]
    missing = len(labelled) - len(met)
    notes = (f"{missing} questions with a known {what} were not triaged.",) if missing else ()
    if not met:
        return Piece(notes=notes)
    return Piece(
        cause_figures(PRODUCT, truth, said, what, seed), confusions=((what, confusion(truth, said)),), notes=notes
    )


def _label(value: object) -> str:
    return str(value.get("label", "")) if isinstance(value, Mapping) else str(value or "")


def _themes(folder: Folder, seed: int) -> Piece:
    cases, given = folder.cases("themes"), folder.records("themed")
    if cases is None or not given:
        return Piece()
    met = [case for case in cases.cases if case.theme and case.id in given]
    themes = [given[case.id].get("theme_id") for case in met]
    found = [None if theme is None else str(theme) for theme in themes]
    return Piece(theme_figures(PRODUCT, [case.theme for case in met], found, seed))


def _comparisons(runs: Mapping[str, Run], cases: CaseSet, seed: int) -> tuple[Comparison, ...]:
    if MAIN not in runs:
        return ()
    return tuple(compare(run, runs[MAIN], cases, seed) for name, run in runs.items() if name != MAIN)
