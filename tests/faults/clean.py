"""The clean run: the same log, in Kafka's order, through one learner that nothing happens to, on a fresh Redis."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import redis
from threadpoolctl import threadpool_limits

from contracts.settings import Settings
from contracts.topics import EVENTS, ITEMS, Topic
from model.shelf import Shelf
from online.learn.bundles import Bundles
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing, Raw
from online.store.redis import connect
from stream.items import CatalogueKeeper
from tests.faults.recorded import PARTITIONS

_BATCH: Final = 300
_AT_ONCE: Final = 500
_OWN: Final = (b":heartbeats",)
"""Keys that tell of a worker's life, not of the log."""
_HOW_OFTEN: Final = b"changes"
"""How many catalogue changes were written, those that were written again included: a version, not a count."""


class Clean:
    """Goes on from where the log ended the last time."""

    def __init__(self, settings: Settings, redis_url: str, ids: dict[Topic, str]) -> None:
        self._store = connect(redis_url, settings.namespace)
        self._ids = ids
        bundles = Bundles(Shelf(settings.bundles_url))
        self._learner = Learner(self._store, bundles, Enricher(), _nowhere, PARTITIONS, lambda: 0)
        self._catalogue = CatalogueKeeper(self._store, _nowhere)
        self._assigned = False
        self._running = asyncio.Runner()

    def go_on(self, records: Sequence[Any], items: Sequence[Any]) -> None:
        """Learn these records of `events` and of `items`, then sweep: all shards stand at the log's end."""
        self._running.run(self._go_on(records, items))

    async def _go_on(self, records: Sequence[Any], items: Sequence[Any]) -> None:
        with threadpool_limits(1):
            if not self._assigned:
                for number in range(PARTITIONS):
                    await self._learner.assign(number, self._ids[EVENTS])
                self._assigned = True
            for number, raws in _by_partition(EVENTS, records).items():
                for start in range(0, len(raws), _BATCH):
                    await self._learner.learn(number, raws[start : start + _BATCH])
            for number, raws in _by_partition(ITEMS, items).items():
                await self._catalogue.keep(number, self._ids[ITEMS], raws, 0)
            for number in range(PARTITIONS):
                await self._learner.sweep(number)
                await self._learner.move_all(number)

    def close(self) -> None:
        self._running.run(self._store.close())
        self._running.close()


def _by_partition(topic: Topic, records: Sequence[Any]) -> dict[int, list[Raw]]:
    raws: defaultdict[int, list[Raw]] = defaultdict(list)
    for r in records:
        raws[r.partition].append(Raw(topic, r.partition, r.offset, r.timestamp, r.value or b""))
    return raws


async def _nowhere(outgoing: Sequence[Outgoing]) -> None:
    """What the workers sent in its stead lies in the topics already."""


def contents(url: str, namespace: str) -> dict[bytes, Any]:
    """Every key of the namespace with all that it holds, but for what tells of workers instead of the log."""
    with redis.Redis.from_url(url) as client:
        keys = [key for key in client.scan_iter(f"{namespace}:*", 5000) if not key.endswith(_OWN)]
        found: dict[bytes, Any] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            found.update(zip(some, _read(client, some), strict=True))
    for held in found.values():
        if isinstance(held, dict):
            held.pop(_HOW_OFTEN, None)
    return found


def _read(client: Any, keys: Sequence[bytes]) -> list[Any]:
    with client.pipeline(transaction=False) as asking:
        for key in keys:
            asking.type(key)
        kinds = asking.execute()
        for key, kind in zip(keys, kinds, strict=True):
            if kind == b"hash":
                asking.hgetall(key)
            elif kind == b"set":
                asking.smembers(key)
            else:
                asking.zrange(key, 0, -1, withscores=True)
        return list(asking.execute())


def differing(one: dict[bytes, Any], other: dict[bytes, Any]) -> list[str]:
    """The keys that don't hold the same bytes in both."""
    return sorted(key.decode() for key in one.keys() | other.keys() if one.get(key) != other.get(key))
