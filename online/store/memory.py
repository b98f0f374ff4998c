"""The store in this process's memory: for evaluation, replay and tests; the contract suite proves it equal to Redis."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from contracts.errors import Fenced
from contracts.sharding import ITEM_SHARDS, user_shard
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Counter,
    CountWrite,
    Heartbeat,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    UserRecord,
    Watermark,
)


class MemoryStore:
    """Implements `online.store.protocol.Store`."""

    def __init__(self) -> None:
        self._shards: dict[int, ShardMeta] = {}
        self._users: defaultdict[int, dict[str, UserRecord]] = defaultdict(dict)
        self._count_watermarks: dict[tuple[int, int], Watermark] = {}
        self._counts: defaultdict[Counter, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._versions: dict[Counter, int] = {}
        """How often each counter was added to."""
        self._calibrators: dict[int, Calibrator] = {}
        self._buckets: defaultdict[str, set[int]] = defaultdict(set)
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
        self._buckets[counter.family].add(counter.bucket)
        self._versions[counter] = self._versions.get(counter, 0) + 1
        counts = self._counts[counter]
        for member, times in members.items():
            counts[member] += times

    async def calibrator(self, partition: int) -> Calibrator:
        return self._calibrators.get(partition, Calibrator())

    async def calibrators(self) -> list[bytes]:
        return [one.state for _, one in sorted(self._calibrators.items()) if one.state]

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        if self._calibrators.get(write.partition, Calibrator()).watermark != write.expected:
            raise Fenced(f"the calibrator of partition {write.partition} was moved by another worker")
        self._calibrators[write.partition] = write.new

    async def buckets(self, family: str, newest: int) -> list[int]:
        return sorted(self._buckets[family], reverse=True)[:newest]

    async def top_counts(self, counters: Sequence[Counter], n: int) -> list[list[tuple[str, int]]]:
        return [
            sorted(self._greatest(counter, n), key=lambda one: (one[1], one[0].encode()), reverse=True)
            for counter in counters
        ]

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[tuple[int, list[tuple[str, int]]] | None]:
        known = self._versions
        return [
            None if version == (now := known.get(counter, 0)) else (now, self._greatest(counter, n))
            for counter, version in zip(counters, versions, strict=True)
        ]

    def _greatest(self, counter: Counter, n: int) -> list[tuple[str, int]]:
        counts: Mapping[str, int] = self._counts.get(counter, {})
        if n < 1:
            return []
        if len(counts) <= n:
            return list(counts.items())
        members, times = list(counts), np.fromiter(counts.values(), np.int64, len(counts))
        least = np.partition(times, -n)[-n]
        found = [(members[place], int(times[place])) for place in np.flatnonzero(times > least).tolist()]
        ties = sorted((members[place] for place in np.flatnonzero(times == least).tolist()), reverse=True)
        return found + [(member, int(least)) for member in ties[: n - len(found)]]

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

    async def dump(self) -> dict[str, object]:
        return {
            "shards": {str(shard): msgspec.to_builtins(meta) for shard, meta in self._shards.items()},
            "users": {user: tuple(record) for users in self._users.values() for user, record in users.items()},
            "count_watermarks": {f"{s}/{p}": mark.text() for (s, p), mark in self._count_watermarks.items()},
            "counts": {f"{c.shard}/{c.family}/{c.bucket}/{c.name}": dict(n) for c, n in self._counts.items()},
            "calibrators": {str(p): (one.watermark.text(), one.state) for p, one in self._calibrators.items()},
            "items": dict(self._items),
        }

    async def close(self) -> None:
        return
