"""A store as one worker sees it: every step that is atomic waits for its turn, so that others may run in between."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from contracts.errors import Fenced
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    CountWrite,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    Store,
    Watermark,
)
from tests.once.past import Past, Place, Was


class Steps:
    """What `Learner` uses of `online.store.protocol.Store`, over a real one."""

    fenced: ClassVar = True
    """False takes the fence out: every write expects just what is there."""

    def __init__(self, store: Store, past: Past, turn: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._past = past
        self._turn = turn

    async def shards(self, shards: Sequence[int]) -> dict[int, ShardMeta]:
        await self._turn()
        return await self._store.shards(shards)

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        found: dict[int, ShardRecords] = {}
        for shard, user_ids in users.items():
            await self._turn()
            found |= await self._store.read({shard: user_ids})
        return found

    async def read_for(
        self, partition: int, users: Mapping[int, Sequence[str]]
    ) -> tuple[dict[int, ShardRecords], dict[int, Watermark], Calibrator]:
        found, marks = await self.read(users), await self.count_watermarks(partition)
        return found, marks, (await self.calibrator(partition))._replace(kept=b"")

    async def shard_users(self, shard: int) -> list[str]:
        await self._turn()
        return await self._store.shard_users(shard)

    async def count_watermarks(self, partition: int) -> dict[int, Watermark]:
        await self._turn()
        return await self._store.count_watermarks(partition)

    async def calibrator(self, partition: int) -> Calibrator:
        await self._turn()
        return await self._store.calibrator(partition)

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        await self._each([(("u", write.shard), self._write_shard, write) for write in writes])

    async def _write_shard(self, write: ShardWrite) -> None:
        if not self.fenced:
            write = write._replace(expected=(await self._store.shards([write.shard]))[write.shard])
        await self._store.write_shards([write])

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        await self._each([(("i", write.shard), self._add, write) for write in writes])

    async def _add(self, write: CountWrite) -> None:
        if not self.fenced:
            write = write._replace(expected=(await self._store.count_watermarks(write.partition))[write.shard])
        await self._store.add_counts([write])

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        await self._each([(("c", write.partition), self._write_calibrator, write)])

    async def _write_calibrator(self, write: CalibratorWrite) -> None:
        if not self.fenced:
            write = write._replace(expected=(await self._store.calibrator(write.partition)).watermark)
        await self._store.write_calibrator(write)

    async def _each(self, writes: Sequence[tuple[Place, Callable[[Any], Awaitable[None]], Any]]) -> None:
        """Each by itself, whatever became of those before, as a pipeline does it."""
        refused = 0
        for place, write, what in writes:
            await self._turn()
            was = Was(place, await self._past.contents.take(place))
            try:
                await write(what)
                self._past.remember(was)
            except Fenced:
                refused += 1
        if refused:
            raise Fenced(f"{refused} refused")
