"""From runs and cases to named figures with intervals: the numbers of the report and of the gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval.answers import Answer
from eval.cases import Case
from eval.metrics import abstention, citations, classification, clustering, intervals, latency, ranking
from eval.metrics.intervals import Estimate
from eval.runs import Run

Unit = Literal["share", "ms", "cost", "index", "MB", "rate"]
Better = Literal["higher", "lower", ""]
Group = Literal[
    "ranking", "citations", "verification", "verdicts", "confidence", "scope", "gaps", "causes", "themes", "latency",
    "cost", "scale",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one system. `name` and `system` identify it; `better` says which way is good ("" for neither)."""

    system: str
    group: Group
    name: str
    estimate: Estimate
    unit: Unit = "share"
    better: Better = "higher"


PerQuestion = Callable[[Sequence[str], Collection[str]], float | None]

RANKING: dict[str, PerQuestion] = {
    "hit@1": lambda ranked, relevant: ranking.hit(ranked, relevant, 1),
    "hit@5": lambda ranked, relevant: ranking.hit(ranked, relevant, 5),
    "hit@10": lambda ranked, relevant: ranking.hit(ranked, relevant, 10),
    "MRR@10": lambda ranked, relevant: ranking.reciprocal_rank(ranked, relevant, 10),
    "recall@10": lambda ranked, relevant: ranking.recall(ranked, relevant, 10),
    "nDCG@10": lambda ranked, relevant: ranking.ndcg(ranked, relevant, 10),
    "MAP@10": lambda ranked, relevant: ranking.average_precision(ranked, relevant, 10),
}


def per_question(run: Run, cases: Sequence[Case], name: str) -> list[float | None]:
    """Return one ranking figure for each case, None where the case has no relevant document."""
    return [RANKING[name](run.rows[case.id].ranked, case.relevant) for case in cases]


def ranking_figures(run: Run, cases: Sequence[Case], seed: int = 0) -> tuple[Figure, ...]:
    """Return every ranking figure of a run, macro-recall per document last."""
    system = run.header.system
    means = [
        Figure(system, "ranking", name, intervals.bootstrap_mean(per_question(run, cases, name), seed=seed))
        for name in RANKING
    ]
    answered = [(run.rows[case.id].ranked, case.relevant) for case in cases if case.relevant]
    pairs = ranking.finds(answered, 10)
    macro = intervals.bootstrap(lambda sample: ranking.macro_recall(pairs, sample), len(answered), seed=seed)
    return (*means, Figure(system, "ranking", "macro-recall@10", macro))


def latency_figures(run: Run, seed: int = 0) -> tuple[Figure, ...]:
    """Return the percentiles of the search as the asker sees it, then of each stage that the answers report.

    Failed questions are left out.
    """
    rows = [row for row in run.rows.values() if not row.error]
    stages: dict[str, list[float]] = {"search": [row.search_ms for row in rows]}
    for answer in run.answers().values():
        for stage, value in answer.timings_ms:
            stages.setdefault(f"ask, {stage}", []).append(value)
    return tuple(
        Figure(run.header.system, "latency", f"{stage}: p{share}", _quantile(times, share / 100, seed), "ms", "lower")
        for stage, times in stages.items()
        for share in (50, 95, 99)
    )


def _quantile(times: Sequence[float], share: float, seed: int) -> Estimate:
    values = np.array(times, dtype=np.float64)

    def at(sample: intervals.Sample) -> float | None:
        return latency.percentile(values[sample].tolist(), share)

    return intervals.bootstrap(at, len(values), resamples=300, seed=seed)


def cost_figure(run: Run, prices: latency.Prices, seed: int = 0) -> Figure:
    """Return what a draft costs: the machine's time for all stages (the chat model's tokens are not in the answer)."""
    seconds = [_total_ms(dict(answer.timings_ms)) / 1000 for answer in run.answers().values()]
    costs: list[float | None] = [latency.draft_cost(prices, seconds=value) for value in seconds]
    estimate = intervals.bootstrap_mean(costs, seed=seed)
    return Figure(run.header.system, "cost", "cost per draft", estimate, "cost", "lower")


def _total_ms(timings: Mapping[str, float]) -> float:
    return timings["total"] if "total" in timings else sum(timings.values())


def confidence_figures(
    system: str, confidences: Sequence[float], positive: Sequence[bool], what: str, seed: int = 0
) -> tuple[Figure, ...]:
    """Return how well the confidences tell the positive questions from the others; `what` names the test."""
    value, flag = np.array(confidences, dtype=np.float64), np.array(positive, dtype=bool)

    def figure(
        name: str, statistic: Callable[[abstention.Scores, abstention.Flags], float | None], better: Better
    ) -> Figure:
        found = intervals.bootstrap(lambda sample: statistic(value[sample], flag[sample]), len(value), seed=seed)
        return Figure(system, "confidence", f"{what}: {name}", found, better=better)

    return (
        figure("AUROC", abstention.auroc, "higher"),
        figure("risk-coverage area", abstention.risk_coverage_area, "lower"),
        figure("unanswerable recall at 5 % false abstention", abstention.unanswerable_recall, "higher"),
        figure("calibration error", abstention.calibration_error, "lower"),
        figure("Brier score", abstention.brier, "lower"),
    )


