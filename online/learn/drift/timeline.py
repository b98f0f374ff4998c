"""The rows of the last blocks, one column a signal: what detectors were fed with, and what people look at."""

import struct
from math import isnan
from typing import Final

import msgspec

from contracts.alarms import Alarm
from online.learn.drift.signals import ALL, MIXES, PARTS

ROWS: Final = 256
"""Rows that are kept."""
RING: Final = ROWS // 2
"""To so many a signal's ring is cut when it has grown to `ROWS`: what was usual so long ago is usual no more."""
ALARMS: Final = 50
_STEADY: Final = 32
"""A mix's usual shares are the mean over the blocks so far, and from so many on one that forgets."""
_ROW: Final = struct.Struct(f"<{len(ALL)}f")


class Row(msgspec.Struct, array_like=True, frozen=True):
    """One block."""

    begun: int
    """Arrival of its first event, UTC ms."""
    offset: int
    """Of the event after its last."""
    bundle: str
    values: bytes
    """float32, a column each; NaN where there was too little."""

    def columns(self) -> tuple[float, ...]:
        return _ROW.unpack(self.values)


class Usual(msgspec.Struct, array_like=True):
    """A mix's shares as they were."""

    shares: list[float]
    blocks: int = 0

    def distance(self, shares: list[float]) -> float:
        """Half the sum of the differences: how much of the mix is another."""
        return sum(abs(now - was) for now, was in zip(shares, self.shares, strict=True)) / 2

    def learn(self, shares: list[float]) -> None:
        self.blocks = min(self.blocks + 1, _STEADY)
        self.shares = [was + (now - was) / self.blocks for now, was in zip(shares, self.shares, strict=True)]


class Timeline(msgspec.Struct, array_like=True):
    """All that is kept of past blocks; the detectors are made again from it."""

    rows: list[Row] = msgspec.field(default_factory=list)
    blocks: int = 0
    """How many there ever were."""
    starts: list[int] = msgspec.field(default_factory=lambda: [0] * len(ALL))
    """The number of the block with which each column's ring begins."""
    usual: list[Usual] = msgspec.field(default_factory=lambda: [Usual([0.0] * len(PARTS[one.name])) for one in MIXES])
    alarms: list[Alarm] = msgspec.field(default_factory=list)
    """The last ones, the newest last."""

    @property
    def first(self) -> int:
        """The number of the oldest block that is kept."""
        return self.blocks - len(self.rows)

    def ring(self, column: int) -> list[tuple[int, float]]:
        """The column's values since its ring began, each with the number of its block."""
        since = max(self.first, self.starts[column])
        rows = self.rows[since - self.first :]
        values = ((number, row.columns()[column]) for number, row in enumerate(rows, since))
        return [(number, value) for number, value in values if not isnan(value)]

    def append(self, begun: int, offset: int, bundle: str, values: list[float]) -> tuple[float, ...]:
        """One more row; returns its values as they are kept."""
        row = Row(begun, offset, bundle, _ROW.pack(*values))
        self.rows = [*self.rows, row][-ROWS:]
        self.blocks += 1
        return row.columns()
