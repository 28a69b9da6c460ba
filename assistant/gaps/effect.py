"""Did people stop asking? The contact rate before and after a fix, against themes that nobody touched.

Last step of a fix's life. The estimate is a difference in differences of log rates: the theme's own change
less the change of comparable themes, which carries away what happened to everybody. The interval holds
three sources of doubt: few contacts, weeks that scatter more than chance (overdispersion), and themes that
drift by themselves, as the untouched ones show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Weeks = npt.NDArray[np.bool_]
Verdict = Literal["not enough data yet", "fewer contacts", "more contacts", "no clear change"]
PickedBy = Literal["volume", "rise"]
Warning_ = Literal["picked at its peak", "no comparable themes", "few comparable themes"]

PICK_WEEKS = 4
BEFORE_WEEKS = 30
MIN_WEEKS = 4
MIN_EXPECTED = 10.0
_FEW_CONTROLS = 4
_USUAL_CONTROLS = 20
_PEAK_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fix did. Rates are contacts per unit of exposure; ratios are after over before.

    `ratio` (with its 95 % interval `low` to `high`) is the theme's change over that of untouched themes:
    0.6 means 40 % fewer contacts than without the fix. `uncorrected` is what the usual comparison says, as
    many weeks just before as after; it looks better than it is for a theme picked at its peak. `untouched`
    is the change of the comparable themes. Ratios are None where there is not enough data. Contacts and exposure,
    before and after, are what the rates are made of.
    """

    verdict: Verdict
    ratio: float | None
    low: float | None
    high: float | None
    uncorrected: float | None
    untouched: float | None
    rate_before: float
    rate_after: float
    weeks_before: int
    weeks_after: int
    warnings: tuple[Warning_, ...]
    contacts_before: int = 0
    contacts_after: int = 0
    exposure_before: float = 0.0
    exposure_after: float = 0.0


@dataclass(frozen=True, slots=True)
class _Change:
    """A log rate ratio with its sampling variance."""

    log_ratio: float
    variance: float


def comparable(history: Counts, theme: int, *, touched: Sequence[int], count: int = _USUAL_CONTROLS) -> tuple[int, ...]:
    """Rows of `history`, shape `(themes, weeks before the fix)`, nearest in volume to row `theme`, nearest first.

    Within a factor of four in contacts, and never one of `touched` (themes with a fix of their own in the
    time looked at), since its change would be taken for what happens by itself.
    """
    volume = np.log(history.sum(axis=1) + 0.5)
    away = np.abs(volume - volume[theme])
    order = np.argsort(away, kind="stable")
    barred = {theme, *touched}
    return tuple(int(r) for r in order if int(r) not in barred and away[r] <= np.log(4.0))[:count]


def measured_effect(
    counts: Counts,
    untouched: Counts,
    exposure: Floats,
    *,
    shipped: int,
    picked: int | None = None,
    picked_by: PickedBy = "volume",
) -> Effect:
    """The effect of a fix on a theme's weekly `counts`, shape `(w,)`.

    `untouched` holds comparable themes, shape `(k, w)`; `exposure` what contacts are counted against in each
    week (all contacts, active users, orders), shape `(w,)`. Weeks from `shipped` on are after the fix; up to
    30 before it are used.

    `picked` is the week at whose end the theme was chosen for fixing. A theme chosen for being high falls by
    itself (regression to the mean). Chosen by `volume` (first on the list), the 4 weeks up to `picked` are
    left out of "before". Chosen by its `rise` over its own history (a spike), they stay in beside that whole
    history: the choice then favours high weeks here as much as low weeks there, so the sum of both is fair
    and either part alone is not. The warning says when these weeks were in fact high, beyond 90 % of what
    the other weeks explain.

    Worked example: 60 contacts in 3,000 before, 12 in 1,500 after: rates 0.02 and 0.008, change 0.4. The
    untouched themes went from 200 to 80: 0.0667 to 0.0533, change 0.8. Ratio 0.4 / 0.8 = 0.5. (Half the
    dispersion is added to each count, which makes the mean of the logarithm right and changes little.)
    """
    weeks = np.arange(len(counts))
    after = weeks >= shipped
    recent = (weeks < shipped) & (weeks >= shipped - BEFORE_WEEKS)
    window = recent & _pick_window(weeks, picked)
    before = recent if picked_by == "rise" else recent & ~window
    periods = _Periods(before, after, recent & ~window, window)
    warnings = _warnings(counts, exposure, periods, len(untouched))
    if not _is_enough(counts, exposure, before, after):
        return _effect(counts, exposure, periods, warnings)
    change, drift, spread = _against_untouched(counts, untouched, exposure, before, after)
    same_length = recent & (weeks >= shipped - after.sum())
    naive = _against_untouched(counts, untouched, exposure, same_length, after)[0]
    half = spread * float(np.sqrt(change.variance))
    ratios = np.exp([change.log_ratio, change.log_ratio - half, change.log_ratio + half, naive.log_ratio, drift])
    return _effect(counts, exposure, periods, warnings, *ratios.tolist())


