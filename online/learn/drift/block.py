"""The block of events in hand: sums of whole numbers, until it's long enough to be a row of the timeline."""

from math import log10, nan
from typing import Final, NamedTuple

import msgspec

from contracts.settings import Settings
from online.learn.drift.known import UNIT
from online.learn.drift.note import REFUSED, Note
from online.learn.drift.signals import ALL, FIRST_MIX, MIXES, PARTS, SUMMED

_ENOUGH: Final = 8
"""Of what a mean or a mix is made; fewer wait for the next block's."""
_SAMPLED: Final = 12
_SAMPLE_OF: Final = 8
"""The last so many of every eighth record are kept, to find examples among."""
_MINUTE_MS: Final = 60_000


class Pace(NamedTuple):
    """How long a block is: it ends with the first event that finds it so long in both ways."""

    events: int = 128
    ms: int = 60_000
    """By arrival. Without it a busy stream would see no further back than minutes."""

    @classmethod
    def of(cls, settings: Settings) -> "Pace":
        return cls(ms=round(settings.drift_block_s * 1000))


class Block(msgspec.Struct, array_like=True):
    """What came since the last row."""

    begun: int = 0
    """Arrival of its first event, UTC ms."""
    events: int = 0
    sums: list[int] = msgspec.field(default_factory=lambda: [0] * len(SUMMED))
    times: list[int] = msgspec.field(default_factory=lambda: [0] * len(SUMMED))
    mixes: list[list[int]] = msgspec.field(default_factory=lambda: [[0] * len(PARTS[one.name]) for one in MIXES])
    sampled: list[Note] = msgspec.field(default_factory=list)

    def add(self, note: Note) -> None:
        sums, times = self.sums, self.times
        for at, value in note.pairs():
            sums[at] += value
            times[at] += 1
        if note.parts:
            self.begun = self.begun or note.arrival
            self.events += 1
            for mix, part in zip(self.mixes, note.parts, strict=True):
                if part >= 0:
                    mix[part] += 1
        if note.offset % _SAMPLE_OF == 0 and note.event_id and note.values:
            self.sampled.append(note)
            if len(self.sampled) > _SAMPLED:
                del self.sampled[0]

    def refuse(self, records: int) -> None:
        """So many records were no events."""
        self.sums[REFUSED] += UNIT * records
        self.times[REFUSED] += records

    def is_over(self, note: Note, pace: Pace) -> bool:
        """Whether this note's event begins the next block."""
        return bool(note.parts) and self.events >= pace.events and note.arrival - self.begun >= pace.ms

    def values(self, arrival: int) -> list[float]:
        """The row's means and its volume, NaN where there's too little, which waits; `arrival` is the next one's."""
        row = [nan] * len(ALL)
        for at, times in enumerate(self.times):
            if times >= _ENOUGH:
                row[at] = self.sums[at] / times / UNIT
                self.sums[at] = self.times[at] = 0
        row[FIRST_MIX - 1] = log10(self.events * _MINUTE_MS / max(1, arrival - self.begun))
        return row

    def shares(self, mix: int) -> list[float]:
        """Of a mix, what part of it is each; none where there's too little, which waits."""
        total = sum(self.mixes[mix])
        if total < _ENOUGH:
            return []
        shares = [part / total for part in self.mixes[mix]]
        self.mixes[mix] = [0] * len(shares)
        return shares

    def begin(self, arrival: int) -> None:
        """The next block."""
        self.begun, self.events = arrival, 0
