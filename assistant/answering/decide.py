"""Answer, answer in part, or log a gap: the last step, from a calibrated probability that the evidence helps.

The probability is a logistic function of a few signals. Its coefficients ship in `confidence.json`, with the command
that fits them and the figures of the run; `tune` may replace them by a desk's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from math import exp

from assistant.answering.signals import Meaning, Signals, signals
from assistant.domain import Decision, GapReason, Retrieval, Support
from assistant.errors import SettingsError
from assistant.seams import Embedder


@dataclass(frozen=True, slots=True)
class Logistic:
    """Intercept and one weight for each named signal, in log odds per unit of the signal."""

    intercept: float
    weights: tuple[tuple[str, float], ...]

    def probability(self, values: Mapping[str, float]) -> float:
        """Return the probability in (0, 1).

        >>> Logistic(-1.0, (("leader", 2.0),)).probability({"leader": 0.5})
        0.5
        """
        odds = self.intercept + sum(weight * values[name] for name, weight in self.weights)
        return 1.0 / (1.0 + exp(-max(min(odds, 30.0), -30.0)))

    def fits(self, values: Mapping[str, float]) -> bool:
        """Whether every signal it weighs is known."""
        return all(name in values for name, _ in self.weights)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`partial` is the least confidence to show a draft at all, `answer` to call it an answer; both in [0, 1].

    `coverage` is the least share of the question that an answer's parts speak of.
    """

    partial: float
    answer: float
    coverage: float = 0.2


@dataclass(frozen=True, slots=True)
class Confidence:
    """Coefficients for the settings of a desk, the richest first, and the thresholds of the run that fitted them."""

    models: tuple[Logistic, ...]
    thresholds: Thresholds

    def probability(self, found: Signals) -> float:
        """Return the calibrated probability that the evidence helps, by the richest model that has its signals."""
        values = dict(found.pairs())
        return next(model for model in self.models if model.fits(values)).probability(values)


def decide(
    found: Signals | None,
    supports: Sequence[Support],
    coverage: float,
    *,
    confidence: Confidence,
    thresholds: Thresholds,
    declined: bool = False,
) -> Decision:
    """Return what to do with the supported parts of a draft.

    `found` is None when nothing was found; `declined` says that the drafter itself refused. The confidence is about
    the evidence and is given whatever the verdict; only without any evidence is it 0.
    """
    if found is None:
        return Decision("gap", 0.0, "nothing_found")
    probability = confidence.probability(found)
    features = (*found.pairs(), ("coverage", coverage), ("parts", float(len(supports))))
    reason = _reason(probability, supports, thresholds, declined)
    if reason is not None:
        return Decision("gap", probability, reason, features)
    whole = probability >= thresholds.answer and coverage >= thresholds.coverage
    return Decision("answered" if whole else "partial", probability, None, features)


def _reason(
    probability: float, supports: Sequence[Support], thresholds: Thresholds, declined: bool
) -> GapReason | None:
    if declined:
        return "declined"
    if probability < thresholds.partial:
        return "weak_evidence"
    return None if supports else "unsupported"


@dataclass(frozen=True, slots=True)
class Decider:
    """`decide` with its coefficients, thresholds and what compares by meaning at hand."""

    confidence: Confidence
    thresholds: Thresholds
    meaning: Meaning | None

    def sureness(self, retrieval: Retrieval) -> float:
        """Return the probability that what was retrieved helps; 0 where nothing was found."""
        found = signals(retrieval, self.meaning)
        return self.confidence.probability(found) if found is not None else 0.0

    def __call__(
        self, retrieval: Retrieval, supports: Sequence[Support], coverage: float, declined: bool = False
    ) -> Decision:
        """Return the decision on one verified draft."""
        return decide(
            signals(retrieval, self.meaning),
            supports,
            coverage,
            confidence=self.confidence,
            thresholds=self.thresholds,
            declined=declined,
        )


def load_decider(
    answer_threshold: float | None,
    partial_threshold: float | None,
    embedder: Embedder | None = None,
    *,
    tuned: bool = False,
) -> Decider:
    """Return the shipped decider; a threshold of None takes the shipped one.

    Without an embedder nothing is compared by meaning, which costs discrimination; best is one that remembers. `tuned`
    takes the coefficients fitted over an encoder that `tune` trained, whose cosines spread differently; where none
    ship, the untuned ones.

    Raises:
        SettingsError: the threshold for an answer is below the one for a partial answer.
    """
    confidence = shipped_confidence("tuned" if tuned else "untuned")
    shipped = confidence.thresholds
    partial = shipped.partial if partial_threshold is None else partial_threshold
    answer = max(shipped.answer, partial) if answer_threshold is None else answer_threshold
    if answer < partial:
        raise SettingsError(
            f"Expected answer_threshold to be at least partial_threshold, found {answer} below {partial}. "
            "Raise the first or lower the second."
        )
    return Decider(confidence, Thresholds(partial, answer, shipped.coverage), Meaning(embedder) if embedder else None)


def shipped_confidence(name: str) -> Confidence:
    """Return the coefficients of `confidence.json` under this name, the untuned ones when it has none of that name."""
    held = json.loads(resources.files("assistant.answering").joinpath("confidence.json").read_text("utf-8"))
    return confidence_from(held.get(name, held["untuned"]))


def confidence_from(record: Mapping[str, object]) -> Confidence:
    """Return the confidence that a fitted record describes, as `eval/fit_confidence.py` writes it.

    Raises:
        SettingsError: a part is missing or of another shape.
    """
    try:
        models, thresholds = record["models"], record["thresholds"]
        assert isinstance(models, list)
        assert isinstance(thresholds, Mapping)
        return Confidence(
            tuple(Logistic(float(m["intercept"]), tuple(sorted(m["weights"].items()))) for m in models),
            Thresholds(**{name: float(value) for name, value in thresholds.items()}),
        )
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise SettingsError(
            f"Expected confidence coefficients with 'models' and 'thresholds', found {sorted(record)}: {error}. "
            "Fit them again with eval/fit_confidence.py."
        ) from error
