"""Checks the effect of a fix on simulated helpdesks, where the truth is known.

    python -m eval.effect_report [--fixes 1000]

Three questions: how often a fix without effect seems to have one, how often the interval holds a known
effect, and how far a theme picked at its peak misleads with and without the correction. Weekly contacts are
negative binomial; all themes share the helpdesk's ups and downs; each theme also drifts by itself.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.gaps.effect import PICK_WEEKS, PickedBy, comparable, measured_effect
from assistant.gaps.trend import Counts, Floats

Picked = Literal["at random", "volume", "rise"]

_PICKS: tuple[Picked, ...] = ("at random", "volume", "rise")
THEMES = 40
WEEKS_BEFORE = 30
WEEKS_AFTER = 12


@dataclass(frozen=True, slots=True)
class World:
    """A simulated helpdesk: variance over mean of a week's count; the themes' own drift, sd of a log rate ratio."""

    dispersion: float = 1.5
    drift: float = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """Shares in [0, 1] over the fixes with enough data; biases are means of log ratio less the true log ratio."""

    fixes: int
    undecided: int
    significant: float
    covered: float
    warned: float
    bias: float
    bias_uncorrected: float


def simulated(fixes: int, *, true_ratio: float, picked: Picked, world: World | None = None, seed: int = 0) -> Result:
    """`fixes` independent helpdesks with one fix each, measured as the product would."""
    rng = np.random.default_rng(seed)
    significant, covered, warned, errors, naive = [], [], [], [], []
    by: PickedBy = "rise" if picked == "rise" else "volume"
    for _ in range(fixes):
        counts, exposure, theme, week = _helpdesk(rng, true_ratio, picked, world or World())
        controls = comparable(counts[:, :WEEKS_BEFORE], theme, touched=())
        effect = measured_effect(
            counts[theme], counts[list(controls)], exposure, shipped=WEEKS_BEFORE, picked=week, picked_by=by
        )
        if effect.ratio is None or effect.low is None or effect.high is None or effect.uncorrected is None:
            continue
        significant.append(not effect.low <= 1 <= effect.high)
        covered.append(effect.low <= true_ratio <= effect.high)
        warned.append("picked at its peak" in effect.warnings)
        errors.append(np.log(effect.ratio / true_ratio))
        naive.append(np.log(effect.uncorrected / true_ratio))
    return Result(
        fixes=fixes,
        undecided=fixes - len(errors),
        significant=float(np.mean(significant)),
        covered=float(np.mean(covered)),
        warned=float(np.mean(warned)),
        bias=float(np.mean(errors)),
        bias_uncorrected=float(np.mean(naive)),
    )


def _helpdesk(
    rng: np.random.Generator, true_ratio: float, picked: Picked, world: World
) -> tuple[Counts, Floats, int, int]:
    weeks = WEEKS_BEFORE + WEEKS_AFTER
    exposure = rng.normal(1000, 100, weeks).clip(300) * np.linspace(1, rng.uniform(0.8, 1.3), weeks)
    rate = np.exp(rng.normal(np.log(0.010), 0.6, THEMES))[:, None] * np.ones(weeks)[None, :]
    after = np.arange(weeks) >= WEEKS_BEFORE
    everybody = np.exp(rng.normal(0, 0.15))
    rate = np.where(after, rate * everybody * np.exp(rng.normal(0, world.drift, (THEMES, 1))), rate)
    week = WEEKS_BEFORE - 1
    counts = _draw(rng, rate * exposure, world.dispersion)
    theme = int(rng.integers(THEMES))
    if picked != "at random":
        theme = _first_choice(counts[:, : week + 1], picked)
    counts[theme, after] = _draw(rng, (rate * exposure)[theme, after] * true_ratio, world.dispersion)
    return counts, exposure, theme, week


def _first_choice(counts: Counts, picked: Picked) -> int:
    """The theme with most contacts among twenty of usual size, or the one that rose most over its own history."""
    latest, earlier = counts[:, -PICK_WEEKS:].sum(axis=1), counts[:, :-PICK_WEEKS].mean(axis=1) * PICK_WEEKS
    if picked == "rise":
        return int(np.argmax((latest - earlier) / np.sqrt(earlier + 1)))
    usual = np.argsort(np.abs(np.log(counts.sum(axis=1) + 1) - np.log(10 * counts.shape[1])), kind="stable")[:20]
    return int(usual[np.argmax(latest[usual])])


def _draw(rng: np.random.Generator, mean: Floats, dispersion: float) -> Counts:
    return rng.poisson(rng.gamma(mean / (dispersion - 1), dispersion - 1)).astype(np.int64)


def main() -> None:
    """Prints one line per scenario."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--fixes", type=int, default=1000)
    fixes = parser.parse_args().fixes
    for drift in (0.0, 0.1, 0.2):
        for ratio in (1.0, 0.6):
            for picked in _PICKS:
                result = simulated(fixes, true_ratio=ratio, picked=picked, world=World(drift=drift))
                print(f"drift {drift} true ratio {ratio} picked by {picked}: {result}")


if __name__ == "__main__":
    main()
