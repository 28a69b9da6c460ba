"""The arithmetic of the triage report, on numbers worked by hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from assistant.gaps.triage import CAUSES, STAGES
from eval.fit_triage import LABELS, best_temperature, fit_choice, further_examples, stratified_folds
from eval.triage_report import calibration_error, f1, figures, gain

BENCH = os.environ.get("WAYPOST_BENCH")


def test_f1_is_the_mean_over_the_labels_asked_for() -> None:
    truth, predicted = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    assert f1(truth, predicted, (0, 1)) == pytest.approx((2 * 1 / 4 + 2 * 1 / 3) / 2)
    assert f1(truth, predicted, (0, 1, 2)) == pytest.approx((0.5 + 2 / 3 + 0) / 3)


def test_a_label_that_never_occurs_is_left_out_of_f1() -> None:
    assert f1(np.array([0, 1]), np.array([0, 1]), (0, 1, 2)) == 1


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    shares = np.array([[0.8, 0.2]] * 10)
    assert calibration_error(shares, np.array([0] * 8 + [1] * 2), bins=1) == pytest.approx(0)
    assert calibration_error(shares, np.array([0] * 5 + [1] * 5), bins=1) == pytest.approx(0.3)


def test_the_four_causes_are_measured_with_and_without_the_other_threads() -> None:
    truth = np.array([CAUSES.index(name) for name in ("defect", "design", "external", "knowledge", "request")])
    shares = np.eye(6)[[0, 1, 2, 3, 3]]
    found = figures(shares, truth, CAUSES)
    assert found["macro_f1_of_four_on_their_threads"] == 1
    assert found["macro_f1_of_four"] == pytest.approx((3 + 2 / 3) / 4)
    assert found["accuracy"] == pytest.approx(0.8)


def test_the_gain_is_the_paired_difference_and_nothing_against_itself() -> None:
    truth = np.array([0, 0, 0, 1] * 25)
    right, wrong = np.eye(6)[truth], np.eye(6)[np.zeros(100, int)]
    found = gain([right], [wrong], truth, STAGES)
    assert found["gain"] == pytest.approx(0.25)
    assert found["gain_low"] < 0.25 < found["gain_high"]
    assert set(gain([right], [right], truth, STAGES).values()) == {0.0}


def test_folds_deal_every_label_out_evenly() -> None:
    truth = np.array([0] * 10 + [1] * 5)
    folds = stratified_folds(truth, 5, seed=1)
    for fold in range(5):
        assert sorted(truth[folds == fold]) == [0, 0, 1]


def test_overconfident_logits_get_a_temperature_above_one() -> None:
    logits = np.array([[4.0, 0.0]] * 10)
    assert best_temperature(logits, [0] * 7 + [1] * 3) > 2
    assert best_temperature(logits / 4, [0] * 10) == pytest.approx(0.5)


def test_a_choice_is_learned_from_what_it_was_chosen_among() -> None:
    rng = np.random.default_rng(0)
    # The second column is larger in whole choices, which says nothing of which row was chosen.
    choices = [np.stack([rng.normal(size=5), np.full(5, rng.normal() * 9)], axis=1) for _ in range(60)]
    chosen = [np.eye(5)[int(np.argmax(choice[:, 0]))] for choice in choices]
    weights = fit_choice(choices, chosen, strength=10.0)
    assert weights[0] > 3
    assert abs(weights[1]) < 1e-6
    assert all(int(np.argmax(c @ weights)) == int(np.argmax(s)) for c, s in zip(choices, chosen, strict=True))


def test_further_labels_are_ids_and_known_labels_and_nothing_else() -> None:
    header, *rows = LABELS.read_text(encoding="utf-8").splitlines()
    assert header == "id,cause,secondary,stage"
    cells = [row.split(",") for row in rows]
    assert len({row[0] for row in cells}) == len(rows) == 1560
    assert all(cause in CAUSES and second in ("", *CAUSES) and stage in STAGES for _, cause, second, stage in cells)


@pytest.mark.skipif(BENCH is None, reason="WAYPOST_BENCH is not set: the benchmark's threads are not here")
def test_every_further_label_finds_its_thread() -> None:
    examples = further_examples(Path(BENCH or "") / "thunderbird")
    assert len(examples) == 1560
    assert all(example.contact.text or example.contact.title for example in examples)
