"""What a night has seen of the lake, which goes by once: counts of everything, and columns of as many users as fit."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batch.nightly.drawn import Drawn
from batch.nightly.frequent import Frequent
from batch.nightly.night import Begun
from contracts.kinds import ORDER
from online.lake.rules import STEPPING

TYPES: Final = (*STEPPING, "impression")
FUTURE_MS: Final = 5 * 60_000
"""Clocks of devices may be so far ahead."""


class Seen:
    """What the tables came to that were taken, of impressions and what steps a user's state."""

    COLUMNS: ClassVar = (
        *("type", "event_id", "user_id", "item_id", "kind", "weight"),
        *("time", "event_time", "arrival", "device", "session"),
    )

    def __init__(self, watermark: int, begun: Begun, known: Sequence[str]) -> None:
        """What is later than `watermark` (UTC ms) is new; `known` are the catalogue's items."""
        self._watermark = watermark
        self._begun = begun.time
        self._known = pa.array(known, pa.string())
        self.drawn = Drawn(begun.most, str(begun.time))
        """Of the new ones, all by as many users as fit."""
        self._by = {"user": Frequent(), "session": Frequent()}
        self.events = self.new = self.taken = 0
        """All; those that are new; of these, interactions."""
        self.since = self.until = 0
        """The earliest and latest time (UTC ms) of what is new."""
        self.bad = self.late = self.ahead = self.strange = 0
        """Of the new ones: interactions that are none, what arrived late, what is ahead of its arrival, what is of no
        catalogue."""

    @property
    def users(self) -> int:
        """Of what is new; where not all fit, by the share of those drawn."""
        return round(self.drawn.users / self.drawn.share)

    def take(self, table: pa.Table) -> None:
        """Some more rows, with `COLUMNS`."""
        table = table.filter(pc.is_in(table["type"], pa.array(TYPES)))
        self.events += len(table)
        new = table.filter(pc.greater(table["time"], self._watermark))
        if not len(new):
            return
        self.new += len(new)
        time, arrival = new["time"].to_numpy(), new["arrival"].to_numpy()
        self.since = int(min(time.min(), self.since or time.min()))
        self.until = max(self.until, int(time.max()))
        self.late += int((arrival > self._begun + FUTURE_MS).sum())
        self.ahead += int((new["event_time"].to_numpy() > arrival + FUTURE_MS).sum())
        self._take_interactions(new.filter(pc.equal(new["type"], "interaction")))
        self.drawn.take(new)

    def most(self) -> Iterator[tuple[str, tuple[str, int]]]:
        """Of `user` and `session`, who has the most interactions and how many."""
        for named, of in self._by.items():
            if of.counts:
                yield named, max(of.counts.items(), key=lambda one: one[1])

    def _take_interactions(self, taken: pa.Table) -> None:
        weight, time = taken["weight"].to_numpy(), taken["time"].to_numpy()
        bad = ~pc.is_in(taken["kind"], pa.array([str(kind) for kind in ORDER])).to_numpy()
        bad |= pc.equal(taken["item_id"], "").to_numpy() | pc.equal(taken["user_id"], "").to_numpy()
        bad |= ~(np.abs(weight) <= 1) | (time <= 0)
        self.taken += len(taken)
        self.bad += int(bad.sum())
        self.strange += int(pc.invert(pc.is_in(taken["item_id"], self._known)).to_numpy().sum())
        for column, named in (("user_id", "user"), ("session", "session")):
            self._by[named].take(taken[column])
