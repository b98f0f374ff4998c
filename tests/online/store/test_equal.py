"""Memory equals Redis: the same random steps leave both with the same answers."""

import random
from collections.abc import Awaitable, Callable

import pytest

from contracts.errors import Fenced
from contracts.rollout import Rollout
from contracts.sharding import ITEM_SHARDS, user_shard
from online.store.memory import MemoryStore
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Counter,
    CountWrite,
    Heartbeat,
    ShardMeta,
    ShardWrite,
    Store,
    UserRecord,
    Watermark,
)

pytestmark = pytest.mark.anyio
STEPS = 150
USERS = tuple(f"user-{number}" for number in range(12))
SHARDS = sorted({user_shard(user) for user in USERS})
NAMES = ("a", "b", "ä", "😀", "10", "9")
COUNTERS = tuple(Counter(s, f, b, n) for s in (1, 2) for f in ("pairs", "trend") for b in (7, 8) for n in NAMES[:2])
Step = Callable[[Store], Awaitable[object]]


class Steps:
    """Random calls, right ones and such that must be refused, drawn from what was written before."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._metas = [ShardMeta()]
        self._marks = [Watermark()]

    def __call__(self) -> Step:
        often = (self._shards, self._shards, self._shards, self._counts, self._counts)
        return self._random.choice((*often, self._calibrator, self._items, self._beat))()

    def _mark(self) -> Watermark:
        self._marks.append(Watermark(self._random.choice(("life1", "life2")), self._random.randrange(30)))
        return self._marks[-1]

    def _shards(self) -> Step:
        writes = [self._shard_write(shard) for shard in self._random.sample(SHARDS, self._random.randint(1, 3))]
        return lambda store: store.write_shards(writes)

    def _shard_write(self, shard: int) -> ShardWrite:
        users = [user for user in USERS if user_shard(user) == shard and self._random.random() < 0.7]
        rollout = self._random.choice((Rollout("b1"), Rollout("b1", "b2", 0.1)))
        self._metas.append(ShardMeta(self._mark(), rollout, self._random.random() < 0.5, self._random.randrange(3)))
        records = {
            user: UserRecord(*(self._random.randbytes(n) for n in (20, 300, 0, self._random.choice((0, 40)))))
            for user in users
        }
        return ShardWrite(shard, self._random.choice(self._metas[-4:]), self._metas[-1], records)

    def _counts(self) -> Step:
        writes = [self._count_write(shard) for shard in self._random.sample((1, 2), self._random.randint(1, 2))]
        return lambda store: store.add_counts(writes)

    def _count_write(self, shard: int) -> CountWrite:
        increments = {
            counter: {name: self._random.randint(1, 3) for name in self._random.sample(NAMES, 3)}
            for counter in COUNTERS
            if counter.shard == shard and self._random.random() < 0.4
        }
        expected = self._random.choice([Watermark(), *self._marks[-2:]])
        return CountWrite(shard, self._random.randrange(2), expected, self._mark(), increments)

    def _calibrator(self) -> Step:
        expected = self._random.choice([Watermark(), *self._marks[-4:]])
        new = Calibrator(self._mark(), *(self._random.randbytes(self._random.choice((0, 9))) for _ in range(3)))
        write = CalibratorWrite(self._random.choice((0, 10)), expected, new, self._random.random() < 0.5)
        return lambda store: store.write_calibrator(write)

    def _items(self) -> Step:
        items = {name: self._random.randbytes(5) for name in self._random.sample(NAMES, self._random.randint(0, 3))}
        partition, mark = self._random.randrange(2), self._mark()
        expected = self._random.choice([Watermark(), *self._marks[-4:]])
        return lambda store: store.put_items(partition, expected, mark, items)

    def _beat(self) -> Step:
        beat = Heartbeat(self._random.randrange(12), *(self._random.randrange(100) for _ in range(3)))
        return lambda store: store.beat(beat)


async def done(step: Step, store: Store) -> str:
    """What the step came to: nothing, or the refusal's text."""
    try:
        return str(await step(store))
    except Fenced as refused:
        return str(refused)


async def everything_read(store: Store) -> list[object]:
    return [
        await store.shards(SHARDS),
        await store.read({shard: [user for user in USERS if user_shard(user) == shard] for shard in SHARDS}),
        [await store.user(user) for user in (*USERS, "nobody")],
        [await store.shard_users(shard) for shard in SHARDS],
        [await store.count_watermarks(partition) for partition in range(3)],
        [await store.calibrator(partition) for partition in (0, 1, 10)],
        await store.calibrators(),
        await store.drifts(),
        [await store.buckets(family, n) for family in ("pairs", "trend", "none") for n in (1, 5)],
        await store.top_counts(COUNTERS, 2),
        await store.top_counts(COUNTERS, 9),
        [
            sorted(zip(one.members, one.times, strict=True))
            for one in await store.changed_counts(COUNTERS, 2, [-1] * len(COUNTERS))
            if one
        ],
        await store.heartbeats(),
        [await store.items_watermark(partition) for partition in range(3)],
        await store.items(-1),
        (await store.items((await store.items(-1))[0]))[1],
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_the_same_steps_give_the_same_answers(real_store: Store, seed: int) -> None:
    memory, steps = MemoryStore(), Steps(seed)
    results = []
    for number in range(STEPS):
        step = steps()
        results.append(await done(step, memory))
        assert await done(step, real_store) == results[-1]
        if number % 30 == 29:
            assert await everything_read(real_store) == await everything_read(memory)
    assert any("moved by another worker" in result for result in results)
    assert len((await memory.count_watermarks(0)).keys()) == ITEM_SHARDS
