"""Finer stages of the journey under a coarse one, for a desk that wants them.

Follows the fitted weights, which know six stages: a coarse stage's probability is divided among the finer ones by how
close a contact comes to what people at each typically write (few-shot on embeddings, no fitting). A finer stage that is
clearly nearer than what people at every other coarse stage write draws probability from them too: somebody who wants
money back often writes as if to reach support.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assistant.errors import SettingsError
from assistant.gaps.triage.contact import STAGES, Label, ranked_label
from assistant.gaps.triage.cues import PROTOTYPES
from assistant.gaps.triage.features import Described, Matrix
from assistant.seams import Embedder

Finer = Mapping[str, Mapping[str, Sequence[str]]]
"""Coarse stage to its finer ones, each with sentences that people there typically write."""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "learn": (
        "Is the product available for my phone?",
        "What is the difference between the two plans?",
        "Does it work with my computer?",
        "I am thinking of switching to it; can it do what I need?",
        "Is it free of charge?",
    ),
    "order": (
        "I want to buy a licence.",
        "My payment was declined at the checkout.",
        "How do I change my subscription?",
        "Where is my order? It has not arrived.",
        "The invoice shows the wrong amount.",
    ),
    "refund": (
        "I want my money back.",
        "How do I return it and get a refund?",
        "I was charged twice; please refund me.",
        "Cancel my order and pay back the amount.",
    ),
    "download": (
        "Where can I download the program?",
        "The download stops half way.",
        "How can I get an older version?",
        "The download link does not work.",
    ),
    "install": (
        "The installation failed.",
        "It will not install on my computer.",
        "How do I install it for the first time?",
        "The installer shows an error message.",
    ),
    "update": (
        "The update broke everything.",
        "How do I go back to the previous version?",
        "Should I upgrade to the new version?",
        "It keeps asking me to update.",
    ),
}
_LEAD, _DRAW, _MOST_DRAW = 0.12, 0.02, 6.0
"""Cosine that a finer stage must be nearer by, cosine for each power of e beyond it, and the most powers."""
_SHARPNESS = 0.05
"""Cosine by which one finer stage must be closer than another to be e times as likely."""


def finer_stages(wanted: Mapping[str, Sequence[str]], examples: Mapping[str, Sequence[str]]) -> Finer:
    """The finer stages that a desk wants, with the sentences that ship or the desk's own `examples`.

    Raises:
        SettingsError: no such coarse stage, a name twice, or one without example sentences.
    """
    known = {**EXAMPLES, **examples}
    for coarse in wanted.keys() - set(STAGES):
        raise SettingsError(f"gaps.finer_stages: expected one of {', '.join(STAGES)}, found {coarse!r}.")
    names = [name for finer in wanted.values() for name in finer]
    for name in names:
        if not known.get(name):
            raise SettingsError(
                f"gaps.finer_stages: expected one of {', '.join(EXAMPLES)}, or a name with sentences under "
                f"gaps.stage_examples, found {name!r}. Add a few sentences that people at that stage write."
            )
        if names.count(name) > 1 or name in STAGES:
            raise SettingsError(f"gaps.finer_stages: expected each stage once, found {name!r} twice. Leave one out.")
    return {coarse: {name: tuple(known[name]) for name in finer} for coarse, finer in wanted.items() if finer}


def stage_names(coarse: Sequence[str], finer: Finer) -> tuple[str, ...]:
    """The stages in use, in the journey's order.

    >>> stage_names(("get", "use"), {"get": {"learn": (), "order": ()}})
    ('learn', 'order', 'use')
    """
    return tuple(dict.fromkeys(name for stage in coarse for name in finer.get(stage) or (stage,)))


def divided(labels: Sequence[Label], described: Described, finer: Finer, embedder: Embedder) -> list[Label]:
    """The labels of the contacts in `described`, each coarse stage's probability given to its finer ones.

    What a finer stage may draw from other coarse stages goes to it before.
    """
    found = list(labels)
    near = {
        coarse: np.column_stack([_likeness(described, embedder, sentences) for sentences in names.values()])
        for coarse, names in finer.items()
    }
    for coarse, names in finer.items():
        likeness = near[coarse]
        others = [rows.max(axis=1) for other, rows in near.items() if other != coarse]
        rivals = np.maximum.reduce([_rivals(described, coarse), *others])
        found = [
            divide(drawn(label, coarse, float(row.max() - rival)), coarse, tuple(names), row)
            for label, row, rival in zip(found, likeness, rivals, strict=True)
        ]
    return found


def drawn(label: Label, coarse: str, nearer: float) -> Label:
    """The label after `coarse` has drawn from the others, where one of its finer stages is `nearer` by cosine.

    Up to a lead of 0.12 nothing moves: sentences that merely share a subject differ by as much. Beyond it the odds of
    `coarse` grow by e for each 0.02. With "get" at 0.2 and a lead of 0.18 the odds of 1 to 4 grow by e^3 = 20.1:

    >>> round(drawn(Label("use", 0.8, (("use", 0.8), ("get", 0.2))), "get", 0.18).probability, 3)
    0.834
    >>> drawn(Label("use", 0.8, (("use", 0.8), ("get", 0.2))), "get", 0.1).label
    'use'
    """
    if nearer <= _LEAD or coarse not in dict(label.distribution):
        return label
    factor = float(np.exp(min((nearer - _LEAD) / _DRAW, _MOST_DRAW)))
    masses = {name: p * (factor if name == coarse else 1.0) for name, p in label.distribution}
    total = sum(masses.values())
    return ranked_label({name: mass / total for name, mass in masses.items()})


def divide(label: Label, coarse: str, names: Sequence[str], likeness: Matrix) -> Label:
    """The label with the probability of `coarse` divided among `names` by their cosines `likeness`, `(len(names),)`.

    Shares are the softmax of `likeness / 0.05`. With "get" at 0.6, "learn" at 0.5 and "order" at 0.4, "learn" is e^2 =
    7.39 times as likely as "order" and takes 0.6 * 7.39 / 8.39 = 0.528:

    >>> label = Label("get", 0.6, (("get", 0.6), ("use", 0.4)))
    >>> moved = divide(label, "get", ("learn", "order"), np.array([0.5, 0.4]))
    >>> moved.label, round(moved.probability, 3), round(dict(moved.distribution)["order"], 3)
    ('learn', 0.528, 0.072)
    """
    known = dict(label.distribution)
    whole = known.pop(coarse, 0.0)
    weights = np.exp((likeness - likeness.max()) / _SHARPNESS)
    for name, share in zip(names, weights / weights.sum(), strict=True):
        known[name] = known.get(name, 0.0) + whole * float(share)
    return ranked_label(known)


def _likeness(described: Described, embedder: Embedder, sentences: Sequence[str]) -> Matrix:
    """Each contact's best cosine of its title, its whole or one of its sentences to one of `sentences`, `(n,)`."""
    return _nearest(described, embedder.embed(list(sentences)))


def _nearest(described: Described, examples: Matrix) -> Matrix:
    whole = described.rows[:, : examples.shape[1]]
    best = np.maximum(whole @ examples.T, described.titles @ examples.T).max(axis=1)
    spoken = np.array([(vectors @ examples.T).max() for vectors in described.sentences])
    return np.asarray(np.maximum(best, spoken), np.float32)


def _rivals(described: Described, coarse: str) -> Matrix:
    """Each contact's best cosine to what people write at coarse stages other than `coarse`, `(n,)`."""
    owners = np.array([label for label, sentences in PROTOTYPES.items() for _ in sentences])
    others = np.isin(owners, [stage for stage in STAGES if stage != coarse])
    return _nearest(described, described.prototypes[others])