def gap_figures(
    system: str, logged: Sequence[bool], known: Sequence[bool], what: str, seed: int = 0
) -> tuple[Figure, ...]:
    """Return precision and recall of logged gaps against known ones."""
    said, true = np.array(logged, dtype=bool), np.array(known, dtype=bool)

    def share(of: str) -> Estimate:
        base = said if of == "precision" else true
        return intervals.bootstrap(
            lambda sample: float((said & true)[sample].sum() / n) if (n := base[sample].sum()) else None,
            len(said),
            seed=seed,
        )

    return tuple(Figure(system, "gaps", f"{what}: gap {of}", share(of)) for of in ("precision", "recall"))


def citation_figures(
    system: str, answers: Iterable[Answer], cases: Sequence[Case], seed: int = 0
) -> tuple[Figure, ...]:
    """Return what the citations of answered and partly answered questions are worth."""
    relevant = {case.id: case.relevant for case in cases}
    drafts = [answer for answer in answers if answer.parts and answer.id in relevant]
    supports = citations.overlap_support
    values: dict[str, list[float | None]] = {
        "quote supports part (recall)": [citations.support_recall(a.parts, supports) for a in drafts],
        "quote supports part (precision)": [citations.support_precision(a.parts, supports) for a in drafts],
        "cited document is relevant": [citations.document_precision(a.parts, relevant[a.id]) for a in drafts],
        "relevant document is cited": [citations.document_recall(a.parts, relevant[a.id]) for a in drafts],
    }
    return tuple(
        Figure(system, "citations", name, intervals.bootstrap_mean(column, seed=seed))
        for name, column in values.items()
    )


def verdict_figures(system: str, answers: Sequence[Answer], seed: int = 0) -> tuple[Figure, ...]:
    """Return the shares of answered, partly answered and gap."""
    return tuple(
        Figure(
            system,
            "verdicts",
            verdict,
            intervals.bootstrap_mean([float(answer.verdict == verdict) for answer in answers], seed=seed),
            better="",
        )
        for verdict in ("answered", "partial", "gap")
    )


def theme_figures(
    system: str, groups: clustering.Themes, themes: clustering.Themes, seed: int = 0, what: str = ""
) -> tuple[Figure, ...]:
    """Return the agreement of themes with known groups; a question in no theme is a theme of its own.

    `what` names the set where there are several.
    """
    test = f"{what}: " if what else ""
    left, right = clustering.codes(groups), clustering.codes(themes)

    def over(statistic: Callable[[clustering.Themes, clustering.Themes], float | None]) -> Estimate:
        def at(sample: intervals.Sample) -> float | None:
            return statistic(left[sample].tolist(), right[sample].tolist())

        return intervals.half_samples(at, len(left), seed=seed)

    left_out = intervals.bootstrap_mean([float(theme is None) for theme in themes], seed=seed)
    return (
        Figure(system, "themes", f"{test}ARI", over(clustering.adjusted_rand), "index"),
        Figure(system, "themes", f"{test}NMI", over(lambda a, b: _information(a, b, "nmi")), "index"),
        Figure(system, "themes", f"{test}V-measure", over(lambda a, b: _information(a, b, "v_measure")), "index"),
        Figure(system, "themes", f"{test}left out", left_out, better=""),
    )


def _information(groups: clustering.Themes, themes: clustering.Themes, name: str) -> float | None:
    found = clustering.information(groups, themes)
    return None if found is None else float(getattr(found, name))


def cause_figures(
    system: str, truth: classification.Labels, given: classification.Labels, what: str = "cause", seed: int = 0
) -> tuple[Figure, ...]:
    """Return macro-F1, accuracy and kappa of given labels."""

    def over(statistic: Callable[[classification.Labels, classification.Labels], float | None]) -> Estimate:
        def at(sample: intervals.Sample) -> float | None:
            return statistic([truth[i] for i in sample], [given[i] for i in sample])

        return intervals.bootstrap(at, len(truth), resamples=500, seed=seed)

    return (
        Figure(system, "causes", f"{what}: macro-F1", over(classification.macro_f1)),
        Figure(system, "causes", f"{what}: accuracy", over(classification.accuracy)),
        Figure(system, "causes", f"{what}: kappa", over(classification.kappa), "index"),
    )
