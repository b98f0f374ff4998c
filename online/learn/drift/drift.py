"""The drift of one partition: notes go into blocks, blocks into the timeline and its detectors, and these alarm.

What it comes to depends on the notes and their order alone, not on batches or restarts: sums are of whole numbers, and
a detector is a function of its ring.
"""

from collections.abc import Sequence
from math import isnan, nan
from typing import Final

from contracts.alarms import Alarm
from contracts.rollout import Rollout
from online.learn.drift import kept as kept_as
from online.learn.drift.block import Pace
from online.learn.drift.change import Change, change_of
from online.learn.drift.examples import Moved, examples_of
from online.learn.drift.note import Note
from online.learn.drift.signals import ALL, FIRST_MIX, MIXES
from online.learn.drift.timeline import ALARMS, RING, ROWS
from online.learn.drift.watching import Watching

FLOOR: Final = 1 / 3
"""Of the least change that is an alarm: what moves less is as good as still."""
_MOST_REFUSED: Final = 1000
"""Of a gap in the log; a longer one is none of records that were refused."""


class Drift:
    """Of one partition; the detectors are live as long as this object is."""

    def __init__(self, partition: int, pace: Pace, running: bytes = b"", kept: bytes = b"") -> None:
        """As stored, or a new one; raises `StateTooNew`. Damaged bytes, and those of another table, begin anew."""
        self._partition = partition
        self._pace = pace
        self._kept = kept
        said, timeline = kept_as.unpacked(running, kept)
        self.timeline = timeline
        self.rollout, self._block, self._last = said.rollout, said.block, said.last
        self._watching: dict[int, Watching] = {}

    def begin_life(self) -> None:
        """The topic was made, maybe again, or got more partitions: its offsets begin anew, and nobody knows where."""
        self._last = -1

    def change(self, rollout: Rollout, offset: int) -> None:
        """From here on users are on this; what means something else under another bundle is watched anew."""
        self.rollout = rollout
        self._pass(offset)
        for at, one in enumerate(ALL):
            if one.signal.of_bundle:
                self._restart(at, self.timeline.blocks)
        self._kept = b""

    def take(self, notes: Sequence[Note]) -> list[Alarm]:
        """Take in notes in the log's order; returns what alarms there are."""
        alarms: list[Alarm] = []
        for note in notes:
            if self._block.is_over(note, self._pace):
                alarms += self._close(note)
            self._pass(note.offset)
            self._block.add(note)
        return alarms

    def levels(self) -> dict[str, float]:
        """What the last block said of each signal, segments apart; those are left out that it said nothing of."""
        last = self.timeline.rows[-1:]
        return {
            one.signal.name: value
            for row in last
            for one, value in zip(ALL, row.columns(), strict=True)
            if not one.segment and not isnan(value)
        }

    def packed(self) -> tuple[bytes, bytes]:
        """What each batch changes, and what only a block's end does."""
        self._kept = self._kept or kept_as.pack_timeline(self.timeline)
        return kept_as.pack_running(kept_as.Running(self.rollout, self._block, self._last)), self._kept

    def _pass(self, offset: int) -> None:
        if 0 <= self._last < offset - 1:
            self._block.refuse(min(_MOST_REFUSED, offset - 1 - self._last))
        self._last = offset

    def _close(self, note: Note) -> list[Alarm]:
        block, timeline = self._block, self.timeline
        values = block.values(note.arrival)
        shares = [block.shares(mix) for mix in range(len(MIXES))]
        values[FIRST_MIX:] = [
            usual.distance(now) if now and usual.blocks else nan
            for usual, now in zip(timeline.usual, shares, strict=True)
        ]
        row = timeline.append(block.begun, note.offset, self.rollout.bundle, values)
        for at, start in enumerate(timeline.starts):
            if timeline.blocks - start > ROWS:
                self._restart(at, timeline.blocks - RING)
        alarms = [
            self._alarm(at, change, note, shares)
            for at, value in enumerate(row)
            if not isnan(value) and (change := self._see(at, value)) is not None
        ]
        for usual, now in zip(timeline.usual, shares, strict=True):
            if now:
                usual.learn(now)
        timeline.alarms = [*timeline.alarms, *alarms][-ALARMS:]
        block.begin(note.arrival)
        self._kept = b""
        return alarms

    def _see(self, at: int, value: float) -> Change | None:
        """Let the detector see the column's new value; the change, its `at` a block's number, where it's an alarm."""
        signal = ALL[at].signal
        if not signal.watch.method:
            return None
        watching = self._watching.get(at)
        if watching is None:
            *before, _ = self.timeline.ring(at)
            watching = self._watching[at] = Watching(signal.watch, signal.least * FLOOR, [value for _, value in before])
        if not watching.see(value):
            return None
        ring = self.timeline.ring(at)
        change = change_of([value for _, value in ring])
        if change.size < signal.least:
            return None
        since = ring[change.at][0]
        # a mix is measured against what was usual, which is learned anew
        self._restart(at, self.timeline.blocks if at >= FIRST_MIX else since)
        if at >= FIRST_MIX:
            self.timeline.usual[at - FIRST_MIX].blocks = 0
        is_alarm = signal.way == "both" or change.after > change.before
        return change._replace(at=since) if is_alarm else None

    def _restart(self, at: int, block: int) -> None:
        self.timeline.starts[at] = block
        self._watching.pop(at, None)

    def _alarm(self, at: int, change: Change, note: Note, shares: Sequence[list[float]]) -> Alarm:
        one, timeline = ALL[at], self.timeline
        name = "-".join(filter(None, (one.signal.name, one.segment)))
        mix = at - FIRST_MIX
        moved = Moved.of(mix, timeline.usual[mix].shares, shares[mix]) if mix >= 0 else None
        return Alarm(
            alarm_id=f"{name}-{self._partition}-{note.offset}",
            time=note.arrival,
            partition=self._partition,
            offset=note.offset,
            signal=one.signal.name,
            segment=one.segment,
            detector=one.signal.watch.method,
            before=change.before,
            after=change.after,
            since=timeline.rows[max(0, change.at - timeline.first)].begun,
            examples=examples_of(at, self._block.sampled, change, moved),
            moved=moved.named if moved else {},
        )
