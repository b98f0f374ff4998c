"""What is taken near the user's latest items, by anybody, counted online."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from batch.baselines.live import Live, Rows, recency
from batch.baselines.pairs import pairs
from contracts.events import Interaction


class Covisitation(Live):
    """Symmetric counts of items within ten events of one user; the latest ten of the asking user have a say."""

    name = "covisitation"
    last: ClassVar = 10
    decay: ClassVar = 0.6

    def _begin(self) -> None:
        self._pairs = pairs(self.items)

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        near = list(dict.fromkeys(before))
        self._pairs.add(row, near, np.ones(len(near)))

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        return self._pairs.weighted(latest, recency(len(latest), self.decay))
