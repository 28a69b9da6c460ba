from __future__ import annotations

import numpy as np
import pytest

from assistant.gaps.effect import comparable, measured_effect
from eval.effect_report import World, simulated


def test_the_worked_example_of_the_rate_ratio_holds() -> None:
    counts = np.array([20, 20, 20, 20, 4, 4, 4, 4])
    untouched = np.tile(np.array([500, 500, 500, 500, 400, 400, 400, 400]), (6, 1))
    effect = measured_effect(counts, untouched, np.full(8, 1000.0), shipped=4)
    assert effect.untouched == pytest.approx(0.8, abs=0.001)
    assert effect.ratio == pytest.approx(0.25, abs=0.01)
    assert effect.verdict == "fewer contacts"
    assert effect.high is not None
    assert effect.high < 1


def test_what_happens_to_everybody_is_no_effect() -> None:
    rng = np.random.default_rng(0)
    level = np.where(np.arange(30) < 20, 30, 15)
    rows = rng.poisson(level, (12, 30))
    effect = measured_effect(rows[0], rows[1:], np.full(30, 1000.0), shipped=20)
    assert effect.verdict == "no clear change"


def test_three_weeks_after_are_not_enough_data_yet() -> None:
    effect = measured_effect(np.full(23, 20), np.full((8, 23), 20), np.full(23, 1000.0), shipped=20)
    assert effect.verdict == "not enough data yet"
    assert effect.ratio is None
    assert effect.rate_before == pytest.approx(0.02)


def test_few_contacts_after_a_good_fix_do_not_count_as_missing_data() -> None:
    counts = np.concatenate([np.full(20, 10), np.zeros(8, dtype=np.int64)])
    effect = measured_effect(counts, np.full((8, 28), 10), np.full(28, 1000.0), shipped=20)
    assert effect.verdict == "fewer contacts"


def test_a_theme_picked_at_its_peak_is_warned_about_and_corrected() -> None:
    counts = np.array([10] * 16 + [30] * 4 + [10] * 8)
    untouched = np.full((8, 28), 10)
    effect = measured_effect(counts, untouched, np.full(28, 1000.0), shipped=20, picked=19)
    assert "picked at its peak" in effect.warnings
    assert effect.ratio == pytest.approx(1.0, abs=0.01)
    assert effect.uncorrected is not None
    assert effect.uncorrected < 0.6
    assert effect.verdict == "no clear change"


def test_missing_controls_are_said() -> None:
    effect = measured_effect(np.full(28, 10), np.zeros((0, 28), dtype=np.int64), np.full(28, 1000.0), shipped=20)
    assert effect.warnings == ("no comparable themes",)
    assert effect.untouched == pytest.approx(1.0)


def test_comparable_themes_are_of_like_volume_and_untouched() -> None:
    history = np.array([[10] * 10, [11] * 10, [100] * 10, [9] * 10, [8] * 10])
    assert comparable(history, 0, touched=[3]) == (1, 4)


def test_fixes_without_effect_are_rarely_called_effective() -> None:
    result = simulated(400, true_ratio=1.0, picked="at random", world=World())
    assert 0.02 <= result.significant <= 0.08


def test_the_interval_holds_a_known_effect() -> None:
    result = simulated(400, true_ratio=0.6, picked="at random", world=World())
    assert 0.92 <= result.covered <= 0.98


def test_the_correction_removes_most_of_the_bias_of_a_theme_picked_at_its_peak() -> None:
    result = simulated(300, true_ratio=1.0, picked="rise", world=World())
    assert result.warned > 0.95
    assert result.bias_uncorrected < -0.06
    assert abs(result.bias) < 0.04
