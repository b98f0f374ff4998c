"""What sorted events are counted by, and which of them only say again what another said."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batch.importing.report import Values
from batch.importing.sorting import ROW, TIME

COUNTED: Final = 100_000
"""Values of one column that are told apart."""


class Tally:
    """Counts tables that come in order of time."""

    def __init__(self, context: Sequence[str], items: frozenset[str] | None) -> None:
        """`context` are the columns of context; `items` the catalogue's ids, None where there is none."""
        self.items: dict[str, None] = {}
        """The events' items in order of their first event."""
        self.kinds: Counter[str] = Counter()
        self.events, self.tied, self.unknown_items = 0, 0, 0
        self.first_ms, self.last_ms = 0, 0
        self.lowest: float | None = None
        self.highest: float | None = None
        self._catalogue = items
        self._context = {name: set[Any]() for name in context}
        self._filled: Counter[str] = Counter()
        self._last: dict[str, int] = {}
        self._said: set[int] = set()
        self._said_at = -1

    @property
    def users(self) -> int:
        """Users that have events."""
        return len(self._last)

    def context(self) -> list[Values]:
        """The columns of context and how many values each has."""
        return [
            Values(name, min(len(values), COUNTED), self._filled[name], more=len(values) >= COUNTED)
            for name, values in self._context.items()
        ]

    def count(self, part: Any) -> None:
        """Count a table of events, the next in time."""
        if not part.num_rows:
            return
        times = part.column(TIME)
        self.first_ms = self.first_ms if self.events else times[0].as_py()
        self.last_ms = times[part.num_rows - 1].as_py()
        self.events += part.num_rows
        self.kinds.update(
            {str(one["values"]): one["counts"] for one in pc.value_counts(part.column("kind")).to_pylist()}
        )
        self._count_items(part.column("item_id"))
        self._count_values(part.column("value"))
        self.tied += self._ties(part.column("user_id"), times.to_numpy())
        for name, values in self._context.items():
            column = part.column(name)
            self._filled[name] += part.num_rows - column.null_count
            if len(values) < COUNTED:
                values.update(value for value in pc.unique(column).to_pylist() if value is not None)

    def repeats(self, part: Any) -> Iterator[tuple[int, int]]:
        """Index and source row of the events that say what an earlier one of the same time says."""
        times = part.column(TIME).to_numpy()
        same = np.zeros(len(times), bool)
        same[1:] = times[1:] == times[:-1]
        beside = same.copy()
        beside[:-1] |= same[1:]
        beside[0] = beside[-1] = True  # the part before and the part after may go on with the same time
        at = np.flatnonzero(beside)
        few = part.take(pa.array(at))
        rows = few.column(ROW).to_pylist()
        columns = [few.column(name).to_pylist() for name in few.column_names if name != ROW]
        for index, row, cells in zip(at.tolist(), rows, zip(*columns, strict=True), strict=True):
            if times[index] != self._said_at:
                self._said.clear()
                self._said_at = int(times[index])
            said = hash(repr(cells))  # 64 bits: that two of a million at one time collide has odds of one in 30 million
            if said in self._said:
                yield index, row
            self._said.add(said)

    def _count_items(self, column: Any) -> None:
        for one in pc.value_counts(column).to_pylist():
            item, count = one["values"], one["counts"]
            if item:
                self.items.setdefault(item)
                if self._catalogue is not None and item not in self._catalogue:
                    self.unknown_items += count

    def _count_values(self, column: Any) -> None:
        found = pc.min_max(column).as_py()
        if found["min"] is not None:
            self.lowest = found["min"] if self.lowest is None else min(self.lowest, found["min"])
            self.highest = found["max"] if self.highest is None else max(self.highest, found["max"])

    def _ties(self, users: Any, times: Any) -> int:
        """How many have the time of their user's event before."""
        tied = 0
        last = self._last
        for user, time in zip(users.to_pylist(), times.tolist(), strict=True):
            tied += last.get(user) == time
            last[user] = time
        return tied
