"""What the answer half knows of a contact, weighed as evidence of why it was made.

Follows the fitted weights and the second opinion. The labels that the weights are fitted on say nothing of answers, so
nothing here is fitted: Bayes' rule moves a cause by one stated factor, and where nothing is known nothing moves. It
also tells the kinds of documentation trouble apart, which no text of a customer can.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assistant.gaps.triage.contact import Label, ranked_label

KINDS = ("missing", "wrong", "unclear", "hard_to_find")
"""What can be the matter with documentation."""
FACTOR = 2.0
"""How much likelier an outcome is under what it points to; 1 says nothing."""
SURE = 0.6
"""Confidence from which an answer counts as a good one."""

_POINTS: Mapping[str, Mapping[str, float]] = {
    "nothing_found": {"missing": 1, "hard_to_find": -1, "wrong": -1},
    "from_tickets": {"missing": 1, "hard_to_find": -1},
    "differs": {"wrong": 1, "hard_to_find": -1},
    "found_by_agent": {"hard_to_find": 1, "missing": -1},
    "unclear": {"unclear": 1, "hard_to_find": -1},
    "answered": {"hard_to_find": 1, "missing": -1, "design": 0.5},
    "answered_often": {"hard_to_find": 1, "missing": -1, "design": 1},
}
_WRONG = {"wrong_fact", "outdated", "edited", "differs"}
_REFUSED = {"rejected", "discarded"}


@dataclass(frozen=True, slots=True)
class Known:
    """What became of one question; all empty where the knowledge was never asked.

    `verdict` and `confidence` are the pipeline's; `public` says whether any of what it rests on is a public article;
    `signals` are the types of the contact's signals, `reasons` what agents ticked; `often` that its theme is answered
    well and still asked often.
    """

    verdict: str = ""
    confidence: float | None = None
    public: bool = True
    signals: Collection[str] = ()
    reasons: Collection[str] = ()
    often: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """A cause after the evidence, the outcome that moved it ("" for none), and the documentation's kinds.

    `kinds` are the probabilities of `KINDS` given that documentation is the cause, likeliest first; they sum to 1.
    """

    cause: Label
    outcome: str
    kinds: tuple[tuple[str, float], ...]


def outcome(known: Known) -> str:
    """The one outcome that says most: what people found wrong goes before what the machine thought of itself.

    >>> outcome(Known("answered", 0.9)), outcome(Known("answered", 0.9, signals={"edited"})), outcome(Known())
    ('answered', 'differs', '')
    """
    if "unclear" in known.reasons:
        return "unclear"
    if _WRONG & {*known.reasons, *known.signals}:
        return "differs"
    if "found_by_agent" in known.signals:
        return "found_by_agent"
    if known.verdict == "gap" or "unanswerable" in known.signals:
        return "nothing_found"
    doubted = _REFUSED & set(known.signals)
    if known.verdict != "answered" or (known.confidence or 0.0) < SURE or doubted:
        return ""
    if not known.public:
        return "from_tickets"
    return "answered_often" if known.often else "answered"


def weighed(cause: Label, found: str, factor: float = FACTOR) -> Weighed:
    """The cause after the outcome `found`, by Bayes' rule; unchanged where it is "".

    An outcome is `factor` times as likely under what it points to, `1 / factor` under what speaks against it, and as
    likely as ever under every other cause. The kinds are equally likely before; documentation weighs their mean.

    With factor 2, "nothing_found" weighs missing 2, wrong 1/2, hard to find 1/2, unclear 1:
    documentation (2 + 0.5 + 0.5 + 1) / 4 = 1, so the cause stays, and missing takes 2 / 4 of it.
    "answered" weighs hard to find 2, missing 1/2, design the root of 2: documentation 4.5 / 4 = 1.125, design 1.414.

    >>> label = Label("knowledge", 0.5, (("knowledge", 0.5), ("design", 0.4), ("defect", 0.1)))
    >>> moved = weighed(label, "answered")
    >>> moved.cause.label, round(moved.cause.probability, 3), moved.kinds[0]
    ('design', 0.461, ('hard_to_find', 0.4444444444444444))
    >>> weighed(label, "nothing_found").kinds[0]
    ('missing', 0.5)
    """
    points = _POINTS.get(found, {})
    kinds = {kind: factor ** points.get(kind, 0.0) for kind in KINDS}
    whole = sum(kinds.values())
    ranked = ranked_label({kind: p / whole for kind, p in kinds.items()}).distribution
    if not points:
        return Weighed(cause, "", ranked)
    says = {"knowledge": whole / len(KINDS), "design": factor ** points.get("design", 0.0)}
    masses = {name: p * says.get(name, 1.0) for name, p in cause.distribution}
    total = sum(masses.values())
    return Weighed(ranked_label({name: m / total for name, m in masses.items()}), found, ranked)
