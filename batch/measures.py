"""What ranks are worth: HR, NDCG and MRR at 10, with intervals by drawing users again."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NAMES: Final = ("hr@10", "ndcg@10", "mrr@10")
DRAWS: Final = 2000
COVERED: Final = 0.95

Floats = NDArray[np.float64]
Ranks = NDArray[np.int64]


class Measure(NamedTuple):
    """A mean over events, and the interval that holds 95% of the means over users drawn again."""

    mean: float
    low: float
    high: float


def gains(ranks: Ranks) -> Floats:
    """What each rank (n,), from 0, is worth: (n, 3) in the order of `NAMES`; beyond the tenth place nothing."""
    hit = (ranks < 10).astype(np.float64)
    return np.stack([hit, hit / np.log2(ranks + 2.0), hit / (ranks + 1.0)], axis=1)


def measured(gained: Floats, users: NDArray[np.int64], seed: int = 0) -> dict[str, Measure]:
    """The means of `gained` (n, 3), or of the differences between two systems' gains, event n being of users[n].

    Events of one user depend on one another, so whole users are drawn (B. Efron's bootstrap, clustered), always the
    same ones for a seed.
    """
    sums = np.stack([np.bincount(users, column) for column in [*gained.T, np.ones(len(users))]], axis=1)
    drawn = np.random.default_rng(seed).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), DRAWS) @ sums
    edges = (1 - COVERED) / 2, (1 + COVERED) / 2
    low, high = np.quantile(drawn[:, :3] / np.maximum(drawn[:, 3:], 1), edges, axis=0)
    return {
        name: Measure(*(round(float(value), 5) for value in values))
        for name, *values in zip(NAMES, gained.mean(axis=0), low, high, strict=True)
    }
