"""What everybody takes, counted online: the system to beat."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from batch.assemble import HALF_LIFE_PER_ITEM
from batch.replay import UserEvent, is_target
from contracts.events import Interaction

_LARGE: Final = 1e100


class Popularity:
    """Counts that halve with every two events an item of the catalogue (a thousand at least), as a bundle's do."""

    def __init__(self, head: Sequence[UserEvent], items: Sequence[str]) -> None:
        self._rows = {item_id: row for row, item_id in enumerate(items)}
        self._growth = 2 ** (1 / (HALF_LIFE_PER_ITEM * max(500, len(items))))
        self._worth = 1.0
        self._counts = np.zeros(len(items))
        self._had: defaultdict[str, set[int]] = defaultdict(set)
        for event in head:
            self._learn(event)

    async def rank(self, event: Interaction) -> int:
        """The place, from 0, of the event's item among all that its user hasn't had; equal counts come before it."""
        row = self._row(event.item_id)
        own = self._counts[row]
        had = list(self._had[event.user_id] - {row})
        return int((self._counts >= own).sum() - (self._counts[had] >= own).sum()) - 1

    async def learn(self, event: UserEvent) -> None:
        """Count the event."""
        self._learn(event)

    def _learn(self, event: UserEvent) -> None:
        if not isinstance(event, Interaction):
            return
        row = self._row(event.item_id)
        self._had[event.user_id].add(row)
        self._worth *= self._growth
        if is_target(event):
            self._counts[row] += self._worth
        if self._worth > _LARGE:
            self._counts /= self._worth
            self._worth = 1.0

    def _row(self, item_id: str) -> int:
        row = self._rows.setdefault(item_id, len(self._rows))
        if row == len(self._counts):
            self._counts = np.append(self._counts, 0.0)
        return row
