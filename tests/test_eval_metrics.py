"""Hand-worked numbers and the rules at the edges: undefined is left out, a relevant item is credited once."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import numpy as np
import pytest

from eval.metrics.abstention import auroc, calibration_error, reliability, threshold_at, unanswerable_recall
from eval.metrics.citations import CitedPart, document_precision, overlap_support, support_precision, support_recall
from eval.metrics.classification import confusion, kappa, label_scores, macro_f1
from eval.metrics.clustering import adjusted_rand, information
from eval.metrics.intervals import bootstrap, bootstrap_mean, mcnemar, paired_bootstrap
from eval.metrics.latency import by_stage, percentile
from eval.metrics.ranking import (
    average_precision,
    finds,
    hit,
    macro_recall,
    mean_defined,
    ndcg,
    recall,
    reciprocal_rank,
)

MODULES = ("ranking", "abstention", "classification", "clustering", "citations", "latency", "intervals")


@pytest.mark.parametrize("name", MODULES)
def test_every_worked_example_in_a_docstring_is_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"eval.metrics.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("metric", [hit, recall, reciprocal_rank, average_precision, ndcg])
def test_a_ranking_figure_without_a_relevant_document_is_undefined(metric: Any) -> None:
    assert metric(["a", "b"], set(), 10) is None


@pytest.mark.parametrize("metric", [hit, recall, reciprocal_rank, average_precision, ndcg])
def test_an_empty_result_scores_zero_when_something_is_relevant(metric: Any) -> None:
    assert metric([], {"a"}, 10) == 0.0


@pytest.mark.parametrize("metric", [hit, recall, reciprocal_rank, average_precision, ndcg])
def test_a_repeated_document_is_credited_once(metric: Any) -> None:
    once, twice = metric(["a", "x", "y"], {"a", "b"}, 3), metric(["a", "a", "a"], {"a", "b"}, 3)
    assert once == twice <= 1.0


def test_a_repeat_keeps_its_place_and_pushes_the_next_document_down() -> None:
    assert reciprocal_rank(["x", "x", "a"], {"a"}) == pytest.approx(1 / 3)


def test_an_undefined_figure_is_counted_and_never_zero() -> None:
    mean = mean_defined([hit(["a"], {"a"}, 1), hit(["a"], set(), 1)])
    assert (mean.value, mean.n, mean.undefined) == (1.0, 1, 1)


def test_macro_recall_gives_a_rare_document_the_weight_of_a_popular_one() -> None:
    runs = [(["popular"], {"popular"})] * 9 + [(["popular"], {"rare"})]
    assert macro_recall(finds(runs, k=10)) == 0.5


def test_macro_recall_of_a_sample_leaves_out_documents_that_the_sample_does_not_need() -> None:
    pairs = finds([(["a"], {"a"}), ([], {"b"})], k=10)
    assert macro_recall(pairs, np.array([0, 0])) == 1.0


def test_graded_gains_prefer_the_better_document_first() -> None:
    best, worse = ndcg(["a", "b"], {"a": 2.0, "b": 1.0}, 2), ndcg(["b", "a"], {"a": 2.0, "b": 1.0}, 2)
    assert best == 1.0
    assert worse == pytest.approx((1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3)))


def test_auroc_is_one_half_when_every_score_is_tied_and_undefined_with_one_class() -> None:
    assert auroc([0.3, 0.3, 0.3], [True, False, False]) == 0.5
    assert auroc([0.3, 0.4], [True, True]) is None


def test_at_five_percent_one_of_twenty_answerable_questions_may_be_refused() -> None:
    scores = [n / 20 for n in range(20)]
    assert threshold_at([*scores, 0.02], [True] * 20 + [False]) == 0.05
    assert unanswerable_recall([*scores, 0.02], [True] * 20 + [False]) == 1.0


def test_a_tie_with_the_threshold_is_not_refused() -> None:
    assert unanswerable_recall([0.5] * 4, [True, True, False, False]) == 0.0


def test_a_probability_on_an_edge_belongs_to_the_lower_bin() -> None:
    assert [(b.low, b.high) for b in reliability([0.5], [True], bins=2)] == [(0.0, 0.5)]
    assert calibration_error([], []) is None


def test_a_label_that_was_never_given_has_no_precision() -> None:
    row = label_scores(confusion(["a", "b"], ["b", "b"]))[0]
    assert (row.precision, row.recall, row.f1) == (None, 0.0, 0.0)
    assert macro_f1([], []) is None


def test_kappa_is_undefined_when_both_use_one_label_only() -> None:
    assert kappa(["a", "a"], ["a", "a"]) is None


def test_weighted_kappa_forgives_a_near_miss() -> None:
    order = ["none", "partial", "full"]
    first, second = ["none", "partial", "full", "full"], ["none", "partial", "partial", "full"]
    plain, weighted = kappa(first, second), kappa(first, second, weights="quadratic", order=order)
    assert plain is not None
    assert weighted is not None
    assert weighted > plain


def test_questions_in_no_theme_are_themes_of_their_own() -> None:
    assert adjusted_rand(["a", "a", "b"], [None, None, None]) == adjusted_rand(["a", "a", "b"], [1, 2, 3])


def test_equal_partitions_agree_fully_whatever_the_names() -> None:
    assert adjusted_rand(["a", "b", "a"], [7, 9, 7]) == 1.0
    found = information(["a", "b", "a"], [7, 9, 7])
    assert found is not None
    assert found.nmi == pytest.approx(1.0)


def test_a_quote_that_says_something_else_does_not_support_its_part() -> None:
    part = CitedPart("Set the port to 993.", ("Set the port to 143.",), ("imap",))
    assert support_recall([part], overlap_support) == 0.0
    assert support_precision([part], overlap_support) == 0.0


def test_two_quotes_that_only_together_support_a_part_both_count() -> None:
    part = CitedPart("open settings choose privacy", ("open settings", "choose privacy"), ("a", "b"))
    assert support_precision([part], overlap_support) == 1.0


def test_document_precision_is_undefined_when_nothing_is_cited() -> None:
    assert document_precision([], {"a"}) is None


def test_percentiles_of_a_stage_count_only_the_questions_that_ran_it() -> None:
    rows = {row.stage: row.n for row in by_stage([{"retrieve": 1.0}, {"retrieve": 2.0, "draft": 3.0}])}
    assert rows == {"retrieve": 2, "draft": 1}
    assert percentile([4.0], 0.99) == 4.0


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values: list[float | None] = [float(v) for v in np.random.default_rng(1).random(50)]
    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)
    assert bootstrap_mean(values, seed=3) != bootstrap_mean(values, seed=4)


def test_an_interval_covers_the_true_mean_about_as_often_as_it_claims() -> None:
    generator = np.random.default_rng(7)
    covered = 0
    for seed in range(200):
        found = bootstrap_mean(generator.random(60).tolist(), seed=seed, resamples=300)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.5 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_samples_without_both_classes_are_left_out_of_the_interval_and_counted() -> None:
    scores, flags = np.array([0.9, 0.1, 0.2]), np.array([True, False, False])
    found = bootstrap(lambda sample: auroc(scores[sample], flags[sample]), 3)
    assert found.value == 1.0
    assert found.undefined > 0


def test_a_gain_on_every_question_is_sure_and_no_gain_is_not() -> None:
    gain = paired_bootstrap([0.0] * 20, [1.0] * 20)
    assert (gain.low, gain.high, gain.better) == (1.0, 1.0, 20)
    assert gain.p_value == pytest.approx(0.001)
    assert paired_bootstrap([0.5] * 5, [0.5] * 5).p_value == 1.0


def test_a_pair_with_an_undefined_side_is_left_out() -> None:
    assert paired_bootstrap([None, 0.0], [1.0, 1.0]).n == 1


def test_mcnemar_without_a_difference_has_no_probability() -> None:
    assert mcnemar([True, False], [True, False]).p_value is None
