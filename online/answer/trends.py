"""What is trending, everywhere or in one context: decayed counts, read at most once a second."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from contracts.sharding import ITEM_SHARDS
from online.answer.deadline import Deadline
from online.learn.counts import READ_BUCKETS, TRENDING, decay
from online.store.protocol import Counter, Store

Counts = Mapping[str, float]
_CACHED_MS: Final = 1000
_MEMBERS: Final = 16
"""Of each bucket in each item shard: 256 items of a bucket in all."""
_CONTEXTS: Final = 256


class Trends:
    """The counters of `online.learn.counts.TRENDING`."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._read: OrderedDict[str, tuple[int, Counts]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Counts]] = {}

    async def of(self, name: str, deadline: Deadline) -> Counts:
        """Item → decayed count under this name, the most frequent first; raises `StoreUnavailable`."""
        at, counts = self._read.get(name, (-_CACHED_MS, {}))
        if 0 <= self._clock() - at < _CACHED_MS:
            return counts
        if name not in self._reading:
            task = asyncio.create_task(self._refreshed(name))
            task.add_done_callback(lambda done: self._ended(name, done))
            self._reading[name] = task
        return await deadline.read(asyncio.shield(self._reading[name]))

    def _ended(self, name: str, task: "asyncio.Task[Counts]") -> None:
        self._reading.pop(name, None)
        if not task.cancelled():
            task.exception()  # seen here, so that a request that gave up leaves no warning behind

    async def _refreshed(self, name: str) -> Counts:
        at = self._clock()
        buckets = await self._store.buckets(TRENDING, READ_BUCKETS[TRENDING])
        counters = [Counter(shard, TRENDING, bucket, name) for bucket in buckets for shard in range(ITEM_SHARDS)]
        counts: dict[str, float] = {}
        for counter, members in zip(counters, await self._store.top_counts(counters, _MEMBERS), strict=True):
            worth = decay(TRENDING, counter.bucket, buckets[0])
            for item_id, times in members:
                counts[item_id] = counts.get(item_id, 0.0) + worth * times
        in_order = dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
        self._read[name] = at, in_order
        self._read.move_to_end(name)
        while len(self._read) > _CONTEXTS:
            self._read.popitem(last=False)
        return in_order
