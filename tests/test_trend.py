from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from assistant.gaps.trend import expected_weeks, spikes, week_of, weekly_counts


def test_the_worked_example_of_the_expected_range_holds() -> None:
    history = np.full((1, 10), 4)
    (expected,) = expected_weeks(history, [200.0] * 10, 250.0)
    assert expected.mean == pytest.approx(40.5 / 2000 * 250)
    assert expected.low <= 1
    assert 9 <= expected.high <= 12
    assert expected.dispersion >= 1


def test_the_range_holds_about_ninety_five_of_a_hundred_quiet_weeks() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(rng.gamma(16.0, 0.5, (2000, 1)) * rng.gamma(8.0, 1 / 8.0, (2000, 21)))
    expected = expected_weeks(counts[:, :-1], [1.0] * 20, 1.0)
    inside = [e.low <= now <= e.high for e, now in zip(expected, counts[:, -1], strict=True)]
    assert 0.93 <= np.mean(inside) <= 0.98


def test_a_theme_that_triples_is_a_spike_and_the_others_are_not() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(10, (30, 20))
    counts[7, -1] = 32
    found = spikes(counts, counts.sum(axis=0).tolist())
    assert [spike.theme for spike in found] == [7]
    assert found[0].ratio > 2.5
    assert found[0].count > found[0].expected.high


def test_a_busy_week_for_everybody_is_no_spike() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(10, (30, 20))
    counts[:, -1] *= 3
    assert spikes(counts, counts.sum(axis=0).tolist()) == ()


def test_quiet_quarters_raise_less_than_one_false_alarm() -> None:
    rng = np.random.default_rng(2)
    rates = np.exp(rng.normal(1, 1, 60))
    alarms = 0
    quarters = 20
    for _ in range(quarters):
        counts = rng.poisson(rates[:, None] * rng.normal(1, 0.1, 39)[None, :].clip(0.5))
        for week in range(27, 40):
            alarms += len(spikes(counts[:, :week], counts[:, :week].sum(axis=0).tolist()))
    assert alarms / quarters <= 1


def test_a_theme_with_too_little_history_is_not_judged() -> None:
    assert spikes(np.array([[0, 0, 0, 50]]), [100.0, 100.0, 100.0, 150.0]) == ()


def test_contacts_are_counted_per_theme_and_week_and_those_without_a_theme_are_not() -> None:
    counts = weekly_counts(np.array([0, 1, 1, 2]), np.array([0, 0, -1, 1]), themes=2, span=3)
    assert counts.tolist() == [[1, 1, 0], [0, 0, 1]]


def test_a_week_is_named_by_its_iso_year() -> None:
    assert week_of(date(2024, 7, 22)) == "2024-W30"
    assert week_of(date(2024, 12, 30)) == "2025-W01"


def test_weeks_without_any_contact_expect_none_and_say_nothing_about_scatter() -> None:
    history = np.asarray([[3, 0, 4, 0, 2, 3], [0, 0, 0, 0, 0, 0]])
    exposure = [10.0, 0.0, 10.0, 0.0, 10.0, 10.0]
    silent = expected_weeks(history, exposure, 0.0)
    assert [(e.mean, e.low, e.high) for e in silent] == [(0.0, 0, 0), (0.0, 0, 0)]
    shut = expected_weeks(history, exposure, 10.0)
    opened = expected_weeks(history[:, [0, 2, 4, 5]], [10.0] * 4, 10.0)
    assert shut == opened
    silent_counts = np.hstack([history, [[0], [0]]])
    assert spikes(silent_counts, [*exposure, 0.0]) == ()
    assert [s.theme for s in spikes(np.hstack([history, [[9], [0]]]), [*exposure, 10.0])] == [0]
