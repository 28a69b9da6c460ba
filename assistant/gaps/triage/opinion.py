"""A second opinion on why a contact was made, weighed against the fitted weights' label.

An opinion is one word from somebody who is right with a known probability; Bayes' rule moves the label by it. What
the labels mean is written here once, for whoever is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.gaps.triage.contact import Label, ranked_label

CAUSE_MEANINGS: Mapping[str, str] = {
    "knowledge": "the product can do it and works; the person did not know how, or documentation is missing or wrong",
    "design": "it works as built, but people cannot find it, misread it, or dislike how it behaves or looks",
    "defect": "the product does not do what it is meant to do: a crash, lost data, something that worked before",
    "external": "something outside causes it: a provider, a server, another program, an add-on, a device",
    "request": "a wish for something that the product does not do",
    "unclear": "the text does not say enough",
}
STAGE_MEANINGS: Mapping[str, str] = {
    "learn": "finding out what the product is",
    "order": "buying it",
    "refund": "getting money back",
    "get": "finding out about the product and obtaining it",
    "download": "downloading it",
    "install": "installing it",
    "install_update": "installing it or changing its version",
    "set_up": "accounts, signing in, first settings",
    "use": "everyday work with it",
    "move_leave": "moving, backing up, exporting, uninstalling",
    "contact": "reaching support itself",
}


def meanings(labels: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Each label with its meaning; a desk's own label means what it says.

    >>> meanings(["request", "first_aid"], CAUSE_MEANINGS)["first_aid"]
    'first aid'
    """
    return {label: known.get(label, label.replace("_", " ")) for label in labels}


def persuaded(label: Label, opinion: str, trust: float) -> Label:
    """The label after an opinion that is right with probability `trust`, in (0, 1).

    Bayes' rule with an opinion whose mistakes fall on the k - 1 other labels alike: the odds of what it names grow
    by `trust * (k - 1) / (1 - trust)`, the others keep their proportions. At `trust` 1/k nothing moves. An opinion
    that names no known label says nothing.

    Of six labels, with `trust` 0.6 the factor is 0.6 * 5 / 0.4 = 7.5; "design" at 0.3 has odds of 3 to 7, then of
    22.5 to 7, and a probability of 22.5 / 29.5 = 0.763:

    >>> others = (("defect", 0.4), ("design", 0.3), ("external", 0.1), ("knowledge", 0.1), ("request", 0.1))
    >>> moved = persuaded(Label("defect", 0.4, (*others, ("unclear", 0.0))), "design", 0.6)
    >>> moved.label, round(moved.probability, 3)
    ('design', 0.763)
    """
    known = dict(label.distribution)
    if opinion not in known or len(known) < 2:
        return label
    factor = trust * (len(known) - 1) / (1 - trust)
    weighed = {name: p * (factor if name == opinion else 1.0) for name, p in known.items()}
    total = sum(weighed.values())
    return ranked_label({name: weight / total for name, weight in weighed.items()}) if total > 0 else label
