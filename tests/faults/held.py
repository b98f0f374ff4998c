"""What the store holds, read for the book: histories, counts, and how far every shard is."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from contracts.sharding import ITEM_SHARDS, USER_SHARDS
from online.learn.counts import EVERYWHERE, TAKEN
from online.store.protocol import Counter
from online.store.redis import RedisStore, connect
from tests.faults.recorded import PARTITIONS


class Held(NamedTuple):
    """The store as it is; `histories` of those users that were asked for."""

    histories: dict[str, list[int]]
    taken: dict[tuple[int, str], int]


class Standing(NamedTuple):
    """How far the store is, by partition."""

    events: dict[int, int]
    """The next offset that some user shard, item shard or calibrator lacks."""
    items: dict[int, int]
    moved: bool
    """All users are on the bundle in force."""


class Looking:
    """Looks into the store past every link; each look raises `StoreUnavailable` where the server is away."""

    def __init__(self, url: str, namespace: str) -> None:
        self._store = connect(url, namespace, timeout_s=2)
        self._running = asyncio.Runner()

    def held(self, users: Iterable[str]) -> Held:
        """What these users' histories and all counts say."""
        return self._running.run(_held(self._store, list(users)))

    def standing(self) -> Standing:
        """How far it is."""
        return self._running.run(_standing(self._store))

    def close(self) -> None:
        self._running.run(self._store.close())
        self._running.close()


async def _held(store: RedisStore, users: list[str]) -> Held:
    histories = {user: await _history(store, user) for user in users}
    buckets = await store.buckets(TAKEN.name, 9)
    counters = [Counter(s, TAKEN.name, bucket, EVERYWHERE) for s in range(ITEM_SHARDS) for bucket in buckets]
    counts = await store.top_counts(counters, 10_000)
    taken = {(of.bucket, item): n for of, some in zip(counters, counts, strict=True) for item, n in some}
    return Held(histories, taken)


async def _history(store: RedisStore, user: str) -> list[int]:
    _, record = await store.user(user)
    return list(record.unpack()[1].ids) if record else []


async def _standing(store: RedisStore) -> Standing:
    metas = await store.shards(range(USER_SHARDS))
    events, items = {}, {}
    for number in range(PARTITIONS):
        marks = [metas[shard].watermark for shard in range(number, USER_SHARDS, PARTITIONS)]
        marks += (await store.count_watermarks(number)).values()
        marks.append((await store.calibrator(number)).watermark)
        events[number] = 1 + min(mark.offset for mark in marks)
        items[number] = 1 + (await store.items_watermark(number)).offset
    return Standing(events, items, all(meta.moved for meta in metas.values()))
