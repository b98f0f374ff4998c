"""Back to what the user just had: the strongest thing to say where items repeat."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from batch.baselines.live import Live, Rows
from contracts.events import Interaction


class Recent(Live):
    """The user's own items, the newest first; behind them what is popular."""

    name = "recent"
    last: ClassVar = 100

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        """The history is all there is."""

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        found = np.zeros(len(self.items))
        newest = list(dict.fromkeys(latest))
        found[newest] = np.arange(len(newest), 0, -1)
        return found
