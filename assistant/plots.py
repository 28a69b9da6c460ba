"""Small plots as SVG text: weekly contacts, the range that history leads one to expect, spikes, and fixes.

Made of numbers and escaped words only, so digest and board can put them into a page as they stand. Colours come
from the page's style sheet through the classes `plot-range`, `plot-line`, `plot-spike`, `plot-fix`, `plot-grid`
and `plot-word`; what is drawn is also said in the picture's title.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 34.0, 10.0, 16.0, 22.0


@dataclass(frozen=True, slots=True)
class Week:
    """One point: `low` and `high` bound what was expected, None where history is too short."""

    name: str
    contacts: int
    low: int | None = None
    high: int | None = None
    spike: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A fix that shipped in a week, with the letter that the text beside the plot explains."""

    week: str
    letter: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """From week number and contacts to the picture's coordinates."""

    left: float
    top: float
    width: float
    height: float
    weeks: int
    most: float

    def x(self, week: int) -> float:
        """Centre of a week; a single week lies in the middle."""
        return self.left + self.width * (week / (self.weeks - 1) if self.weeks > 1 else 0.5)

    def y(self, contacts: float) -> float:
        """Height of a count, 0 at the bottom."""
        return self.top + self.height * (1 - contacts / self.most)


def sparkline(weeks: Sequence[Week], *, width: int = 96, height: int = 24) -> str:
    """The trend in the size of a word: expected range, line, and a dot on the last week, larger for a spike."""
    if not weeks:
        return ""
    frame = _Frame(3, 3, width - 6, height - 6, len(weeks), _most(weeks))
    last = weeks[-1]
    dot = _circle(frame, len(weeks) - 1, last.contacts, 3 if last.spike else 2, "plot-spike" if last.spike else "")
    inside = f"{_range(weeks, frame)}{_line(weeks, frame)}{dot}"
    return _svg(inside, width, height, _told(weeks), "plot is-small")


def timeline(weeks: Sequence[Week], marks: Sequence[Mark] = (), *, width: int = 640, height: int = 180) -> str:
    """The theme's weeks with a scale, its expected range, its spikes, and an upright line where a fix shipped."""
    if not weeks:
        return ""
    frame = _Frame(
        _MARGIN_LEFT,
        _MARGIN_TOP,
        width - _MARGIN_LEFT - _MARGIN_RIGHT,
        height - _MARGIN_TOP - _MARGIN_BOTTOM,
        len(weeks),
        _most(weeks),
    )
    spikes = "".join(_circle(frame, n, w.contacts, 4, "plot-spike") for n, w in enumerate(weeks) if w.spike)
    inside = (
        f"{_scale(frame)}{_range(weeks, frame)}{_line(weeks, frame)}{spikes}"
        f"{_fixes(weeks, marks, frame)}{_week_names(weeks, frame)}"
    )
    return _svg(inside, width, height, _told(weeks), "plot")


def compared(
    weeks: Sequence[str],
    rates: Sequence[float],
    others: Sequence[float],
    mark: Mark,
    *,
    width: int = 640,
    height: int = 180,
) -> str:
    """Two lines over the same weeks, the theme's rate and that of comparable themes, and where a fix shipped.

    `others` may be empty. Rates of any size: the scale is made of the largest, in steps of 1, 2 or 5.
    """
    if not weeks:
        return ""
    most = max([*rates, *others, 1e-9])
    unit = 10.0 ** (math.floor(math.log10(most)) - 1)
    step = _step(math.ceil(most / unit))
    top = step * math.ceil(most / unit / step)
    frame = _Frame(
        _MARGIN_LEFT, _MARGIN_TOP, width - _MARGIN_LEFT - _MARGIN_RIGHT, height - _MARGIN_TOP - _MARGIN_BOTTOM,
        len(weeks), float(top),
    )  # fmt: skip
    lines = "".join(
        f'<polyline class="{name}" points="{_points([(frame.x(n), frame.y(v / unit)) for n, v in enumerate(values)])}">'
        "</polyline>"
        for name, values in (("plot-other", others), ("plot-line", rates))
        if values
    )
    named = [Week(week, 0) for week in weeks]
    inside = f"{_scale(frame, unit)}{lines}{_fixes(named, [mark], frame)}{_week_names(named, frame)}"
    told = f"Rate a week, {weeks[0]} to {weeks[-1]}: {rates[0]:.3g} in the first, {rates[-1]:.3g} in the last."
    return _svg(inside, width, height, told, "plot")