def carried_along(counts: Counts, untouched: Counts, *, shipped: int) -> Floats:
    """The theme's weekly contacts had it moved with the `untouched`, shape `(w,)`; empty without any before the fix.

    Worked example: 60 contacts before, the untouched 200 together; a week in which they have 8 would have had
    8 x 60 / 200 = 2.4 of the theme.
    """
    before = slice(max(shipped - BEFORE_WEEKS, 0), shipped)
    theirs = float(untouched[:, before].sum()) if len(untouched) else 0.0
    if theirs <= 0:
        return np.zeros(0)
    return np.asarray(untouched.sum(axis=0) * float(counts[before].sum()) / theirs, np.float64)


@dataclass(frozen=True, slots=True)
class _Periods:
    """Which weeks count as before and after; `usual` and `window` are those outside and inside the choice."""

    before: Weeks
    after: Weeks
    usual: Weeks
    window: Weeks


def _is_enough(counts: Counts, exposure: Floats, before: Weeks, after: Weeks) -> bool:
    """At least 4 weeks and 10 contacts before, and as many to be expected after: never judged by what came."""
    if min(before.sum(), after.sum()) < MIN_WEEKS:
        return False
    return bool(min(counts[before].sum(), _rate(counts, exposure, before) * exposure[after].sum()) >= MIN_EXPECTED)


def _against_untouched(
    counts: Counts, untouched: Counts, exposure: Floats, before: Weeks, after: Weeks
) -> tuple[_Change, float, float]:
    """The theme's change less that of the untouched, that of the untouched, and the quantile for 95 %."""
    rows = np.vstack([counts[None, :], untouched]) if len(untouched) else counts[None, :]
    dispersion = _dispersion(rows, exposure, before, after)
    own, *others = [_change(row, exposure, before, after, dispersion) for row in rows]
    if not others:
        return own, 0.0, float(stats.norm.ppf(0.975))
    drift, wander = _pooled(others)
    total = own.variance + wander + drift.variance
    freedom = _freedom(total, wander + drift.variance if wander else 0.0, len(others) - 1)
    return _Change(own.log_ratio - drift.log_ratio, total), drift.log_ratio, float(stats.t.ppf(0.975, freedom))


def _change(row: Counts, exposure: Floats, before: Weeks, after: Weeks, dispersion: float) -> _Change:
    first, second = row[before].sum() + dispersion / 2, row[after].sum() + dispersion / 2
    ratio = float(np.log(second / exposure[after].sum()) - np.log(first / exposure[before].sum()))
    return _Change(ratio, dispersion * float(1 / first + 1 / second))


