"""Lost states made again from the lake, beside the reading of other partitions, before Kafka's log goes on.

It writes by the learner's own fenced steps: it may be killed, run twice, or meet another worker, as learning may.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence, Set
from typing import Final

from contracts.errors import MoodstreamError, Unavailable
from online.lake.replay import LakeLog, Life, parts, ranges
from online.learn.course import Stretch
from online.learn.learner import Learner
from stream.need import Need

log = logging.getLogger("moodstream.stream")
_AT_ONCE: Final = 500
"""Rows that are learned together, as records of Kafka are."""
FirstOf = Callable[[int], Awaitable[int]]
"""The first offset of a partition of `events` that Kafka still has; raises `KafkaUnavailable`."""


class Refills:
    """Looks after the partitions that this worker owns; each is whole, or on its way there."""

    def __init__(self, learner: Learner, lake: Callable[[int], LakeLog], first_of: FirstOf) -> None:
        self._learner = learner
        self._lake = lake
        self._first_of = first_of
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._earlier: set[int] = set()
        """Partitions that are in an earlier life of the topic: their offsets mean nothing in this one."""
        self._lost: dict[int, int] = {}
        """Up to this offset, a partition's states were lost."""

    def is_under_way(self, number: int) -> bool:
        """Whether the lake is being read; ask again."""
        return number in self._tasks and not self._tasks[number].done()

    def has_read(self, number: int) -> bool:
        """Whether the lake was being read: `is_whole` is to be asked about the same epoch once more."""
        return number in self._tasks

    def keep_only(self, numbers: Set[int]) -> None:
        """End what is under way for all other partitions."""
        self._lost = {number: end for number, end in self._lost.items() if number in numbers}
        for number in self._tasks.keys() - numbers:
            self._tasks.pop(number).cancel()

    def lost(self, number: int, position: int) -> int | None:
        """Up to where the states of a partition that stands at this offset were lost; None once they're there again."""
        end = self._lost.get(number)
        return end if end is not None and (position < end or self.is_under_way(number)) else None

    def position(self, number: int, position: int) -> int:
        """Where a partition stands in the topic's present life."""
        return 0 if number in self._earlier else position

    async def is_whole(self, number: int, life: Life, where: Stretch | None = None) -> bool:
        """Whether Kafka has all that this partition's states lack; else the lake is read from now on: ask again.

        `life` is the topic's present one, or the epoch `where`, as far as the lake has it. Raises `Unavailable` where
        the reading failed.
        """
        if number in self._tasks:
            await _done(self._tasks.pop(number))
            return True
        if where and where.is_gone:
            self._begin(number, await asyncio.to_thread(self._lake, number), [], life, where)
            return False
        found = await self._learner.look(number, where or life.incarnation)
        standing = {life.incarnation if where and where.has(one) else one for one in found.standing}
        need = Need(life, standing, found.lowest + 1, await self._first_of(number))
        if need.nowhere:
            log.error("partition %d: %d records are neither in the lake nor in Kafka any more", number, need.nowhere)
        if not need.of_the_lake and not need.of_earlier_lives:
            return True
        lake = await asyncio.to_thread(self._lake, number)
        lives = await asyncio.to_thread(lake.lives)
        if where:
            lives = [*(one for one in lives if not where.has(one.incarnation)), life]
        if need.is_mixed(lives):
            log.error("partition %d: some shards lost what others have: moodstream rebuild --anew", number)
        wanted = [*need.earlier(lives), *([life] if need.of_the_lake else [])]
        if not wanted:
            return True
        self._begin(number, lake, wanted, life, where)
        return False

    def _begin(self, number: int, lake: LakeLog, wanted: Sequence[Life], life: Life, where: Stretch | None) -> None:
        self._lost[number] = life.end
        work = self._relearn_gone(number, lake, life, where) if where and where.is_gone else None
        self._tasks[number] = asyncio.create_task(work or self._relearn(number, lake, wanted, life, where))

    async def _relearn_gone(self, number: int, lake: LakeLog, life: Life, where: Stretch) -> None:
        """What a topic held that was deleted, up to its end, whatever the partition has of it."""
        self._earlier.add(number)
        try:
            await asyncio.to_thread(lake.lives)
            await self._relearn_one(number, lake, life, where)
            await self._learner.move_all(number)
        finally:
            self._earlier.discard(number)

    async def _relearn(
        self, number: int, lake: LakeLog, wanted: Sequence[Life], present: Life, where: Stretch | None
    ) -> None:
        try:
            for life in wanted:
                (self._earlier.add if life != present else self._earlier.discard)(number)
                await self._relearn_one(number, lake, life, where if life == present else None)
        finally:
            self._earlier.discard(number)

    async def _relearn_one(self, number: int, lake: LakeLog, life: Life, where: Stretch | None) -> None:
        needed = await self._learner.assign(number, where or life.incarnation, life.end)
        for first, end in lake.gaps(life.incarnation, needed, life.end):
            log.error("partition %d: the lake has no file of offsets %d to %d", number, first, end - 1)
        log.warning("partition %d: states of %d to %d are made again from the lake", number, needed, life.end - 1)
        for first, end in ranges(needed, life.end):
            rows = await asyncio.to_thread(lake.read, life.incarnation, first, end)
            for part in parts(rows, _AT_ONCE):
                await self._learner.relearn(number, part, part[-1].offset)
            await self._learner.relearn(number, [], end - 1)
        if needed < life.end:
            await self._learner.sweep(number)


async def _done(task: "asyncio.Task[None]") -> None:
    try:
        await task
    except MoodstreamError as error:
        raise Unavailable(f"what the lake has could not be learned: {error}") from error
    except Exception as error:
        log.exception("what the lake has could not be learned")
        raise Unavailable(f"what the lake has could not be learned: {error!r}") from error
