"""What one system did in a replay: the rank and the first items of each answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from batch.evaluate.placed import MISS, TOP, Placed


@dataclass(frozen=True)
class Outcome:
    """Of one system, over the n scored events."""

    ranks: NDArray[np.int64]
    """(n,), from 0; `MISS` where the item wasn't there."""
    tops: NDArray[np.int32]
    """(n, TOP): places in `Rows.ids`; -1 where fewer were served."""

    @classmethod
    def empty(cls, n: int) -> "Outcome":
        """Misses only."""
        return cls(np.full(n, MISS, np.int64), np.full((n, TOP), -1, np.int32))


@dataclass
class Rows:
    """Item ids numbered as they are met."""

    rows: dict[str, int] = field(default_factory=dict)

    def of(self, item_id: str) -> int:
        return self.rows.setdefault(item_id, len(self.rows))


@dataclass
class Outcomes:
    """Of all systems that one job asks, by name; a name that an event doesn't bring missed it."""

    n: int
    found: dict[str, Outcome] = field(default_factory=dict)
    items: Rows = field(default_factory=Rows)

    def add(self, number: int, placed: Mapping[str, Placed]) -> None:
        """The answers to scored event `number`."""
        for name, one in placed.items():
            if name not in self.found:
                self.found[name] = Outcome.empty(self.n)
            outcome = self.found[name]
            outcome.ranks[number] = one.rank
            outcome.tops[number, : len(one.top)] = [self.items.of(item_id) for item_id in one.top]

    def onto(self, items: Rows) -> dict[str, Outcome]:
        """The same, with items numbered as there."""
        rows = np.array([*(items.of(item_id) for item_id in self.items.rows), -1], np.int32)
        return {name: Outcome(one.ranks, rows[one.tops]) for name, one in self.found.items()}
