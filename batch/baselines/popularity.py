"""What everybody takes: as it was at the split, and counted online."""

from collections.abc import Sequence

import numpy as np

from batch.baselines.baseline import Items, Scores
from batch.baselines.fading import Fading
from batch.dataset import UserEvent
from batch.replay import is_target
from contracts.events import Context, Interaction


class Popularity:
    """Fading counts, as they were at the split."""

    name = "popularity"

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        """Count the head."""
        self._items = items
        self._counts = Fading(items)
        for event in head:
            if is_target(event):
                self._counts.add(items.row(event.item_id))
        self._scores = self._counts.shares().astype(np.float32)

    def learn(self, event: Interaction) -> None:
        """Nothing: it's frozen."""

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        """The same for everybody."""
        return np.pad(self._scores, (0, len(self._items) - len(self._scores)))


class OnlinePopularity(Popularity):
    """The same, counted on with every event."""

    name = "popularity_online"

    def learn(self, event: Interaction) -> None:
        """Count it."""
        if is_target(event):
            self._counts.add(self._items.row(event.item_id))

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        """The same for everybody, as of the last event."""
        return self._counts.shares().astype(np.float32)