def _dispersion(rows: Counts, exposure: Floats, before: Weeks, after: Weeks) -> float:
    """Pearson's chi-square over degrees of freedom within both periods, over all rows together, at least 1."""
    scatter, freedom = 0.0, 0
    for period in (before, after):
        fitted = rows[:, period].sum(axis=1, keepdims=True) * (exposure[period] / exposure[period].sum())[None, :]
        used = fitted[:, 0] > 0
        scatter += float(((rows[:, period][used] - fitted[used]) ** 2 / fitted[used]).sum())
        freedom += int(used.sum()) * (int(period.sum()) - 1)
    return max(scatter / max(freedom, 1), 1.0)


def _pooled(changes: Sequence[_Change]) -> tuple[_Change, float]:
    """The usual change of untouched themes, and the variance between them beyond chance (DerSimonian-Laird)."""
    ratios = np.asarray([c.log_ratio for c in changes])
    variances = np.asarray([c.variance for c in changes])
    weights = 1 / variances
    mean = float((weights * ratios).sum() / weights.sum())
    excess = float((weights * (ratios - mean) ** 2).sum()) - (len(changes) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    wander = max(excess / scale, 0.0) if scale > 0 else 0.0
    weights = 1 / (variances + wander)
    return _Change(float((weights * ratios).sum() / weights.sum()), float(1 / weights.sum())), wander


def _freedom(total: float, estimated: float, controls: int) -> float:
    """Satterthwaite's degrees of freedom when only the `estimated` part of the variance rests on few controls."""
    return max(controls, 1) * (total / estimated) ** 2 if estimated > 0 else 1e6


def _pick_window(weeks: npt.NDArray[np.int64], picked: int | None) -> Weeks:
    if picked is None:
        return np.zeros(len(weeks), dtype=np.bool_)
    return np.asarray((weeks <= picked) & (weeks > picked - PICK_WEEKS))


def _warnings(counts: Counts, exposure: Floats, periods: _Periods, controls: int) -> tuple[Warning_, ...]:
    found: list[Warning_] = []
    if _is_peak(counts, exposure, periods):
        found.append("picked at its peak")
    if controls < _FEW_CONTROLS:
        found.append("few comparable themes" if controls else "no comparable themes")
    return tuple(found)


def _is_peak(counts: Counts, exposure: Floats, periods: _Periods) -> bool:
    """Whether the chosen weeks hold more contacts than nine of ten such spells would, by the other weeks' rate."""
    window, usual = periods.window, periods.usual
    if not window.any() or not usual.any():
        return False
    mean = float((counts[usual].sum() + 0.5) * exposure[window].sum() / exposure[usual].sum())
    return bool(stats.poisson.sf(counts[window].sum() - 1, mean) < 1 - _PEAK_LEVEL)


def _effect(
    counts: Counts,
    exposure: Floats,
    periods: _Periods,
    warnings: tuple[Warning_, ...],
    ratio: float | None = None,
    low: float | None = None,
    high: float | None = None,
    uncorrected: float | None = None,
    untouched: float | None = None,
) -> Effect:
    return Effect(
        verdict=_verdict(low, high),
        ratio=ratio,
        low=low,
        high=high,
        uncorrected=uncorrected,
        untouched=untouched,
        rate_before=_rate(counts, exposure, periods.before),
        rate_after=_rate(counts, exposure, periods.after),
        weeks_before=int(periods.before.sum()),
        weeks_after=int(periods.after.sum()),
        warnings=warnings,
        contacts_before=int(counts[periods.before].sum()),
        contacts_after=int(counts[periods.after].sum()),
        exposure_before=float(exposure[periods.before].sum()),
        exposure_after=float(exposure[periods.after].sum()),
    )


def _verdict(low: float | None, high: float | None) -> Verdict:
    if low is None or high is None:
        return "not enough data yet"
    return "fewer contacts" if high < 1 else "more contacts" if low > 1 else "no clear change"


def _rate(counts: Counts, exposure: Floats, period: Weeks) -> float:
    return float(counts[period].sum() / max(float(exposure[period].sum()), 1e-9))
