"""The memory store with a pause before each step, at which a test may run others or kill who is at work."""

from collections.abc import Awaitable, Generator, Mapping, Sequence

from online.store.memory import MemoryStore
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    CountWrite,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    Watermark,
)


class Pause(Awaitable[None]):
    """A point at which whoever drives the coroutine has its turn."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class FaultyStore(MemoryStore):
    """Each shard is read and written in a step of its own."""

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
            await super().write_shards([write])

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        for write in writes:
            await Pause()
            await super().add_counts([write])

    async def calibrator(self, partition: int) -> Calibrator:
        await Pause()
        return await super().calibrator(partition)

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        await Pause()
        await super().write_calibrator(write)
