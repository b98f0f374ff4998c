"""What everybody takes in this context: by each of its columns, backing off to all events."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from batch.baselines.baseline import Items, Scores
from batch.baselines.fading import Fading
from batch.dataset import UserEvent
from batch.replay import is_target
from contracts.events import Context, Interaction

BACK_OFF: Final = 20.0
"""Events that the prior, popularity overall, is worth within a context."""
_UNSHARED: Final = {"ip", "user_agent", "request_id", "extra"}
_COLUMNS: Final = [f.name for f in msgspec.structs.fields(Context) if f.name not in _UNSHARED]

Part = tuple[str, str | float]


class PopularityInContext:
    """Each column's value multiplies an item's popularity by how much oftener it's taken there (naive Bayes).

    The columns' voices are averaged where they are many, since they say the same again: by the root of their number.
    """

    name = "popularity_in_context"

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        """Count the head."""
        self._items = items
        self._overall = Fading(items)
        self._within: dict[Part, dict[int, float]] = {}
        for event in head:
            if is_target(event):
                self._count(event)

    def learn(self, event: Interaction) -> None:
        """Count it."""
        if is_target(event):
            self._count(event)

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        """The same for everybody in this context."""
        prior = self._overall.shares() + 1e-9
        found = np.log(prior)
        known = [self._within[part] for part in _parts(context) if part in self._within]
        for counts in known:
            rows = np.fromiter(counts.keys(), np.int64, len(counts))
            taken = np.fromiter(counts.values(), np.float64, len(counts))
            found[rows] += np.log1p(taken / (BACK_OFF * prior[rows])) / np.sqrt(len(known))
        return found.astype(np.float32)

    def _count(self, event: Interaction) -> None:
        row = self._items.row(event.item_id)
        self._overall.add(row)
        for part in _parts(event.context):
            counts = self._within.setdefault(part, {})
            counts[row] = counts.get(row, 0.0) + 1.0


def _parts(context: Context | None) -> Iterator[Part]:
    if context is None:
        return
    for name in _COLUMNS:
        if (value := getattr(context, name)) is not None:
            yield name, value
    yield from context.extra.items()
