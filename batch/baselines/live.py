"""What the baselines share that read a user's live history: the latest items, and popularity for who has none."""

from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from batch.baselines.baseline import Items, Scores
from batch.baselines.fading import Fading
from batch.dataset import UserEvent
from batch.replay import is_target
from contracts.events import Context, Interaction

_BREAKS_TIES: Final = 1e-6
"""What popularity weighs beside the best score of the method itself."""

Rows = Sequence[int]
"""Items' rows, a user's newest first."""


class Live(ABC):
    """A baseline whose scores come from its user's latest items; where they say nothing, popularity orders."""

    name: str
    last: ClassVar[int]
    """Events of a user that are kept."""

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        """Take the head in, event by event, then fit."""
        self.items = items
        self.popularity = Fading(items)
        self._latest: defaultdict[str, deque[int]] = defaultdict(lambda: deque(maxlen=self.last))
        self._begin()
        for event in head:
            if is_target(event):
                self._take(event)
        self._fitted()

    def learn(self, event: Interaction) -> None:
        """Take it in; what nobody wishes to be shown counts for nothing."""
        if is_target(event):
            self._take(event)
            self._learned()

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        """By the user's latest items, the rest by popularity."""
        shares = self.popularity.shares()
        latest = self._latest.get(user_id)
        if not latest:
            return shares.astype(np.float32)
        found = self._scores(user_id, list(latest))
        best = float(np.abs(found).max(initial=0.0)) or 1.0
        return (found / best + _BREAKS_TIES * shares / max(float(shares.max()), 1e-300)).astype(np.float32)

    def _take(self, event: Interaction) -> None:
        row = self.items.row(event.item_id)
        latest = self._latest[event.user_id]
        self._count(event, row, list(latest))
        latest.appendleft(row)
        self.popularity.add(row)

    def _begin(self) -> None:  # noqa: B027 (most have nothing to do then)
        """Before the first event."""

    def _fitted(self) -> None:  # noqa: B027 (most have nothing to do then)
        """After the last event of the head."""

    def _learned(self) -> None:  # noqa: B027 (most have nothing to do then)
        """After an event of the replay."""

    @abstractmethod
    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        """Take in an event on the item of this row, by a user whose latest items were those `before`."""

    @abstractmethod
    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        """What each item (items,) is worth after these, of which there is at least one."""


def recency(count: int, decay: float) -> NDArray[np.float64]:
    """The weights (count,) of the latest events, newest first."""
    return decay ** np.arange(count, dtype=np.float64)
