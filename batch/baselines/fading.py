"""How often each item was taken, newer events counting more."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from batch.baselines.baseline import Items

HALF_LIFE_PER_ITEM: Final = 2.0
"""Counts halve with every two events an item of the catalogue, with a thousand at least."""
_LARGE: Final = 1e100


class Fading:
    """Counts over all items, which halve with every so many events."""

    def __init__(self, items: Items, per_item: float = HALF_LIFE_PER_ITEM) -> None:
        self._items = items
        self._per_item = per_item
        self._counts = np.zeros(len(items) + 1)
        self._worth = 1.0

    def add(self, row: int) -> None:
        """One more event on this item."""
        self._worth *= 2 ** (1 / (self._per_item * max(500, len(self._items))))
        self._counts = grown(self._counts, len(self._items))
        self._counts[row] += self._worth
        if self._worth > _LARGE:
            self._counts /= self._worth
            self._worth = 1.0

    def shares(self) -> NDArray[np.float64]:
        """Each item's part (items,) of all events, as they count now; zeros before the first."""
        self._counts = grown(self._counts, len(self._items))
        counts = self._counts[: len(self._items)]
        return counts / max(float(counts.sum()), 1e-300)


def grown(column: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The column (n,) with room for at least `length` rows, new ones zero; seldom a copy."""
    if len(column) >= length:
        return column
    return np.concatenate([column, np.zeros(max(length, 2 * len(column)) - len(column))])
