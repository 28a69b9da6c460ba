"""Labels and numbers in words: what the gap log's causes, stages and counts are called, everywhere the same."""

from __future__ import annotations

import math
import re

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


def status_name(status: str) -> str:
    """A status in words."""
    return STATUSES.get(status, _in_words(status))


def channel_name(channel: str) -> str:
    """A channel in words."""
    return channel.replace("_", " ") or "channel unknown"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 contact", "1,204 contacts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share(value: float) -> str:
    r"""A share in [0, 1] as per cent, with one decimal below ten; the sign never starts a line of its own.

    >>> share(0.098), share(0.62), share(0.0004)
    ('9.8\xa0%', '62\xa0%', 'under 0.1\xa0%')
    """
    percent = 100 * value
    if 0 < percent < 0.1:
        return "under 0.1\u00a0%"
    return f"{percent:.1f}\u00a0%" if 0 < percent < 9.95 else f"{percent:.0f}\u00a0%"


def two_figures(value: float) -> str:
    """A positive amount rounded to two figures, with thousands apart; more would claim to know it better than it is.

    >>> two_figures(215.2), two_figures(1216), two_figures(7.04)
    ('220', '1,200', '7')
    """
    if value <= 0:
        return "0"
    digits = max(math.floor(math.log10(value)) - 1, 0)
    return f"{round(value, -digits):,.0f}"


def movement(moved: int | None) -> str:
    """Places won or lost since the list before: "up 2", "down 1", "same place", "new"."""
    if moved is None:
        return "new"
    return "same place" if moved == 0 else f"{'up' if moved > 0 else 'down'} {abs(moved)}"


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
