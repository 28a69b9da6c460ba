"""How many contacts a theme should have had this week by its own history, and which weeks stand out.

After `themes`: weekly counts per theme go in, expected ranges and spikes come out. All contacts of a week
are the exposure, so a busy week for everybody is not a spike of every theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy import stats

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FALSE_DISCOVERY_RATE = 0.05
HISTORY_WEEKS = 26
MIN_HISTORY = 4
_MIN_COUNT = 5  # fewer are no news, and a theme may have been formed of them this very week
_DISPERSION_PRIOR = 10  # weeks' worth of "as uneven as the other themes"
_RATE_PRIOR = 0.5  # contacts: a theme never seen before is rare, not impossible


@dataclass(frozen=True, slots=True)
class Expected:
    """What history leads one to expect of one week: `mean` contacts, 95 % of the time `low` to `high` of them.

    `dispersion` is the variance over that of a Poisson count, at least 1.
    """

    mean: float
    low: int
    high: int
    dispersion: float


@dataclass(frozen=True, slots=True)
class Spike:
    """A theme's week beyond what history explains: `theme` is its row, `p_value` one-sided, before correction."""

    theme: int
    count: int
    expected: Expected
    p_value: float

    @property
    def ratio(self) -> float:
        """Contacts over expected contacts."""
        return self.count / self.expected.mean


def week_of(day: date) -> str:
    """The ISO week of a day, as in "2024-W30"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def weekly_counts(weeks: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], *, themes: int, span: int) -> Counts:
    """Contacts per theme and week, shape `(themes, span)`.

    `weeks` holds each contact's week (0 .. span-1), `labels` its theme (0 .. themes-1, -1 for none).
    """
    inside = labels >= 0
    counts = np.zeros((themes, span), dtype=np.int64)
    np.add.at(counts, (labels[inside], weeks[inside]), 1)
    return counts


def expected_weeks(history: Counts, exposure: Sequence[float], exposure_now: float) -> tuple[Expected, ...]:
    """One `Expected` per row of `history`, shape `(themes, weeks)`, for a week of `exposure_now` contacts in all.

    mean = (sum of counts + 0.5) / (sum of exposure) x exposure now. The variance is dispersion x mean x
    (1 + exposure now / sum of exposure): scatter of the week itself, and of the rate that it is held
    against. The range is that of a negative binomial with this mean and variance.

    Worked example: 40 contacts in 10 weeks of 200 in all; this week has 250. The mean is 40.5 / 2,000 x 250
    = 5.06; with dispersion 1.2 the variance is 1.2 x 5.06 x 1.125 = 6.83, and the range 1 to 11.
    A week without any contact expects none, 0 to 0; the sum of exposure must be positive.
    """
    exposures = np.asarray(exposure, dtype=np.float64)
    rate = (history.sum(axis=1) + _RATE_PRIOR) / exposures.sum()
    mean = rate * exposure_now
    dispersion = _dispersion(history, exposures)
    low, high = _range(mean, dispersion, exposure_now / exposures.sum()) if exposure_now > 0 else (mean, mean)
    return tuple(
        Expected(float(m), int(lo), int(hi), float(d)) for m, lo, hi, d in zip(mean, low, high, dispersion, strict=True)
    )


def spikes(
    counts: Counts, exposure: Sequence[float], *, false_discovery_rate: float = FALSE_DISCOVERY_RATE
) -> tuple[Spike, ...]:
    """Themes whose last week stands out against the weeks before it, the least likely first.

    `counts` has shape `(themes, weeks)`, the last column being the week in question; up to 26 weeks before
    it are used and at least 4 are needed. The p-value is the chance of so many contacts or more;
    Benjamini-Hochberg over all themes keeps the share of false spikes at `false_discovery_rate`, which is
    also the chance of any spike in a week in which nothing happened: 0.65 expected per quarter at 0.05.
    """
    past = counts[:, :-1][:, -HISTORY_WEEKS:]
    exposures = list(exposure[:-1])[-HISTORY_WEEKS:]
    if past.shape[1] < MIN_HISTORY or len(counts) == 0 or sum(exposures) <= 0 or exposure[-1] <= 0:
        return ()
    now = counts[:, -1]
    expected = expected_weeks(past, exposures, exposure[-1])
    mean = np.asarray([e.mean for e in expected])
    dispersion = np.asarray([e.dispersion for e in expected])
    p_values = stats.nbinom.sf(now - 1, *_negative_binomial(mean, dispersion, exposure[-1] / sum(exposures)))
    discovered = stats.false_discovery_control(p_values) <= false_discovery_rate
    rows = np.flatnonzero(discovered & (now >= _MIN_COUNT))
    found = [Spike(int(r), int(now[r]), expected[r], float(p_values[r])) for r in rows]
    return tuple(sorted(found, key=lambda spike: (spike.p_value, spike.theme)))


def _dispersion(history: Counts, exposures: Floats) -> Floats:
    """Pearson's chi-square over degrees of freedom, drawn towards the mean of all themes, at least 1.

    Weeks without any contact say nothing about how unevenly a theme's contacts come.
    """
    open_weeks = exposures > 0
    history, exposures = history[:, open_weeks], exposures[open_weeks]
    fitted = (history.sum(axis=1) + _RATE_PRIOR)[:, None] * exposures[None, :] / exposures.sum()
    scatter = ((history - fitted) ** 2 / fitted).sum(axis=1)
    freedom = max(history.shape[1] - 1, 1)
    usual = max(float(scatter.mean()) / freedom, 1.0)
    drawn = (scatter + _DISPERSION_PRIOR * usual) / (freedom + _DISPERSION_PRIOR)
    return np.asarray(np.maximum(drawn, 1.0), dtype=np.float64)


def _range(mean: Floats, dispersion: Floats, exposure_share: float) -> tuple[Floats, Floats]:
    successes, chance = _negative_binomial(mean, dispersion, exposure_share)
    return stats.nbinom.ppf(0.025, successes, chance), stats.nbinom.ppf(0.975, successes, chance)


def _negative_binomial(mean: Floats, dispersion: Floats, exposure_share: float) -> tuple[Floats, Floats]:
    """Parameters of the count with this mean and with variance `dispersion x mean x (1 + exposure_share)`."""
    factor = np.maximum(dispersion * (1 + exposure_share), 1 + 1e-9)
    return mean / (factor - 1), 1 / factor
