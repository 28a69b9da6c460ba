"""The plots, as SVG that takes its colours from the page, so that light and dark need one drawing.

Matplotlib draws with placeholder colours; each is then replaced by a CSS variable of the page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from eval.figures import Figure
from eval.metrics.classification import Confusion
from eval.report.model import Calibration

INK, MUTED, GRID = "#010203", "#040506", "#070809"
SERIES = ("#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04", "#0a0b05", "#0a0b06")
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--line"} | {
    colour: f"--series-{number}" for number, colour in enumerate(SERIES, 1)
}
_WIDTH = 4.2


def _style() -> AbstractContextManager[None]:
    return mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "waypost",
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 10.5,
            "axes.edgecolor": GRID,
            "axes.labelcolor": MUTED,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "text.color": INK,
            "grid.color": GRID,
            "grid.linewidth": 0.8,
            "axes.axisbelow": True,
        }
    )


def _drawn(height: float, label: str, draw: Callable[[Axes], None]) -> str:
    with _style():
        canvas = Canvas(figsize=(_WIDTH, height), layout="constrained")
        canvas.patch.set_alpha(0)
        axes = canvas.add_subplot()
        axes.patch.set_alpha(0)
        draw(axes)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _for_page(buffer.getvalue(), label)


def _for_page(svg: str, label: str) -> str:
    body = svg[svg.index("<svg") :]
    body = re.sub(r'\s(?:width|height)="[\d.]+pt"', "", body, count=2)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    # Two drawings on one page must not share an id, or the second takes the first one's clip path.
    prefix = re.sub(r"\W+", "-", label)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", body)
    for placeholder, variable in _VARIABLES.items():
        body = body.replace(placeholder, f"var({variable})")
    return body.replace("<svg", f'<svg role="img" aria-label="{label}"', 1).strip()


def series_number(system: str, systems: Sequence[str]) -> int:
    """Return which of the page's series colours a system has, from 1."""
    return list(systems).index(system) % len(SERIES) + 1


def _colour(system: str, systems: Sequence[str]) -> str:
    return SERIES[series_number(system, systems) - 1]


def forest(figures: Sequence[Figure], systems: Sequence[str], label: str) -> str:
    """Draw one figure of several systems as points with their intervals, best system first."""
    known = [figure for figure in figures if figure.estimate.value is not None]
    rows = sorted(known, key=lambda figure: figure.estimate.value or 0.0)

    def draw(axes: Axes) -> None:
        for height, figure in enumerate(rows):
            estimate, colour = figure.estimate, _colour(figure.system, systems)
            value = estimate.value if estimate.value is not None else 0.0
            low, high = estimate.low, estimate.high
            if low is not None and high is not None:
                axes.plot([low, high], [height, height], color=colour, linewidth=5, alpha=0.35, solid_capstyle="round")
            axes.plot([value], [height], marker="o", markersize=8, color=colour)
            axes.annotate(
                f"{value:.3f}", (value, height), (0, 9), textcoords="offset points", ha="center", color=INK, fontsize=10
            )
        axes.set_yticks(range(len(rows)), [figure.system for figure in rows])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(-0.6, len(rows) - 0.25)
        axes.grid(axis="x")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.spines["left"].set_visible(False)

    return _drawn(0.75 + 0.52 * len(rows), label, draw)


def reliability(calibration: Calibration, label: str) -> str:
    """Draw stated confidence against the share that was right; a point's size is its number of questions."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        sizes = np.array([row.n for row in calibration.bins], dtype=np.float64)
        stated = [row.confidence for row in calibration.bins]
        right = [row.right for row in calibration.bins]
        axes.vlines(stated, stated, right, color=SERIES[0], alpha=0.4, linewidth=2)
        axes.scatter(stated, right, s=30 + 260 * sizes / sizes.max(initial=1), color=SERIES[0], alpha=0.9, linewidths=0)
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.08), xlabel="stated confidence", ylabel="share that was right")
        axes.grid()

    return _drawn(3.0, label, draw)


def risk_coverage(calibrations: Sequence[Calibration], label: str) -> str:
    """Draw the error rate among the most confident questions against how many are answered."""

    def draw(axes: Axes) -> None:
        for number, calibration in enumerate(calibrations):
            coverage = np.arange(1, len(calibration.risks) + 1) / max(len(calibration.risks), 1)
            colour = SERIES[number % len(SERIES)]
            axes.plot(coverage, calibration.risks, color=colour, linewidth=2, label=calibration.what)
        axes.set(
            xlim=(0, 1.02), ylim=(0, None), xlabel="share of questions answered, surest first", ylabel="error rate"
        )
        axes.grid()
        axes.legend(frameon=False, loc="upper left", labelcolor=INK)

    return _drawn(3.0, label, draw)


def confusion(table: Confusion, label: str) -> str:
    """Draw the confusion as a table of counts, each row shaded by its share."""

    def draw(axes: Axes) -> None:
        sums = np.maximum(table.counts.sum(axis=1, keepdims=True), 1)
        for (row, column), share in np.ndenumerate(table.counts / sums):
            box = Rectangle((column - 0.5, row - 0.5), 1, 1, color=SERIES[0], alpha=0.85 * float(share), lw=0)
            axes.add_patch(box)
            axes.text(column, row, str(table.counts[row, column]), ha="center", va="center", color=INK, fontsize=10)
        names = [str(name) for name in table.labels]
        axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), xlabel="given", ylabel="true")
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[:].set_visible(False)

    return _drawn(3.6, label, draw)


def growth(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float]]], label: str, *, xlabel: str, ylabel: str
) -> str:
    """Draw how something grows with size, both axes logarithmic; one line for each (name, sizes, values)."""

    def draw(axes: Axes) -> None:
        for number, (name, sizes, values) in enumerate(lines):
            axes.plot(sizes, values, marker="o", color=SERIES[number % len(SERIES)], linewidth=2, label=name)
        axes.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
        axes.grid(which="major")
        axes.legend(frameon=False, labelcolor=INK)

    return _drawn(3.0, label, draw)
