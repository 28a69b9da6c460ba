"""Multinomial logistic regression on soft targets, pulled towards weights that are already there.

Fitting from nothing trains the shipped model; fitting from the shipped weights learns a desk's corrections.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
_CONSTANT_PENALTY = 10.0


def probabilities(logits: Floats) -> Floats:
    """Softmax by row; `(n, k)`, rows sum to 1."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def fit_weights(rows: Floats, targets: Floats, weights: Floats, *, strength: float, offset: Floats) -> Floats:
    """Weights `(width + 1, k)`, the last row the constants, of `offset + rows @ weights`.

    Minimises `strength * sum(weights * cross entropy) + |weights|^2 / 2`. The constants are unpenalised where `offset`
    is zero throughout and ten times penalised otherwise: few corrections say little about how common a label is.
    `rows` is `(n, width)`, `targets` `(n, k)` with rows that sum to 1, `offset` `(n, k)`.
    """
    basis, coordinates = _compact(rows)
    width, classes = coordinates.shape[1], targets.shape[1]
    extended = np.hstack([coordinates, np.ones((len(rows), 1))])
    penalty = np.ones((width + 1, 1))
    penalty[-1] = _CONSTANT_PENALTY * float(np.any(offset))

    def loss(flat: Floats) -> tuple[float, Floats]:
        current = flat.reshape(width + 1, classes)
        expected = probabilities(offset + extended @ current)
        entropy = -np.sum(weights[:, None] * targets * np.log(np.maximum(expected, 1e-12)))
        gradient = strength * (extended.T @ ((expected - targets) * weights[:, None])) + penalty * current
        return float(strength * entropy + np.sum(penalty * current**2) / 2), gradient.ravel()

    start = np.zeros((width + 1) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "gtol": 1e-3})
    fitted = found.x.reshape(width + 1, classes)
    return np.vstack([basis @ fitted[:-1], fitted[-1:]])


def _compact(rows: Floats) -> tuple[Floats, Floats]:
    """An orthonormal basis `(width, r)` of the rows' span and the rows in it `(n, r)`: the same optimum, far smaller.

    Directions with less than a millionth of the strongest one's energy are left out.
    """
    if len(rows) > rows.shape[1]:
        energy, directions = np.linalg.eigh(rows.T @ rows)
        basis = directions[:, energy > max(energy.max(initial=0.0), 1e-12) * 1e-6]
        return np.asarray(basis), np.asarray(rows @ basis)
    energy, left = np.linalg.eigh(rows @ rows.T)
    kept = energy > max(energy.max(initial=0.0), 1e-12) * 1e-6
    lengths = np.sqrt(energy[kept])
    return np.asarray(rows.T @ (left[:, kept] / lengths)), np.asarray(left[:, kept] * lengths)
