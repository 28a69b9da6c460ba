"""`python -m eval.check_metrics --runs 10000`: do our metrics agree with everybody else's?

Every metric meets our own literal reference on every random case, and an independent library on each case that the
library defines. The command fails when any figure differs by more than 1e-9.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.agreement import brute_force, libraries
from eval.agreement.draws import Draw, draw
from eval.metrics import (
    abstention,
    classification,
    clustering,
    intervals,
    latency,
    ranking,
)

TOLERANCE = 1e-9
Figure = Callable[[Draw], float | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One metric against one reference. `complete`: the reference defines every case, so None must meet None."""

    metric: str
    against: str
    ours: Figure
    theirs: Figure
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one check went: cases compared, undefined for both, not defined by the reference, and differing."""

    metric: str
    against: str
    compared: int
    undefined: int
    outside: int
    differing: int
    largest: float


OURS: dict[str, Figure] = {
    "hit@k": lambda d: ranking.hit(d.ranked, d.relevant, d.k),
    "recall@k": lambda d: ranking.recall(d.ranked, d.relevant, d.k),
    "mrr": lambda d: ranking.reciprocal_rank(d.ranked, d.relevant),
    "map": lambda d: ranking.average_precision(d.ranked, d.relevant),
    "ndcg@k": lambda d: ranking.ndcg(d.ranked, d.gains, d.k),
    "macro-recall@k": lambda d: ranking.macro_recall(ranking.finds(d.several, d.k)),
    "AUROC": lambda d: abstention.auroc(d.scores, d.flags),
    "risk-coverage area": lambda d: abstention.risk_coverage_area(d.scores[:6], d.flags[:6]),
    "unanswerable recall at 5 %": lambda d: abstention.unanswerable_recall(d.scores, d.flags),
    "calibration error": lambda d: abstention.calibration_error(d.scores, d.flags),
    "Brier score": lambda d: abstention.brier(d.scores, d.flags),
    "macro-F1": lambda d: classification.macro_f1(d.truth, d.given),
    "kappa": lambda d: classification.kappa(d.truth, d.given),
    "kappa, quadratic": lambda d: classification.kappa(d.truth, d.given, weights="quadratic"),
    "ARI": lambda d: clustering.adjusted_rand(d.groups, d.themes),
    "NMI": lambda d: _information(d, "nmi"),
    "V-measure": lambda d: _information(d, "v_measure"),
    "homogeneity": lambda d: _information(d, "homogeneity"),
    "completeness": lambda d: _information(d, "completeness"),
    "McNemar": lambda d: intervals.mcnemar(d.flags, [score > 0.5 for score in d.scores]).p_value,
    "percentile": lambda d: latency.percentile(d.values, d.share),
}

BRUTE: dict[str, Figure] = {
    "hit@k": lambda d: brute_force.hit(d.ranked, d.relevant, d.k),
    "recall@k": lambda d: brute_force.recall(d.ranked, d.relevant, d.k),
    "mrr": lambda d: brute_force.reciprocal_rank(d.ranked, d.relevant),
    "map": lambda d: brute_force.average_precision(d.ranked, d.relevant),
    "ndcg@k": lambda d: brute_force.ndcg(d.ranked, {doc: float(gain) for doc, gain in d.gains.items()}, d.k),
    "macro-recall@k": lambda d: brute_force.macro_recall(d.several, d.k),
    "AUROC": lambda d: brute_force.auroc(d.scores, d.flags),
    "risk-coverage area": lambda d: brute_force.risk_coverage_area(d.scores[:6], d.flags[:6]),
    "unanswerable recall at 5 %": lambda d: brute_force.unanswerable_recall(d.scores, d.flags, 0.05),
    "calibration error": lambda d: brute_force.calibration_error(d.scores, d.flags, np.linspace(0, 1, 11).tolist()),
    "ARI": lambda d: brute_force.adjusted_rand(d.groups, clustering.codes(d.themes).tolist()),
    "percentile": lambda d: brute_force.percentile(d.values, d.share),
}

LIBRARY: dict[str, tuple[str, Figure]] = {
    "AUROC": ("scikit-learn", libraries.auroc),
    "unanswerable recall at 5 %": ("scikit-learn", libraries.unanswerable_recall),
    "Brier score": ("scikit-learn", libraries.brier),
    "macro-F1": ("scikit-learn", libraries.macro_f1),
    "kappa": ("scikit-learn", libraries.kappa),
    "kappa, quadratic": ("scikit-learn", lambda d: libraries.kappa(d, "quadratic")),
    "ARI": ("scikit-learn", lambda d: libraries.clustering(d, "adjusted_rand_score")),
    "NMI": ("scikit-learn", lambda d: libraries.clustering(d, "normalized_mutual_info_score")),
    "V-measure": ("scikit-learn", lambda d: libraries.clustering(d, "v_measure_score")),
    "homogeneity": ("scikit-learn", lambda d: libraries.clustering(d, "homogeneity_score")),
    "completeness": ("scikit-learn", lambda d: libraries.clustering(d, "completeness_score")),
    "McNemar": ("SciPy", libraries.mcnemar),
    "percentile": ("NumPy", libraries.percentile),
}


def _information(case: Draw, name: str) -> float | None:
    found = clustering.information(case.groups, case.themes)
    return None if found is None else float(getattr(found, name))


def checks(draws: Sequence[Draw]) -> tuple[Check, ...]:
    """Return every check there is; trec_eval is asked once for all draws."""
    trec = libraries.trec_eval(draws)

    def from_trec(name: str) -> Figure:
        return lambda d: trec[d.number][name.format(k=d.k)] if d.number in trec else None

    return (
        *(Check(metric, "trec_eval", OURS[metric], from_trec(name)) for metric, name in libraries.TREC_NAMES.items()),
        *(Check(metric, name, OURS[metric], figure) for metric, (name, figure) in LIBRARY.items()),
        *(Check(metric, "our brute force", OURS[metric], figure, complete=True) for metric, figure in BRUTE.items()),
    )


def agreement(check: Check, draws: Iterable[Draw]) -> Agreement:
    """Return how the check went over all draws. A figure that only one side defines differs."""
    compared = undefined = outside = differing = 0
    largest = 0.0
    for case in draws:
        ours, theirs = check.ours(case), check.theirs(case)
        if theirs is None and not check.complete:
            outside += 1
        elif ours is None and theirs is None:
            undefined += 1
        elif ours is None or theirs is None:
            differing += 1
        else:
            compared += 1
            largest = max(largest, abs(ours - theirs))
            differing += not abs(ours - theirs) <= TOLERANCE
    return Agreement(check.metric, check.against, compared, undefined, outside, differing, largest)


def check_metrics(runs: int, seed: int = 0) -> tuple[Agreement, ...]:
    """Return the agreement of every metric with every reference over `runs` random cases."""
    draws = [draw(seed, number) for number in range(runs)]
    return tuple(agreement(check, draws) for check in checks(draws))


def table(rows: Iterable[Agreement]) -> str:
    """Return the agreements as a Markdown table."""
    head = "| metric | against | compared | undefined for both | not defined there | differ | largest difference |\n"
    line = "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n"
    body = (
        f"| {r.metric} | {r.against} | {r.compared} | {r.undefined} | {r.outside} | {r.differing} | {r.largest:.1e} |"
        for r in rows
    )
    return head + line + "\n".join(body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="random cases (10000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rows = check_metrics(options.runs, options.seed)
    sys.stdout.write(table(rows) + "\n")
    return int(any(row.differing for row in rows))


if __name__ == "__main__":
    sys.exit(main())
