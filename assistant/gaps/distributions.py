"""A contact's whole distribution over causes and stages, as text in the store and as numbers for counting.

Written by labelling, read where contacts are counted into themes. It is kept as text since most contacts that are read
are counted only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.gaps.triage import Label
from assistant.gaps.triage.answered import Weighed
from assistant.records import Reason


@dataclass(frozen=True, slots=True)
class AnswerEvidence:
    """What the answer half knew of some contacts, and what that says about the documentation.

    `outcomes` counts the contacts by outcome; `kinds` are the mean probabilities of the documentation's kinds over
    those contacts, likeliest first, each contact counted by how likely documentation is its cause; they sum to 1.
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    kinds: tuple[tuple[str, float], ...] = ()


def written(weighed: Weighed, stage: Label) -> str:
    """The distributions as text, probabilities to four places."""
    told: dict[str, Any] = {"cause": _short(weighed.cause.distribution), "stage": _short(stage.distribution)}
    if weighed.outcome:
        told |= {"outcome": weighed.outcome, "kinds": _short(weighed.kinds)}
    return json.dumps(told, separators=(",", ":"))


def distribution(reason: Reason, name: str, labels: Sequence[str] = ()) -> dict[str, float]:
    """Every label of "cause" or "stage" with its probability; they sum to 1.

    What a person decided is certain. A label without its distribution leaves the rest to the other `labels` alike:

    >>> distribution(Reason("design", 0.6), "cause", ("design", "defect", "external"))
    {'design': 0.6, 'defect': 0.2, 'external': 0.2}
    >>> distribution(Reason("design", 1.0, shares='{"cause":{"defect":1.0}}'), "cause")
    {'design': 1.0}
    """
    label, probability = getattr(reason, name), getattr(reason, f"{name}_probability")
    told = _read(reason).get(name) or {}
    if not told or max(told, key=told.__getitem__) != label or probability == 1.0:
        others = [other for other in labels if other != label] if probability < 1.0 else []
        rest = (1.0 - probability) / max(len(others), 1)
        return {label: probability if others else 1.0, **dict.fromkeys(others, rest)}
    total = sum(told.values())
    return {key: value / total for key, value in told.items()}


def outcome(reason: Reason) -> str:
    """What the answer half knew when the contact was labelled, "" for nothing."""
    return str(_read(reason).get("outcome", ""))


def answer_evidence(reasons: Sequence[Reason], labels: Sequence[str]) -> AnswerEvidence:
    """What the answers say about all of these contacts together."""
    outcomes: dict[str, int] = {}
    masses: dict[str, float] = {}
    for reason in reasons:
        told = _read(reason)
        if not told.get("outcome"):
            continue
        outcomes[told["outcome"]] = outcomes.get(told["outcome"], 0) + 1
        knowledge = distribution(reason, "cause", labels).get("knowledge", 0.0)
        for kind, p in told["kinds"].items():
            masses[kind] = masses.get(kind, 0.0) + knowledge * p
    whole = sum(masses.values())
    kinds = sorted(((kind, m / whole) for kind, m in masses.items() if whole), key=lambda pair: (-pair[1], pair[0]))
    return AnswerEvidence(dict(sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0]))), tuple(kinds))


def _short(pairs: Sequence[tuple[str, float]]) -> dict[str, float]:
    return {name: round(p, 4) for name, p in pairs}


def _read(reason: Reason) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reason.shares) if reason.shares else {}
    return found
