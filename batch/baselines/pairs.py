"""How often items go together: a square where it fits, else the strongest partners of each item."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from batch.baselines.baseline import Items

DENSE_BELOW: Final = 6_000
"""Items up to which a square of them is kept (144 MB)."""
PARTNERS: Final = 400
"""Kept of an item beyond that."""

Floats = NDArray[np.floating]


class Pairs(Protocol):
    """Symmetric counts."""

    def add(self, item: int, others: Sequence[int], worth: Floats) -> None:
        """Count the pairs of an item with distinct others, each by its worth (others,)."""

    def weighted(self, items: Sequence[int], weights: Floats) -> Floats:
        """Each item's sum (all items,) of its counts with these items, by their weights (items,)."""


class DensePairs:
    """A square of float32."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._square = np.zeros((len(items) + 64, len(items) + 64), np.float32)

    def add(self, item: int, others: Sequence[int], worth: Floats) -> None:
        """As promised by `Pairs`."""
        self._grow()
        self._square[item, others] += worth
        if item in others:
            worth = np.where(np.array(others) == item, 0.0, worth)
        self._square[others, item] += worth

    def weighted(self, items: Sequence[int], weights: Floats) -> Floats:
        """As promised by `Pairs`."""
        self._grow()
        count = len(self._items)
        return np.asarray(weights.astype(np.float32) @ self._square[items, :count])

    def _grow(self) -> None:
        have, need = len(self._square), len(self._items)
        if need > have:
            square = np.zeros((need + have // 4, need + have // 4), np.float32)
            square[:have, :have] = self._square
            self._square = square


class SparsePairs:
    """Each item's counts in a dictionary, which is thinned to the strongest when it has grown to twice as many."""

    def __init__(self, items: Items, partners: int = PARTNERS) -> None:
        self._items = items
        self._partners = partners
        self._counts: dict[int, dict[int, float]] = {}

    def add(self, item: int, others: Sequence[int], worth: Floats) -> None:
        """As promised by `Pairs`."""
        for other, gain in zip(others, worth.tolist(), strict=True):
            self._gain(item, other, gain)
            if other != item:
                self._gain(other, item, gain)

    def weighted(self, items: Sequence[int], weights: Floats) -> Floats:
        """As promised by `Pairs`."""
        total = np.zeros(len(self._items))
        for item, weight in zip(items, weights.tolist(), strict=True):
            counts = self._counts.get(item, {})
            others = np.fromiter(counts.keys(), np.int64, len(counts))
            total[others] += weight * np.fromiter(counts.values(), np.float64, len(counts))
        return total

    def _gain(self, item: int, other: int, gain: float) -> None:
        counts = self._counts.setdefault(item, {})
        counts[other] = counts.get(other, 0.0) + gain
        if len(counts) > 2 * self._partners:
            strongest = sorted(counts.items(), key=lambda pair: -pair[1])[: self._partners]
            self._counts[item] = dict(strongest)


def pairs(items: Items) -> Pairs:
    """The form that fits the catalogue, which may grow later to some times its size."""
    return DensePairs(items) if len(items) <= DENSE_BELOW else SparsePairs(items)
