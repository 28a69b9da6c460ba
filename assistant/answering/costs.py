"""From what mistakes cost a desk to the confidence from which a draft is worth showing; before `decide`."""

from __future__ import annotations


def least_confidence(wrong_to_missing: float) -> float:
    """Return the confidence from which a draft costs less than silence, in (0, 1); `wrong_to_missing` is positive.

    It is what a wrong draft costs, counted in missing ones. A draft shown at confidence p costs (1 - p) x wrong on
    average, silence p x missing: equal at wrong / (wrong + missing), the threshold of cost-sensitive decisions
    (Elkan, IJCAI 2001). True as far as the confidence is calibrated, which `waypost eval` shows.

    >>> least_confidence(3.0)
    0.75
    """
    return wrong_to_missing / (1.0 + wrong_to_missing)
