"""The metrics against trec_eval, scikit-learn, SciPy, NumPy and our own literal reference, on seeded random cases."""

from __future__ import annotations

import pytest

from eval.agreement.draws import Draw, draw
from eval.check_metrics import OURS, Agreement, Check, agreement, check_metrics, main

RUNS = 150


@pytest.fixture(scope="module")
def rows() -> tuple[Agreement, ...]:
    pytest.importorskip("pytrec_eval", reason="the independent ranking library is not installed")
    return check_metrics(RUNS, seed=11)


def test_every_metric_agrees_with_every_reference_within_a_billionth(rows: tuple[Agreement, ...]) -> None:
    assert [row for row in rows if row.differing] == []
    assert max(row.largest for row in rows) < 1e-9


def test_every_metric_meets_a_reference_on_many_cases(rows: tuple[Agreement, ...]) -> None:
    assert {row.metric for row in rows} == set(OURS)
    assert min(row.compared for row in rows) > RUNS / 3


def test_the_random_cases_hold_the_troubles_that_they_are_for() -> None:
    draws = [draw(11, number) for number in range(RUNS)]
    assert any(not d.ranked for d in draws)
    assert any(not d.relevant for d in draws)
    assert any(len(set(d.ranked)) < len(d.ranked) for d in draws)
    assert any(len(set(d.scores)) < len(d.scores) for d in draws)
    assert any(d.themes and set(d.themes) == {None} for d in draws)


def test_the_same_seed_gives_the_same_case() -> None:
    assert draw(3, 5) == draw(3, 5) != draw(4, 5)


def test_a_metric_that_is_slightly_wrong_is_reported() -> None:
    def slightly_wrong(case: Draw) -> float | None:
        right = OURS["mrr"](case)
        return None if right is None else right + 1e-6

    found = agreement(
        Check("mrr", "itself", slightly_wrong, OURS["mrr"], complete=True), [draw(0, number) for number in range(20)]
    )
    assert found.differing == found.compared > 0


def test_a_metric_that_answers_where_the_reference_says_undefined_is_reported() -> None:
    check = Check("mrr", "itself", lambda case: OURS["mrr"](case) or 0.0, OURS["mrr"], complete=True)
    assert agreement(check, [draw(0, number) for number in range(40)]).differing > 0


def test_the_command_ends_with_zero_when_all_agree(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pytrec_eval", reason="the independent ranking library is not installed")
    assert main(["--runs", "5"]) == 0
    assert "| mrr | trec_eval |" in capsys.readouterr().out
