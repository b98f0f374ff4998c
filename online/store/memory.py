"""The store in this process's memory: for evaluation, replay and tests; the contract suite proves it equal to Redis."""

from bisect import insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Final

import msgspec

from contracts.errors import Fenced
from contracts.sharding import ITEM_SHARDS, user_shard
from online.store.frequent import Counts, Greatest
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Changed,
    Counter,
    CountWrite,
    Heartbeat,
    Memory,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    UserRecord,
    Watermark,
)

_NONE: Final = Counts()


class MemoryStore:
    """Implements `online.store.protocol.Store`."""

    def __init__(self) -> None:
        self._shards: dict[int, ShardMeta] = {}
        self._users: defaultdict[int, dict[str, UserRecord]] = defaultdict(dict)
        self._count_watermarks: dict[tuple[int, int], Watermark] = {}
        self._counts: dict[Counter, Counts] = {}
        self._versions: dict[Counter, int] = {}
        """How often each counter was added to."""
        self._calibrators: dict[int, Calibrator] = {}
        self._buckets: defaultdict[str, list[int]] = defaultdict(list)
        """Of each family, the oldest first."""
        self._heartbeats: dict[int, Heartbeat] = {}
        self._items: dict[str, bytes] = {}
        self._items_watermarks: dict[int, Watermark] = {}
        self._item_changes = 0

    async def shards(self, shards: Sequence[int]) -> dict[int, ShardMeta]:
        return {shard: self._shards.get(shard, ShardMeta()) for shard in shards}

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        return {shard: self._records(shard, user_ids) for shard, user_ids in users.items()}

    def _records(self, shard: int, user_ids: Sequence[str]) -> ShardRecords:
        known = self._users[shard]
        found = {user_id: known[user_id] for user_id in user_ids if user_id in known}
        return ShardRecords(self._shards.get(shard, ShardMeta()), found)

    async def read_for(
        self, partition: int, users: Mapping[int, Sequence[str]]
    ) -> tuple[dict[int, ShardRecords], dict[int, Watermark], Calibrator]:
        found = await self.read(users)
        calibrator = await self.calibrator(partition)
        return found, await self.count_watermarks(partition), calibrator._replace(kept=b"")

    async def user(self, user_id: str) -> tuple[ShardMeta, UserRecord | None]:
        shard = user_shard(user_id)
        return self._shards.get(shard, ShardMeta()), self._users[shard].get(user_id)

    async def shard_users(self, shard: int) -> list[str]:
        return sorted(self._users[shard])

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        refused = 0
        for write in writes:
            if self._shards.get(write.shard, ShardMeta()) != write.expected:
                refused += 1
                continue
            self._shards[write.shard] = write.meta
            self._users[write.shard].update(write.users)
        if refused:
            raise Fenced(f"{refused} of {len(writes)} user shards were moved by another worker")

    async def count_watermarks(self, partition: int) -> dict[int, Watermark]:
        return {shard: self._count_watermarks.get((shard, partition), Watermark()) for shard in range(ITEM_SHARDS)}

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        refused = 0
        for write in writes:
            if self._count_watermarks.get((write.shard, write.partition), Watermark()) != write.expected:
                refused += 1
                continue
            self._count_watermarks[write.shard, write.partition] = write.new
            for counter, members in write.increments.items():
                self._add(counter, members)
        if refused:
            raise Fenced(f"{refused} of {len(writes)} item shards were moved by another worker")

    def _add(self, counter: Counter, members: Mapping[str, int]) -> None:
        counts = self._counts.get(counter)
        if counts is None:
            counts = self._counts[counter] = Counts()
            if counter.bucket not in self._buckets[counter.family]:
                insort(self._buckets[counter.family], counter.bucket)
        counts.add(members)
        self._versions[counter] = self._versions.get(counter, 0) + 1

    async def calibrator(self, partition: int) -> Calibrator:
        return self._calibrators.get(partition, Calibrator())

    async def calibrators(self) -> list[bytes]:
        return [one.state for _, one in sorted(self._calibrators.items()) if one.state]

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        before = self._calibrators.get(write.partition, Calibrator())
        if before.watermark != write.expected:
            raise Fenced(f"the calibrator of partition {write.partition} was moved by another worker")
        self._calibrators[write.partition] = write.new if write.kept else write.new._replace(kept=before.kept)

    async def drifts(self) -> dict[int, bytes]:
        return {number: one.kept for number, one in sorted(self._calibrators.items()) if one.kept}

    async def buckets(self, family: str, newest: int) -> list[int]:
        return self._buckets[family][: -newest - 1 : -1]

    async def top_counts(self, counters: Sequence[Counter], n: int) -> list[list[tuple[str, int]]]:
        found = [zip(*self._greatest(counter, n)[:2], strict=True) for counter in counters]
        return [
            sorted(((m, int(times)) for m, times in top), key=lambda one: (one[1], one[0].encode()), reverse=True)
            for top in found
        ]

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[Changed | None]:
        now = map(self._versions.get, counters, repeat(0))
        return [
            None if version == before else Changed(version, *self._greatest(counter, n))
            for counter, version, before in zip(counters, now, versions, strict=True)
        ]

    def _greatest(self, counter: Counter, n: int) -> Greatest:
        return self._counts.get(counter, _NONE).greatest(n)

    async def beat(self, heartbeat: Heartbeat) -> None:
        self._heartbeats[heartbeat.partition] = heartbeat

    async def heartbeats(self) -> list[Heartbeat]:
        return [self._heartbeats[partition] for partition in sorted(self._heartbeats)]

    async def put_items(self, partition: int, expected: Watermark, new: Watermark, items: Mapping[str, bytes]) -> None:
        if self._items_watermarks.get(partition, Watermark()) != expected:
            raise Fenced(f"the catalogue's changes of partition {partition} were moved by another worker")
        self._items_watermarks[partition] = new
        self._items.update(items)
        self._item_changes += len(items)

    async def items_watermark(self, partition: int) -> Watermark:
        return self._items_watermarks.get(partition, Watermark())

    async def items(self, known: int) -> tuple[int, dict[str, bytes]]:
        return self._item_changes, dict(self._items) if self._item_changes != known else {}

    async def memory(self) -> Memory | None:
        return None

    async def dump(self) -> dict[str, object]:
        return {
            "shards": {str(shard): msgspec.to_builtins(meta) for shard, meta in self._shards.items()},
            "users": {user: tuple(record) for users in self._users.values() for user, record in users.items()},
            "count_watermarks": {f"{s}/{p}": mark.text() for (s, p), mark in self._count_watermarks.items()},
            "counts": {f"{c.shard}/{c.family}/{c.bucket}/{c.name}": n.dump() for c, n in self._counts.items()},
            "calibrators": {str(p): (one.watermark.text(), *one[1:]) for p, one in self._calibrators.items()},
            "items": dict(self._items),
        }

    async def close(self) -> None:
        return
