"""Items like the user's latest ones: by the cosine of who took them (B. Sarwar et al., 2001), counted online."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from batch.baselines.fading import grown
from batch.baselines.live import Live, Rows, recency
from batch.baselines.pairs import pairs
from contracts.events import Interaction


class ItemKnn(Live):
    """Who took both, over the root of who took either; the user's latest ten items, by position."""

    name = "item_knn"
    last: ClassVar = 200
    """An item goes together with so many of its user's items before."""
    asked: ClassVar = 10
    decay: ClassVar = 0.8
    alpha: ClassVar = 0.5
    shrink: ClassVar = 10.0
    """Added to each count, so that what was seldom taken is no one's nearest."""

    def _begin(self) -> None:
        self._pairs = pairs(self.items)
        self._taken = np.zeros(len(self.items) + 1)

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        self._taken = grown(self._taken, len(self.items))
        self._taken[row] += 1
        near = list(dict.fromkeys(before))
        self._pairs.add(row, near, np.ones(len(near)))

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        self._taken = grown(self._taken, len(self.items))
        taken = self._taken[: len(self.items)] + self.shrink
        asked = list(latest[: self.asked])
        weights = recency(len(asked), self.decay) * taken[asked] ** (self.alpha - 1)
        return self._pairs.weighted(asked, weights) / taken**self.alpha
