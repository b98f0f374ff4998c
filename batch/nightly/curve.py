"""How well a bundle's scores become probabilities: a curve fitted on the first half, held against the second."""

import numpy as np
from numpy.typing import NDArray

from batch.reliability import ece
from online.learn.calibration import sigmoid

Floats = NDArray[np.float64]
_STEPS = 25
_LEAST = 100
_RIDGE = 1e-3


def ece_of(scores: Floats, taken: NDArray[np.bool_]) -> float:
    """The expected calibration error of scores (n,) after Platt's scaling (1999), in the order of time; 0 of too few.

    The stream calibrates whatever bundle serves by the same two numbers, so this is what users would be told.
    """
    half = len(scores) // 2
    if half < _LEAST or not taken[:half].any():
        return 0.0
    mean, spread = float(scores[:half].mean()), float(scores[:half].std()) or 1.0
    standard = np.stack([np.ones(len(scores)), (scores - mean) / spread], axis=1)
    weights = _fitted(standard[:half], taken[:half])
    return round(ece(sigmoid(standard[half:] @ weights), taken[half:]), 5)


def _fitted(features: Floats, taken: NDArray[np.bool_]) -> Floats:
    """Logistic regression (2,) by Newton's steps."""
    weights = np.zeros(2)
    for _ in range(_STEPS):
        stated = sigmoid(features @ weights)
        gradient = features.T @ (stated - taken) + _RIDGE * weights
        curvature = (features * (stated * (1 - stated))[:, None]).T @ features + _RIDGE * np.eye(2)
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights
