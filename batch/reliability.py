"""How well stated probabilities agree with what happened."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS: Final = 15
_CERTAIN: Final = 1e-7
"""No probability counts as nearer to 0 or 1: one surprise would otherwise cost infinitely much."""


class Reliability(NamedTuple):
    """Of some probabilities against outcomes; less is better in both."""

    log_loss: float
    """Mean of -log of the probability given to what happened, in nats."""
    ece: float
    """Expected calibration error: by how much stated and seen differ, over bins of equally many."""


def reliability(stated: Floats, taken: NDArray[np.bool_]) -> Reliability:
    """Of probabilities (n,) that were stated before their outcomes (n,) were known; n at least 1."""
    return Reliability(log_loss(stated, taken), ece(stated, taken))


def log_loss(stated: Floats, taken: NDArray[np.bool_]) -> float:
    """Mean over (n,) of -log of the probability given to what happened, in nats."""
    bounded = np.clip(stated, _CERTAIN, 1 - _CERTAIN)
    return float(-np.log(np.where(taken, bounded, 1 - bounded)).mean())


def ece(stated: Floats, taken: NDArray[np.bool_], bins: int = BINS) -> float:
    """Mean of |stated - seen| over bins of equally many, lowest probabilities first (Nguyen and O'Connor, 2015).

    Equally many and not equally wide (Naeini et al., 2015): what is shown is rarely taken, so that most lies in one
    narrow bin.
    """
    order = np.argsort(stated, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [len(part) * abs(float(stated[part].mean() - taken[part].mean())) for part in parts]
    return sum(gaps) / len(order)
