"""How far the end of a signal's timeline is from its beginning: population stability index and Kolmogorov-Smirnov.

PSI below 0.1 is commonly read as still, above 0.25 as moved (Siddiqi, 2006); with few blocks it's above 0 by chance.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

FEW: Final = 10
"""Blocks on each side, under which nothing is said."""
_BINS: Final = 5


class Apart(NamedTuple):
    """Two samples."""

    psi: float
    ks: float
    """The largest distance between their distribution functions, 0 to 1."""


def apart(before: Sequence[float], after: Sequence[float]) -> Apart | None:
    """Between two samples; None where there are too few for that."""
    if min(len(before), len(after)) < FEW:
        return None
    was, now = np.sort(np.array(before)), np.sort(np.array(after))
    cuts = np.quantile(was, np.linspace(0, 1, _BINS + 1)[1:-1])
    shares = [np.bincount(np.searchsorted(cuts, one), minlength=_BINS) + 0.5 for one in (was, now)]
    p, q = (share / share.sum() for share in shares)
    both = np.concatenate([was, now])
    below = [np.searchsorted(one, both, side="right") / len(one) for one in (was, now)]
    return Apart(float(((q - p) * np.log(q / p)).sum()), float(np.abs(below[0] - below[1]).max()))
