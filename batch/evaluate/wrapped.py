"""A baseline made a system: it scores items, and here they are ranked by the protocol's rules."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from batch.baselines.baseline import Baseline, Items
from batch.evaluate.placed import by_row
from batch.evaluate.split import Split, Step
from batch.evaluate.systems import Answers
from batch.replay import UserEvent
from contracts.events import Interaction


class Wrapped:
    """Asks one baseline; it is fitted here."""

    def __init__(self, baseline: Baseline, split: Split, catalogue: Sequence[str]) -> None:
        self._baseline = baseline
        self._repeats = split.repeats
        self._items = Items()
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []
        self._had: defaultdict[str, set[int]] = defaultdict(set)
        for item_id in catalogue:
            self._row(item_id)
        for event in split.head:
            if isinstance(event, Interaction):
                self._had[event.user_id].add(self._row(event.item_id))
        baseline.fit(split.head, self._items)

    async def answers(self, event: Interaction, step: Step) -> Answers:
        """By the scores at the event's time; an item that nobody has met yet is a miss."""
        scores = np.array(self._baseline.scores(event.user_id, event.time, event.context), np.float64)
        scores[self._out(event.user_id, step)] = -np.inf
        return {self._baseline.name: by_row(scores, self._rows.get(event.item_id, len(scores)), self._ids)}

    async def learn(self, event: UserEvent) -> None:
        """A mood tells a baseline nothing."""
        if isinstance(event, Interaction):
            self._had[event.user_id].add(self._row(event.item_id))
            self._baseline.learn(event)

    def _out(self, user_id: str, step: Step) -> list[int]:
        """The rows that aren't ranked."""
        if self._repeats == "never":
            return list(self._had[user_id])
        return [self._rows[step.previous]] if self._repeats == "collapsed" and step.previous else []

    def _row(self, item_id: str) -> int:
        if item_id not in self._rows:
            self._rows[item_id] = self._items.row(item_id)
            self._ids.append(item_id)
        return self._rows[item_id]
