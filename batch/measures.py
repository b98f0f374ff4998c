"""What ranks are worth, with intervals by drawing users again.

One item is relevant in each event. So recall is the hit rate, precision a k-th of it, F1 2 / (k + 1) of it, and MAP is
MRR; they are given all the same, since each is asked for by its name.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PLACES: Final = (5, 10, 20)
_GAINED: Final = ("hr", "ndcg", "mrr")
_TOLD: Final = {"hr": "hr", "ndcg": "ndcg", "mrr": "mrr", "precision": "hr", "recall": "hr", "f1": "hr", "map": "mrr"}
"""Each metric, and the one that it is a multiple of."""
NAMES: Final = tuple(f"{name}@{k}" for k in PLACES for name in _TOLD)
GAINS: Final = tuple(f"{name}@{k}" for k in PLACES for name in _GAINED)
DRAWS: Final = 2000
COVERED: Final = 0.95
_AT_ONCE: Final = 50

Floats = NDArray[np.float64]
Ranks = NDArray[np.int64]


class Measure(NamedTuple):
    """A mean over events, and the interval that holds 95% of the means over users drawn again."""

    mean: float
    low: float
    high: float


def gains(ranks: Ranks) -> Floats:
    """What each rank (n,), from 0, is worth: (n, 9) in the order of `GAINS`; beyond the k-th place nothing."""
    columns = []
    for k in PLACES:
        hit = (ranks < k).astype(np.float64)
        columns += [hit, hit / np.log2(ranks + 2.0), hit / (ranks + 1.0)]
    return np.stack(columns, axis=1)


def all_of(measured: Mapping[str, Measure]) -> dict[str, Measure]:
    """All of `NAMES`, from those of `GAINS`."""
    found = {}
    for k in PLACES:
        for name, told in _TOLD.items():
            found[f"{name}@{k}"] = scaled(measured[f"{told}@{k}"], _factor(name, k))
    return found


def _factor(name: str, k: int) -> float:
    return {"precision": 1 / k, "f1": 2 / (k + 1)}.get(name, 1.0)


def scaled(measure: Measure, factor: float) -> Measure:
    """A multiple of it."""
    return rounded(*(value * factor for value in measure))


def rounded(mean: float, low: float, high: float) -> Measure:
    """As it is told."""
    return Measure(*(round(float(value), 6) for value in (mean, low, high)))


class Drawn:
    """The means of columns over events, and over the events of users drawn again.

    Events of one user depend on one another, so whole users are drawn (B. Efron's bootstrap, clustered), always the
    same ones for a seed and as many users: so differences between columns are paired.
    """

    def __init__(self, columns: Iterable[tuple[str, Floats]], users: NDArray[np.int64], seed: int = 0) -> None:
        """Named columns (n,), at least one; event i is of user `users[i]`, and n > 0."""
        users = np.unique(users, return_inverse=True)[1]
        counts = np.bincount(users).astype(np.float64)
        self._places: dict[str, int] = {}
        sums: list[Floats] = []
        for name, column in columns:
            self._places[name] = len(sums)
            sums.append(np.asarray(np.bincount(users, column), np.float64))
        by_user = np.stack(sums, axis=1)
        self._means = by_user.sum(axis=0) / counts.sum()
        self._drawn = np.concatenate([w @ by_user / (w @ counts)[:, None] for w in weights(len(counts), seed)])

    def mean(self, name: str) -> Measure:
        """Of one column."""
        place = self._places[name]
        return interval(self._means[place], self._drawn[:, place])

    def difference(self, better: str, worse: str) -> Measure:
        """Of two columns."""
        one, other = self._places[better], self._places[worse]
        return interval(self._means[one] - self._means[other], self._drawn[:, one] - self._drawn[:, other])


def weights(users: int, seed: int | np.random.Generator) -> Iterator[Floats]:
    """How often each user is drawn, (draws, users) at a time, DRAWS in all."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS // _AT_ONCE):
        yield rng.multinomial(users, np.full(users, 1 / users), _AT_ONCE).astype(np.float64)


def interval(mean: float, drawn: Floats, covered: float = COVERED) -> Measure:
    """A mean, and the middle of what was drawn (n,): the share of it that is to be covered."""
    return rounded(mean, *np.quantile(drawn, ((1 - covered) / 2, (1 + covered) / 2)))
