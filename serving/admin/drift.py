"""How the stream's signals stand, and one of them over time."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from math import isnan
from typing import Final

import msgspec

from contracts.alarms import Alarm
from online.answer.deadline import Deadline
from online.learn.drift.combined import Standing, standings
from online.learn.drift.partitions import Watched, watched
from online.learn.drift.signals import ALL, REFERENCE
from online.learn.drift.signals import watched as watched_by
from online.learn.drift.timeline import Row
from online.store.protocol import Store
from serving.problems import Refused

_ALARMS: Final = 20


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """Every signal over all partitions, and the newest alarms."""

    blocks: dict[int, int]
    """Blocks of events so far, by partition."""
    reference: int
    """So many blocks say what is usual; alarms come after."""
    signals: list[Standing]
    alarms: list[Alarm]
    """The newest first."""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """One block."""

    time: int
    """Arrival of its first event, UTC ms."""
    value: float


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    time: int
    """UTC ms."""
    kind: str
    """`alarm` or `bundle`."""
    said: str


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One signal over time."""

    about: str
    says: str
    todo: str
    """What to do where it has moved."""
    lines: dict[int, list[Point]]
    """By partition."""
    marks: list[Mark]
    alarms: list[Alarm]
    """About it, the newest first."""
    beside: list[Alarm]
    """Of other signals, at about the time of its newest."""


class Drifts:
    """Reads what the store has kept of it."""

    def __init__(self, store: Store, wait_s: float) -> None:
        self._store = store
        self._wait_s = wait_s

    async def signals(self) -> Signals:
        """Raises `StoreUnavailable`, and `StateTooNew`."""
        found = await self._read()
        return Signals(
            blocks={number: timeline.blocks for number, timeline in found.timelines.items()},
            reference=REFERENCE,
            signals=await asyncio.to_thread(standings, found),
            alarms=found.alarms[::-1][:_ALARMS],
        )

    async def course(self, about: str) -> Course:
        """Raises as `signals` does, and `Refused` for what isn't watched."""
        try:
            one = watched_by(about)
        except KeyError:
            raise Refused(404, f"no signal is called {about[:100]}: /v1/admin/drift has all") from None
        found = await self._read()
        alarms = [alarm for alarm in found.alarms if alarm.about == about]
        marks = [
            Mark(time=alarm.since, kind="alarm", said=f"{alarm.alarm_id}: {alarm.before:.4g} → {alarm.after:.4g}")
            for alarm in alarms
        ]
        return Course(
            about=about,
            says=one.signal.says,
            todo=one.signal.todo,
            lines=await asyncio.to_thread(_lines, found, ALL.index(one)),
            marks=[*_changes(found), *marks],
            alarms=alarms[::-1],
            beside=found.beside(alarms[-1]) if alarms else [],
        )

    async def _read(self) -> Watched:
        kept = await Deadline(self._wait_s).read(self._store.drifts())
        return await asyncio.to_thread(watched, kept)


def _lines(found: Watched, column: int) -> dict[int, list[Point]]:
    return {
        number: [Point(row.begun, value) for row in timeline.rows if not isnan(value := row.columns()[column])]
        for number, timeline in found.timelines.items()
    }


def _changes(found: Watched) -> Iterator[Mark]:
    """Where the first partition went on to another bundle."""
    rows = next((timeline.rows for timeline in found.timelines.values()), list[Row]())
    for before, after in pairwise(rows):
        if before.bundle != after.bundle:
            yield Mark(time=after.begun, kind="bundle", said=f"bundle {after.bundle}")
