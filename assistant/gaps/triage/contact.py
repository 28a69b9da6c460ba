"""What goes into triage and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CAUSES = ("defect", "design", "external", "knowledge", "request", "unclear")
STAGES = ("get", "install_update", "set_up", "use", "move_leave", "contact")


@dataclass(frozen=True, slots=True)
class Contact:
    """A question as the person wrote it, without any reply."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """The likeliest value of one question with its calibrated probability in (0, 1].

    `distribution` holds every value with its probability, likeliest first; they sum to 1.
    """

    label: str
    probability: float
    distribution: tuple[tuple[str, float], ...]


def ranked_label(distribution: Mapping[str, float]) -> Label:
    """The likeliest of the values, which sum to 1; of equal ones the first.

    >>> ranked_label({"defect": 0.2, "design": 0.8}).label
    'design'
    """
    ranked = sorted(distribution.items(), key=lambda pair: -pair[1])
    return Label(*ranked[0], tuple(ranked))


@dataclass(frozen=True, slots=True)
class Triaged:
    """One contact, labelled.

    `quote` is a contiguous piece of the contact's text (of its title where there is no text) of at most 20 words;
    empty where there is nothing to quote. `party` names who is responsible outside the product ("Yahoo"), only where
    the cause is `external` and the contact names someone. `outcome` is what the answer half knew ("" for nothing) and
    `kinds` what the documentation's trouble then is, should documentation be the cause: `answered.Weighed` says how.
    """

    id: str
    cause: Label
    stage: Label
    quote: str
    party: str
    outcome: str = ""
    kinds: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says about a contact; None leaves that question open."""

    contact: Contact
    cause: str | None = None
    stage: str | None = None
