"""What a theme costs, and its place on the list: arithmetic that a person can redo with pen and paper.

After `themes` and `trend`, before the weekly list. Nothing here is learned or weighted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A quantity that is not known exactly: usually `typical`, nine times in ten between `low` and `high`.

    All three are positive and in order; anything else is refused with ValueError.
    """

    low: float
    typical: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.typical <= self.high:
            raise ValueError(
                f"expected 0 < low <= typical <= high, found {self.low}, {self.typical}, {self.high}: "
                "give the low, the usual and the high value, in this order"
            )


@dataclass(frozen=True, slots=True)
class Load:
    """What a theme brought in one period. `people` are distinct; None where nobody knows who wrote.

    `minutes` is the handle time per contact where this theme's own was measured, else None.
    """

    theme_id: str
    contacts: int
    people: int | None = None
    minutes: Spread | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """One line of the list. `cost` is in the currency of the rate; None when there were no contacts.

    `share` is of all contacts of the period, in [0, 1]; `rank` starts at 1; `moved` is last period's rank
    less this one (positive: up the list), None for a theme that was not on it.
    """

    theme_id: str
    contacts: int
    people: int | None
    share: float
    cost: Spread | None
    rank: int
    moved: int | None


def cost(contacts: int, minutes: Spread, hourly_rate: Spread) -> Spread | None:
    """Contacts x minutes / 60 x rate, with a range that holds nine times in ten; None for no contacts.

    Minutes and rate are wrong independently of each other, so their spreads, as ratios to the typical
    value, add like the sides of a right angle on the logarithmic scale. (Low x low would be too far down.)

    Worked example: 120 contacts of 9 minutes (6 to 14) at 42 an hour (36 to 50). Typical: 120 x 9 / 60 x 42
    = 756. Up: ln(14 / 9) = 0.442 and ln(50 / 42) = 0.174, together sqrt(0.442^2 + 0.174^2) = 0.475, so
    756 x e^0.475 = 1,216. Down: ln(9 / 6) = 0.405 and ln(42 / 36) = 0.154, together 0.434, so
    756 / e^0.434 = 490.
    """
    if contacts <= 0:
        return None
    typical = contacts * minutes.typical / 60 * hourly_rate.typical
    up = math.hypot(math.log(minutes.high / minutes.typical), math.log(hourly_rate.high / hourly_rate.typical))
    down = math.hypot(math.log(minutes.typical / minutes.low), math.log(hourly_rate.typical / hourly_rate.low))
    return Spread(typical / math.exp(down), typical, typical * math.exp(up))


def ranked(
    loads: Sequence[Load],
    *,
    all_contacts: int,
    minutes: Spread,
    hourly_rate: Spread,
    last_period: Sequence[str] = (),
) -> tuple[Impact, ...]:
    """The list, most costly first: typical cost, then contacts, then people, then the id decide.

    `minutes` holds for themes without their own; `all_contacts` are those of the period, with and without
    a theme; `last_period` are the ids in last period's order.

    Worked example: 30 contacts of 20 minutes go before 50 contacts of 10, since 600 minutes are more than 500.
    """
    costs = {load.theme_id: cost(load.contacts, load.minutes or minutes, hourly_rate) for load in loads}
    order = sorted(loads, key=lambda load: _rank_key(load, costs[load.theme_id]))
    before = {theme_id: place for place, theme_id in enumerate(last_period, start=1)}
    return tuple(
        Impact(
            theme_id=load.theme_id,
            contacts=load.contacts,
            people=load.people,
            share=load.contacts / all_contacts if all_contacts else 0.0,
            cost=costs[load.theme_id],
            rank=place,
            moved=before[load.theme_id] - place if load.theme_id in before else None,
        )
        for place, load in enumerate(order, start=1)
    )


def _rank_key(load: Load, price: Spread | None) -> tuple[float, int, int, str]:
    return (-(price.typical if price else 0.0), -load.contacts, -(load.people or 0), load.theme_id)
