"""The memory store with faults: others may run between any two of its steps, and single shards fall back in time."""

import random
from collections import defaultdict
from collections.abc import Awaitable, Generator, Mapping, Sequence
from typing import Any

from online.store.memory import MemoryStore
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Counter,
    CountWrite,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    Watermark,
)


class Pause(Awaitable[None]):
    """A point at which the scheduler of `tests.online.learn.test_once` may run another worker or kill this one."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class FaultyStore(MemoryStore):
    """Pauses before each step; `fenced=False` takes out the guard that compares watermarks."""

    def __init__(self, *, fenced: bool = True) -> None:
        super().__init__()
        self._fenced = fenced
        self._before: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)

    async def shards(self, shards: Sequence[int]) -> dict[int, ShardMeta]:
        await Pause()
        return await super().shards(shards)

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        found = {}
        for shard, user_ids in users.items():
            await Pause()
            found.update(await super().read({shard: user_ids}))
        return found

    async def count_watermarks(self, partition: int) -> dict[int, Watermark]:
        await Pause()
        return await super().count_watermarks(partition)

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        for write in writes:
            await Pause()
            current = self._shards.get(write.shard, ShardMeta())
            self._remember("u", write.shard, (current, dict(self._users[write.shard])))
            await super().write_shards([write if self._fenced else write._replace(expected=current)])

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        for write in writes:
            await Pause()
            current = self._count_watermarks.get((write.shard, write.partition), Watermark())
            self._remember("i", write.shard, (self._marks(write.shard), self._shard_counts(write.shard)))
            await super().add_counts([write if self._fenced else write._replace(expected=current)])

    async def calibrator(self, partition: int) -> Calibrator:
        await Pause()
        return await super().calibrator(partition)

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        await Pause()
        current = self._calibrators.get(write.partition, Calibrator())
        self._remember("c", write.partition, (current, None))
        await super().write_calibrator(write if self._fenced else write._replace(expected=current.watermark))

    def fall_back(self, rng: random.Random) -> None:
        """One shard is as it was up to four writes ago."""
        if not self._before:
            return
        kind, shard = rng.choice(sorted(self._before))
        marks, content = rng.choice(self._before[kind, shard])
        if kind == "c":
            self._calibrators[shard] = marks
            return
        if kind == "u":
            self._shards[shard], self._users[shard] = marks, dict(content)
            return
        for key in [key for key in self._count_watermarks if key[0] == shard]:
            del self._count_watermarks[key]
        self._count_watermarks.update(marks)
        for counter in [counter for counter in self._counts if counter.shard == shard]:
            del self._counts[counter]
        for counter, members in content.items():
            self._counts[counter].update(members)

    def _remember(self, kind: str, shard: int, what: Any) -> None:
        self._before[kind, shard] = [*self._before[kind, shard], what][-4:]

    def _marks(self, shard: int) -> dict[tuple[int, int], Watermark]:
        return {key: mark for key, mark in self._count_watermarks.items() if key[0] == shard}

    def _shard_counts(self, shard: int) -> Mapping[Counter, Mapping[str, int]]:
        return {counter: dict(members) for counter, members in self._counts.items() if counter.shard == shard}
