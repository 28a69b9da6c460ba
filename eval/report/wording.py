"""How numbers and findings are worded, the same in every form of the report."""

from __future__ import annotations

from eval.figures import Figure, Unit
from eval.metrics.intervals import Difference
from eval.studies.study import Growth

MISSING = "not defined"


def number(value: float | None, unit: Unit) -> str:
    """Return a value as people read it: shares with three digits, milliseconds without needless ones.

    >>> number(0.52239, "share"), number(44.61, "ms"), number(1234.5, "ms"), number(None, "share")
    ('0.522', '45 ms', '1.23 s', 'not defined')
    >>> number(2410.2, "MB"), number(61.27, "MB"), number(84.2, "rate")
    ('2.41 GB', '61 MB', '84 /s')
    """
    if value is None:
        return MISSING
    if unit == "ms":
        return _duration(value)
    if unit == "MB":
        return f"{value / 1000:.3g} GB" if value >= 1000 else f"{value:.0f} MB"
    if unit == "rate":
        return f"{value:,.0f} /s"
    if unit == "cost":
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return f"{value:.3f}".replace("-", "\u2212") if round(value, 3) else "0.000"


def _duration(ms: float) -> str:
    if ms >= 600_000:
        return f"{ms / 60_000:.0f} min"
    if ms >= 1000:
        return f"{ms / 1000:.3g} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.2g} ms"


def interval(figure: Figure) -> str:
    """Return the 95 % interval, "" where there is none."""
    estimate = figure.estimate
    if estimate.low is None or estimate.high is None:
        return ""
    if figure.unit == "ms":
        return f"{number(estimate.low, 'ms')} to {number(estimate.high, 'ms')}"
    return f"{number(estimate.low, figure.unit)} to {number(estimate.high, figure.unit)}"


def finding(difference: Difference) -> str:
    """Return what a paired difference shows, in two words.

    >>> finding(Difference(0.1, 0.05, 0.15, 0.001, 100, 30, 10)), finding(Difference(0.1, -0.05, 0.2, 0.2, 9, 3, 1))
    ('better', 'no difference shown')
    """
    if difference.low is None or difference.high is None:
        return MISSING
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "no difference shown"


def signed(value: float | None) -> str:
    """Return a difference with its sign.

    >>> signed(0.0714), signed(None)
    ('+0.071', 'not defined')
    """
    return MISSING if value is None else f"{value:+.3f}".replace("-", "\u2212")


def probability(value: float | None) -> str:
    """Return a p-value, never as zero.

    >>> probability(0.0004), probability(0.25), probability(None)
    ('< 0.001', '0.250', 'not defined')
    """
    if value is None:
        return MISSING
    return "< 0.001" if value <= 0.001 else f"{value:.3f}"


def place(value: int | None) -> str:
    """Return a place in the list as words.

    >>> place(1), place(None)
    ('1', 'not found')
    """
    return "not found" if value is None else str(value)


def at_size(line: Growth, size: int) -> str:
    """Return what a measure was at a size, a dash where it was not taken.

    >>> at_size(Growth("ours", "query p50", "ms", (1000,), (20.4,), None), 1000)
    '20 ms'
    """
    return next(
        (number(value, line.unit) for at, value in zip(line.sizes, line.values, strict=True) if at == size), "\u2013"
    )


def exponent(line: Growth) -> str:
    """Return the growth exponent with two digits, a dash where one size cannot tell."""
    return "\u2013" if line.exponent is None else f"{line.exponent + 0.0:.2f}".replace("-", "\u2212")


def test_and_metric(figure: Figure) -> tuple[str, str]:
    """Return the two halves of a figure's name, the test "" when the name has one half only."""
    test, _, metric = figure.name.rpartition(": ")
    return test, metric
