from __future__ import annotations

import pytest

from assistant.gaps.impact import Load, Spread, cost, ranked

MINUTES = Spread(6, 9, 14)
RATE = Spread(36, 42, 50)


def test_the_worked_example_of_the_cost_holds() -> None:
    price = cost(120, MINUTES, RATE)
    assert price is not None
    assert price.typical == pytest.approx(756)
    assert price.high == pytest.approx(1216, abs=1)
    assert price.low == pytest.approx(490, abs=1)


def test_no_contacts_have_no_cost() -> None:
    assert cost(0, MINUTES, RATE) is None


def test_a_spread_out_of_order_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="in this order"):
        Spread(9, 6, 14)


def test_longer_contacts_can_go_before_more_contacts() -> None:
    loads = [Load("many", 50, 40, Spread(8, 10, 12)), Load("long", 30, 30, Spread(15, 20, 25))]
    first, second = ranked(loads, all_contacts=200, minutes=MINUTES, hourly_rate=RATE, last_period=["many", "long"])
    assert (first.theme_id, first.rank, first.moved) == ("long", 1, 1)
    assert (second.theme_id, second.rank, second.moved) == ("many", 2, -1)
    assert first.share == pytest.approx(0.15)


def test_equal_costs_are_ordered_by_people_and_then_by_id() -> None:
    loads = [Load("b", 10, 5), Load("a", 10, 5), Load("c", 10, 9)]
    order = ranked(loads, all_contacts=30, minutes=MINUTES, hourly_rate=RATE)
    assert [line.theme_id for line in order] == ["c", "a", "b"]
    assert all(line.moved is None for line in order)
