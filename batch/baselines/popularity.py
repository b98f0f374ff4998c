"""What everybody takes: as it was at the split, and counted online."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batch.baselines.baseline import Items, Scores
from batch.baselines.fading import HALF_LIFE_PER_ITEM, Fading
from batch.dataset import UserEvent
from batch.replay import is_target
from contracts.events import Context, Interaction

_PER_ITEM: Final = tuple(HALF_LIFE_PER_ITEM / times for times in (1, 4, 16, 64))
_NEWEST: Final = 5
"""One part of so many is foretold …"""
_ASKED: Final = 1000
"""… at so many places, by …"""
_TOP: Final = 10


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


class OnlinePopularity:
    """The same, counted on with every event; how soon counts fade is chosen on the newest part of the head."""

    name = "popularity_online"

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        """Count the head, at every pace; the one that foretells its newest part best goes on."""
        rows = [items.row(event.item_id) for event in head if is_target(event)]
        newest = len(rows) - len(rows) // _NEWEST
        paces = [Fading(items, per_item) for per_item in _PER_ITEM]
        found = np.zeros(len(paces))
        asked = {int(place) for place in np.linspace(newest, len(rows), _ASKED, endpoint=False)}
        for place, row in enumerate(rows):
            if place in asked:
                found += [row in _first(pace.shares()) for pace in paces]
            for pace in paces:
                pace.add(row)
        self._items = items
        self._counts = paces[int(found.argmax())]

    def learn(self, event: Interaction) -> None:
        """Count it."""
        if is_target(event):
            self._counts.add(self._items.row(event.item_id))

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        """The same for everybody, as of the last event."""
        return self._counts.shares().astype(np.float32)


def _first(shares: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.argpartition(-shares, min(_TOP, len(shares) - 1))[:_TOP]
