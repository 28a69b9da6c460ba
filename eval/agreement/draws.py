"""Seeded random cases that look for trouble: ties, empty lists, repeats, one class only, unknown documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEPTHS = (1, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class Draw:
    """One random case for every metric; sequences of one family have the same length, often 0 or 1."""

    number: int
    k: int
    ranked: tuple[str, ...]
    gains: dict[str, int]
    several: tuple[tuple[tuple[str, ...], frozenset[str]], ...]
    scores: tuple[float, ...]
    flags: tuple[bool, ...]
    truth: tuple[str, ...]
    given: tuple[str, ...]
    groups: tuple[str, ...]
    themes: tuple[int | None, ...]
    values: tuple[float, ...]
    share: float

    @property
    def relevant(self) -> frozenset[str]:
        """The documents with a gain."""
        return frozenset(document for document, gain in self.gains.items() if gain > 0)


def draw(seed: int, number: int) -> Draw:
    """Return case `number` of the series `seed`; the same two numbers give the same case."""
    dice = np.random.default_rng([seed, number])
    scores, flags = _scored(dice)
    truth, given = _labelled(dice)
    groups, themes = _clustered(dice)
    return Draw(
        number=number,
        k=int(dice.choice(DEPTHS)),
        ranked=_ranked(dice),
        gains={f"d{i}": int(dice.integers(0, 4)) for i in dice.choice(20, dice.integers(0, 7), replace=False)},
        several=tuple((_ranked(dice), _documents(dice, 3)) for _ in range(dice.integers(0, 6))),
        scores=scores,
        flags=flags,
        truth=truth,
        given=given,
        groups=groups,
        themes=themes,
        values=tuple(dice.exponential(100, dice.integers(0, 30)).tolist()),
        share=float(dice.choice([0.0, 0.5, 0.95, 0.99, 1.0])),
    )


def _ranked(dice: np.random.Generator) -> tuple[str, ...]:
    repeats = bool(dice.random() < 0.3)
    return tuple(f"d{i}" for i in dice.choice(20, dice.integers(0, 16), replace=repeats))


def _documents(dice: np.random.Generator, most: int) -> frozenset[str]:
    return frozenset(f"d{i}" for i in dice.choice(20, dice.integers(0, most + 1), replace=False))


def _scored(dice: np.random.Generator) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    n = int(dice.integers(0, 40))
    digits = int(dice.choice([1, 2, 12]))
    flags = tuple((dice.random(n) < dice.random()).tolist())
    return tuple(np.round(dice.random(n), digits).tolist()), flags


def _labelled(dice: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    n, kinds = int(dice.integers(0, 40)), int(dice.integers(1, 7))
    truth = dice.integers(0, kinds, n)
    given = np.where(dice.random(n) < 0.5, truth, dice.integers(0, kinds, n))
    return tuple(f"l{i}" for i in truth), tuple(f"l{i}" for i in given)


def _clustered(dice: np.random.Generator) -> tuple[tuple[str, ...], tuple[int | None, ...]]:
    n, kinds = int(dice.integers(0, 30)), int(dice.integers(1, 9))
    groups = dice.integers(0, kinds, n)
    themes = np.where(dice.random(n) < 0.5, groups, dice.integers(0, kinds, n))
    left_out = dice.random(n) < dice.choice([0.0, 0.2, 1.0])
    return (
        tuple(f"g{i}" for i in groups),
        tuple(None if out else int(theme) for theme, out in zip(themes, left_out, strict=True)),
    )
