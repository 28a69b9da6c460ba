"""The measure of growth tells linear code from quadratic code, so a test that uses it can fail."""

from __future__ import annotations

import doctest

import scaling
from scaling import BELOW_QUADRATIC, growth


def test_the_worked_examples_of_growth_are_right() -> None:
    found = doctest.testmod(scaling)
    assert found.attempted > 0
    assert found.failed == 0


def test_a_linear_scan_a_quadratic_one_and_a_capped_one_are_told_apart() -> None:
    def cut_each_time(text: str) -> None:
        while text:
            text = text[1:]

    assert growth(str.split, lambda size: "a " * size, 50_000, 400_000) < BELOW_QUADRATIC
    assert growth(cut_each_time, lambda size: "a" * size, 10_000, 80_000) > BELOW_QUADRATIC
    assert growth(lambda text: text[:2_000].split(), lambda size: "a " * size, 2_000, 16_000) < 0.5
