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
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from eval.figures import Figure
from eval.metrics.classification import Confusion
from eval.report.model import THRESHOLDS, Calibration
from eval.studies.study import Growth

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


def drawn(height: float, label: str, draw: Callable[[Axes], None]) -> str:
    """Return what `draw` puts on the axes as SVG in the page's colours; `label` says it to those who cannot see it."""
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

    return drawn(0.75 + 0.52 * len(rows), label, draw)


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

    return drawn(3.0, label, draw)


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
        _legend(axes, columns=1)

    return drawn(3.0 + 0.2 * (len(calibrations) - 1), label, draw)


def cost_by_threshold(calibration: Calibration, label: str) -> str:
    """Draw what a question costs by the threshold, a line for each price of a wrong draft, the cheapest marked."""

    def draw(axes: Axes) -> None:
        for number, (price, costs) in enumerate(calibration.costs):
            colour, least = SERIES[number % len(SERIES)], int(np.argmin(costs))
            axes.plot(THRESHOLDS, costs, color=colour, linewidth=2, label=f"a wrong draft costs {price:g}")
            axes.plot([THRESHOLDS[least]], [costs[least]], marker="o", markersize=8, color=colour)
            calibrated = price / (1 + price)
            axes.axvline(calibrated, color=colour, linewidth=1, linestyle=(0, (4, 4)), alpha=0.7)
        axes.set(
            xlim=(0, 1.02), ylim=(0, 1.05), xlabel="confidence from which a draft is shown", ylabel="cost of a question"
        )
        axes.grid()
        _legend(axes, columns=1)

    return drawn(3.4, label, draw)


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

    return drawn(3.6, label, draw)


def growth(lines: Sequence[Growth], label: str, ylabel: str, unit: float = 1.0) -> str:
    """Draw how measures grow with the knowledge, both axes logarithmic; values are divided by `unit`.

    A measure has its colour; the first system's lines are solid, others dashed.
    """
    measures, systems = (
        list(dict.fromkeys(names)) for names in zip(*((g.measure, g.system) for g in lines), strict=True)
    )

    def draw(axes: Axes) -> None:
        for line in lines:
            first, colour = line.system == systems[0], SERIES[measures.index(line.measure) % len(SERIES)]
            style = "-" if first else (0, (3, 2))
            name = line.measure if first else "_"
            axes.plot(
                line.sizes,
                np.array(line.values) / unit,
                marker="o",
                markersize=5,
                ls=style,
                color=colour,
                lw=2,
                label=name,
            )
        axes.set(xscale="log", yscale="log", xlabel="passages", ylabel=ylabel)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=8))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(_round))
        axes.minorticks_off()
        axes.grid(which="major")
        _legend(axes, columns=columns)

    columns = 1 if max(map(len, measures)) > 18 else 2
    return drawn(3.0 + 0.22 * -(-len(measures) // columns), label, draw)


def _legend(axes: Axes, *, columns: int) -> None:
    """The names below the drawing, where they cover nothing."""
    canvas = axes.get_figure(root=True)
    if canvas is not None:
        canvas.legend(loc="outside lower center", ncols=columns, frameon=False, labelcolor=INK)


def shares(figures: Sequence[Figure], label: str) -> str:
    """Draw shares of one whole as one bar, each with its name and number below."""

    def draw(axes: Axes) -> None:
        left = 0.0
        for place, figure in enumerate(figures):
            value = figure.estimate.value or 0.0
            axes.barh([0], [value], left=left, height=0.5, color=SERIES[place % len(SERIES)], alpha=0.85)
            axes.annotate(f"{value:.0%}", (left + value / 2, 0.32), ha="center", va="bottom", color=INK)
            axes.annotate(figure.name, (left + value / 2, -0.32), ha="center", va="top", color=MUTED)
            left += value
        axes.set(xlim=(0, 1), ylim=(-0.8, 0.8))
        axes.axis("off")

    return drawn(1.1, label, draw)


def _round(value: float, _place: int | None = None) -> str:
    """A tick's number, short.

    >>> _round(300_000), _round(10), _round(0.5)
    ('300k', '10', '0.5')
    """
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
