"""Numbers and labels of the gap log as a designer reads them; shared by digest, brief and exports.

A range is rounded to two figures: more would claim to know it better than it is known.
"""

from __future__ import annotations

import math
import re
from datetime import date

from assistant.gaps.effect import Effect
from assistant.gaps.impact import Spread
from assistant.gaps.records import Judged, Period, WeekOfTheme

CAUSES = {
    "defect": "Defect",
    "design": "Design",
    "knowledge": "Documentation",
    "external": "Outside",
    "request": "Request",
    "unclear": "Unclear",
}
STAGES = {
    "learn": "Learning about it",
    "order": "Ordering",
    "refund": "Refund",
    "get": "Getting it",
    "download": "Downloading",
    "install": "Installing",
    "install_update": "Installing or updating",
    "set_up": "Setting up",
    "use": "Using",
    "move_leave": "Moving or leaving",
    "contact": "Contacting support",
}
STATUSES = {
    "new": "New",
    "accepted": "Accepted",
    "in_progress": "In progress",
    "shipped": "Shipped",
    "measured": "Measured",
    "dismissed": "Dismissed",
}
QUOTE_WORDS = 20
_WARNINGS = {
    "picked at its peak": (
        "It was chosen when it stood high, so part of a fall comes by itself; that part is taken out here."
    ),
    "no comparable themes": "There was no untouched theme of like size to hold it against.",
    "few comparable themes": "Few untouched themes of like size were there to hold it against.",
}
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff"  # control characters, lone halves of a pair
    "\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff]+"  # invisible ones, and those that turn the direction
)


def cause_name(label: str) -> str:
    """A cause in words: "knowledge" is shown as "Documentation"."""
    return CAUSES.get(label, _in_words(label))


def stage_name(label: str) -> str:
    """A journey stage in words; a desk's own stages are shown as it wrote them."""
    return STAGES.get(label, _in_words(label))


def channel_name(channel: str) -> str:
    """A channel in words."""
    return channel.replace("_", " ") or "channel unknown"


def judged(value: Judged, name: str) -> str:
    """A label with how sure: "Design, 62 %", or who decided: "Design, says ann"."""
    if not value.label:
        return "not judged yet"
    return f"{name}, says {value.by}" if value.by else f"{name}, {share(value.probability)}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 contact", "1,204 contacts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share(value: float) -> str:
    """A share in [0, 1] as per cent, with one decimal below ten.

    >>> share(0.098), share(0.62), share(0.0004)
    ('9.8 %', '62 %', 'under 0.1 %')
    """
    percent = 100 * value
    if 0 < percent < 0.1:
        return "under 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"


def two_figures(value: float) -> str:
    """A positive amount rounded to two figures, with thousands apart.

    >>> two_figures(215.2), two_figures(1216), two_figures(7.04)
    ('220', '1,200', '7')
    """
    if value <= 0:
        return "0"
    digits = max(math.floor(math.log10(value)) - 1, 0)
    return f"{round(value, -digits):,.0f}"


def money(cost: Spread | None, currency: str) -> str:
    """A cost as a range: "EUR 120 to 410"; words where there is none."""
    return f"{currency} {two_figures(cost.low)} to {two_figures(cost.high)}" if cost else "no cost"


def movement(moved: int | None) -> str:
    """Places won or lost since the list before: "up 2", "down 1", "same place", "new"."""
    if moved is None:
        return "new"
    return "same place" if moved == 0 else f"{'up' if moved > 0 else 'down'} {abs(moved)}"


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


def one_line(text: str, most_words: int | None = None) -> str:
    """Text from outside on one line, without characters that steer a terminal or turn the writing direction.

    With `most_words` it is cut there, with an ellipsis.
    """
    words = _UNSEEN.sub("", text).split()
    if most_words is not None and len(words) > most_words:
        return " ".join(words[:most_words]) + " …"
    return " ".join(words)


def _in_words(label: str) -> str:
    words = one_line(label.replace("_", " "))
    return words[:1].upper() + words[1:]
