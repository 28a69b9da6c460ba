"""Records of the gap log in words, beside the labels of `assistant.wording`; shared by digest, brief and exports."""

from __future__ import annotations

from datetime import date

from assistant.gaps.effect import Effect
from assistant.gaps.impact import Spread
from assistant.gaps.records import Judged, Period, WeekOfTheme
from assistant.wording import (
    CAUSES,
    STATUSES,
    cause_name,
    channel_name,
    counted,
    movement,
    one_line,
    share,
    stage_name,
    two_figures,
)

__all__ = [
    "CAUSES",
    "QUOTE_WORDS",
    "STATUSES",
    "against_expected",
    "cause_name",
    "change",
    "channel_name",
    "counted",
    "day",
    "days",
    "effect_words",
    "judged",
    "money",
    "movement",
    "one_line",
    "share",
    "stage_name",
    "two_figures",
]

QUOTE_WORDS = 20
_WARNINGS = {
    "picked at its peak": (
        "It was chosen when it stood high, so part of a fall comes by itself; that part is taken out here."
    ),
    "no comparable themes": "There was no untouched theme of like size to hold it against.",
    "few comparable themes": "Few untouched themes of like size were there to hold it against.",
}


def judged(value: Judged, name: str) -> str:
    """A label with how sure: "Design, 62 %", or who decided: "Design, says ann"."""
    if not value.label:
        return "not judged yet"
    return f"{name}, says {value.by}" if value.by else f"{name}, {share(value.probability)}"


def money(cost: Spread | None, currency: str) -> str:
    """A cost as a range: "EUR 120 to 410"; words where there is none."""
    return f"{currency} {two_figures(cost.low)} to {two_figures(cost.high)}" if cost else "no cost"


def against_expected(week: WeekOfTheme) -> str:
    """A week beside its history: "22 contacts, 4 to 12 expected"."""
    if week.low is None or week.high is None:
        return f"{counted(week.contacts, 'contact')}, too little history to expect a number"
    return f"{counted(week.contacts, 'contact')}, {week.low} to {week.high} expected"


def change(now: int, before: int) -> str:
    """This period against the one before: "9 % more than the week before (378)"."""
    if before == 0:
        return "none the week before"
    difference = (now - before) / before
    if abs(difference) < 0.005:
        return f"as many as the week before ({before:,})"
    return f"{abs(difference):.0%} {'more' if difference > 0 else 'fewer'} than the week before ({before:,})".replace(
        "%", " %"
    )


def effect_words(effect: Effect, untouched: int) -> str:
    """What a fix did, in one or two sentences.

    Worked example: ratio 0.6, interval 0.45 to 0.8, 18 untouched themes: "40 % fewer contacts than without it
    (95 % sure: 55 % fewer to 20 % fewer), against 18 untouched themes."
    """
    if effect.ratio is None or effect.low is None or effect.high is None:
        return f"Not enough data yet: {counted(effect.weeks_after, 'week')} since it shipped."
    held = f", against {counted(untouched, 'untouched theme')}" if untouched else ""
    sure = f"95 % sure: {_factor(effect.low)} to {_factor(effect.high)}"
    said = f"{_factor(effect.ratio)} contacts than without it ({sure}){held}."
    if effect.verdict == "no clear change":
        said = f"No clear change: {said}"
    return said + "".join(f" {_WARNINGS[w]}" for w in effect.warnings if w in _WARNINGS)


def _factor(ratio: float) -> str:
    percent = round(100 * abs(1 - ratio))
    return "as many" if percent == 0 else f"{percent} % {'fewer' if ratio < 1 else 'more'}"


def day(value: date) -> str:
    """A date: "23 Jul 2024"."""
    return f"{value.day} {value:%b %Y}"


def days(period: Period) -> str:
    """From one day to another: "22 to 28 July 2024"."""
    first, last = period.first, period.last
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B %Y}"
    start = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{start} to {last.day} {last:%B %Y}"
