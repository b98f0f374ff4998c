"""What a baseline of the evaluation promises, and the items that it scores."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from batch.dataset import UserEvent
from contracts.events import Context, Interaction

Scores = NDArray[np.float32]


class Items:
    """Item ids by row; it grows with the replay, and a row never changes."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._rows = {item_id: row for row, item_id in enumerate(dict.fromkeys(ids))}

    def row(self, item_id: str) -> int:
        """The row of an item, which is added where it is new."""
        return self._rows.setdefault(item_id, len(self._rows))

    @property
    def ids(self) -> list[str]:
        """All ids in the order of their rows."""
        return list(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Baseline(Protocol):
    """Fitted once on what was before the split; then, event by event, asked for scores and told what happened."""

    name: str
    """Of the system in tables and JSON."""

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        """Begin with the events before the split, in order; `items` is kept, and grows with those of the replay."""

    def learn(self, event: Interaction) -> None:
        """Take in one event of the replay after it was scored; a frozen baseline lets it pass."""

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        """What each item is worth to the user at `now` (UTC ms), in the context of the request: (len(items),).

        Higher is better. Items that the user has had are scored too: whoever ranks leaves them out where they must be.
        An item that nothing is known of has the lowest score or one equal to it.
        """