def _most(weeks: Sequence[Week]) -> float:
    """The top of the scale: a round number of at least every count and every expected range."""
    needed = max(max(w.contacts, w.high or 0) for w in weeks)
    step = _step(needed)
    return float(max(step * -(-needed // step), 1))


def _step(needed: int) -> int:
    """A distance between grid lines of 1, 2 or 5 times a power of ten, so that there are two to five.

    >>> [_step(n) for n in (1, 4, 9, 23, 180)]
    [1, 1, 2, 5, 50]
    """
    power = 1
    while True:
        for factor in (1, 2, 5):
            if needed <= 5 * factor * power:
                return factor * power
        power *= 10


def _range(weeks: Sequence[Week], frame: _Frame) -> str:
    """Where history is known, the band between low and high, one piece for each unbroken run."""
    runs: list[list[tuple[int, int, int]]] = [[]]
    for number, week in enumerate(weeks):
        if week.low is not None and week.high is not None:
            runs[-1].append((number, week.low, week.high))
        elif runs[-1]:
            runs.append([])
    return "".join(_band(run, frame) for run in runs if run)


def _band(run: Sequence[tuple[int, int, int]], frame: _Frame) -> str:
    half = frame.width / max(2 * (frame.weeks - 1), 2) if len(run) == 1 else 0.0
    above = [(frame.x(n) + shift, frame.y(high)) for n, _, high in run for shift in ((-half, half) if half else (0.0,))]
    below = [(frame.x(n) + shift, frame.y(low)) for n, low, _ in run for shift in ((-half, half) if half else (0.0,))]
    return f'<polygon class="plot-range" points="{_points([*above, *reversed(below)])}"></polygon>'


def _line(weeks: Sequence[Week], frame: _Frame) -> str:
    points = _points([(frame.x(n), frame.y(w.contacts)) for n, w in enumerate(weeks)])
    return f'<polyline class="plot-line" points="{points}"></polyline>'


def _scale(frame: _Frame, unit: float = 1.0) -> str:
    step = _step(int(frame.most))
    lines = []
    for value in range(0, int(frame.most) + 1, step):
        y = frame.y(value)
        lines.append(
            f'<line class="plot-grid" x1="{frame.left:.1f}" x2="{frame.left + frame.width:.1f}" '
            f'y1="{y:.1f}" y2="{y:.1f}"></line>'
            f'<text class="plot-word is-end" x="{frame.left - 6:.1f}" y="{y + 4:.1f}">{value * unit:g}</text>'
        )
    return "".join(lines)


def _fixes(weeks: Sequence[Week], marks: Sequence[Mark], frame: _Frame) -> str:
    place = {week.name: number for number, week in enumerate(weeks)}
    drawn = []
    for mark in marks:
        if mark.week in place:
            x = frame.x(place[mark.week])
            drawn.append(
                f'<line class="plot-fix" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top:.1f}" '
                f'y2="{frame.top + frame.height:.1f}"></line>'
                f'<text class="plot-word is-fix" x="{x:.1f}" y="{frame.top - 4:.1f}">{escape(mark.letter)}</text>'
            )
    return "".join(drawn)


def _week_names(weeks: Sequence[Week], frame: _Frame) -> str:
    """The first, the last and up to three weeks between, so that names never touch."""
    count = len(weeks)
    shown = sorted({round(n * (count - 1) / 4) for n in range(5)}) if count > 5 else range(count)
    places = {0: "is-start", count - 1: "is-end"} if count > 1 else {}
    bottom = frame.top + frame.height + 16
    return "".join(
        f'<text class="plot-word {places.get(n, "is-middle")}" x="{frame.x(n):.1f}" y="{bottom:.1f}">'
        f"{escape(weeks[n].name)}</text>"
        for n in shown
    )


def _circle(frame: _Frame, week: int, contacts: int, radius: int, class_: str) -> str:
    x, y = frame.x(week), frame.y(contacts)
    return f'<circle class="plot-dot {class_}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"></circle>'


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _told(weeks: Sequence[Week]) -> str:
    """The plot in words, for those who do not see it."""
    last = weeks[-1]
    expected = f", {last.low} to {last.high} expected" if last.low is not None else ""
    return f"Contacts a week, {weeks[0].name} to {last.name}: {last.contacts} in the last{expected}."


def _svg(inside: str, width: int, height: int, told: str, class_: str) -> str:
    return (
        f'<svg class="{class_}" viewBox="0 0 {width} {height}" role="img" width="{width}" height="{height}">'
        f"<title>{escape(told)}</title>{inside}</svg>"
    )
