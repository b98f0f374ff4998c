"""The shared counts as this process last read them: decayed, by number of item, some seconds old as a rule.

Nobody waits for a reading but the first: what is older than a second is read anew behind the answer that it's in, and
what hardly changes less often.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain, compress, islice
from math import inf
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import StoreUnavailable
from contracts.sharding import ITEM_SHARDS, item_shard
from online.answer.catalogue import Rows
from online.answer.deadline import Deadline
from online.answer.numbers import Numbers
from online.learn.counts import COVISITATION, EVERYWHERE, FAMILIES, FOLLOWING, Family, counter, decay
from online.store.protocol import Changed, Store

STALE_MS: Final = 1000
"""How old a count may be before it's read anew; the user's own state always is."""
_LATE: Final = 10
"""So many times as old it may be in an answer: then the answer waits."""
_RARELY: Final = 30
"""So many times as old the counts of what is long over may be."""
_LITTLE: Final = 0.2
"""A name's counts that grew by less than this share of them, from one reading to the next, are as good as new: after
less than half of it they are left alone for twice as long the next time …"""
_AT_MOST: Final = 64
"""… up to so many times as long; after more for half as long …"""
_MUCH: Final = 0.8
"""… and after so much for no longer than others."""
_BUCKETS_LAST: Final = 5
"""So many times as long the buckets that there are may be known: of the shortest a new one comes every hour."""
_RESTS: Final = 4
"""So many times as long as a reading behind answers took, the next one waits: answers have most of the process …"""
_RESTS_MS: Final = 100
"""… at most so long: where many are answered, most of what it took was theirs."""
_BEHIND: Final = 64
"""Names that are read at once behind answers, those first that an answer met first."""
_MOVING: Final = 2
"""A name's newest buckets, which events are counted in as a rule."""
_PATIENCE_S: Final = 5.0
KEPT: Final = 100_000
"""Counters in memory, a KB each: an item's name has one or two for each year, a context's 128."""
_OF_ITEM: Final = (COVISITATION, FOLLOWING)
_MEMBERS: Final = {COVISITATION: 128, FOLLOWING: 64}
_EVERYWHERE: Final = 1024
_IN_CONTEXT: Final = 32
"""Members of one counter that are read, the most frequent ones; of EVERYWHERE and of contexts in each item shard."""

Floats = NDArray[np.float32]


class Sparse(NamedTuple):
    """Counts of some items: numbers (k,) and times (k,)."""

    numbers: Rows
    times: Floats


NOTHING: Final = Sparse(np.zeros(0, np.int32), np.zeros(0, np.float32))
Wanted = tuple[Family, str]
"""A family and a name in it: an item, EVERYWHERE or a context."""


class _Block:
    """The counters of one name, with what was read of each."""

    def __init__(self, family: Family, name: str, buckets: Sequence[int]) -> None:
        shards = (item_shard(name),) if family in _OF_ITEM else range(ITEM_SHARDS)
        self.counters = [counter(shard, family.name, bucket, name) for bucket in buckets for shard in shards]
        self.members = _MEMBERS.get(family) or (_EVERYWHERE if name == EVERYWHERE else _IN_CONTEXT)
        self.read_at: int | None = None
        self.whole_read_at: int | None = None
        self.versions = [-1] * len(self.counters)
        self.summed = NOTHING
        self._patience = 1
        """How many times as old as others its counts may become."""
        self._events = 0.0
        """What its newest counters add up to."""
        self._moving = min(_MOVING * len(shards), len(self.counters))
        self._parts = [NOTHING] * len(self.counters)
        self._found = [0] * len(self.counters)
        """`Changed.found` of each."""
        self._newest = self._over = NOTHING
        """What its newest counters say together, and its older ones."""
        self._worth = [np.float32(decay(family, one.bucket, buckets[0])) for one in self.counters]

    def is_older(self, now: int, ms: int) -> bool:
        """Whether it was read so long ago, or as many times as long as it may wait."""
        return _age(self.read_at, now) >= ms * self._patience

    def due(self, now: int, stale_ms: int) -> int:
        """How many of its counters are to be read, the newest."""
        rarely = _RARELY * stale_ms * self._patience
        return self._moving if _age(self.whole_read_at, now) < rarely else len(self.counters)

    def take(self, found: Sequence[Changed | None], now: int, numbers: Numbers) -> None:
        """Take in what was read of its newest counters; None is as it was."""
        self.read_at = now
        if len(found) == len(self.counters):
            self.whole_read_at = now
        before = self._events
        if any(found):
            self._put(found, numbers)
        self._patience = _patience(self._patience, abs(self._events - before), before)

    def _put(self, found: Sequence[Changed | None], numbers: Numbers) -> None:
        changed = [*compress(range(len(found)), found)]
        for place, (version, members, times, number) in zip(changed, filter(None, found), strict=True):
            same = number and number == self._found[place]
            known = self._parts[place].numbers if same else numbers.of(members)
            self.versions[place], self._found[place] = version, number
            self._parts[place] = Sparse(known, np.asarray(times, np.float32) * self._worth[place])
        if changed[0] < self._moving:
            self._newest = _joined(self._parts[: self._moving])
            self._events = float(self._newest.times.sum())
        if changed[-1] >= self._moving:
            self._over = _joined(self._parts[self._moving :])
        self.summed = _joined([self._newest, self._over])


def _patience(last: int, grown: float, before: float) -> int:
    if grown > _MUCH * before:
        return 1
    if grown > _LITTLE * before:
        return max(1, last // 2)
    return last if grown > _LITTLE / 2 * before else min(2 * last, _AT_MOST)


def _joined(parts: Sequence[Sparse]) -> Sparse:
    some = [part for part in parts if len(part.numbers)]
    if len(some) < 2:
        return some[0] if some else NOTHING
    return Sparse(np.concatenate([part.numbers for part in some]), np.concatenate([part.times for part in some]))


class Counted:
    """Reads counts for many requests; one for a process."""

    def __init__(self, store: Store, numbers: Numbers, clock: Callable[[], int], stale_ms: int = STALE_MS) -> None:
        self._store = store
        self._numbers = numbers
        self._clock = clock
        self._stale_ms = stale_ms
        self._blocks: OrderedDict[Wanted, _Block] = OrderedDict()
        self._held = 0
        """Counters of all blocks."""
        self._buckets: dict[str, list[int]] = {}
        self._buckets_read: int | None = None
        self._due: dict[_Block, None] = {}
        """What answers met that is to be read behind them."""
        self._behind: asyncio.Task[None] | None = None
        self._rests_until = 0

    async def read(self, wanted: Sequence[Wanted], deadline: Deadline) -> list[Sparse]:
        """For each (family, name) all its counts, decayed; raises `StoreUnavailable`."""
        now = self._clock()
        late = _LATE * self._stale_ms
        if _age(self._buckets_read, now) >= late:
            await self._refresh_buckets(now, deadline)
        while self._held > KEPT:
            self._drop(next(iter(self._blocks)))
        blocks = [self._block(*one) for one in wanted]
        stale = [block for block in dict.fromkeys(blocks) if block.is_older(now, self._stale_ms)]
        behind = [block for block in stale if not block.is_older(now, late)]
        await self._refresh([block for block in stale if block not in behind], now, deadline)
        self._due.update(dict.fromkeys(behind))
        if self._due and now >= self._rests_until and (self._behind is None or self._behind.done()):
            self._behind = asyncio.create_task(self._refresh_behind(now))
        return [block.summed for block in blocks]

    async def settled(self) -> None:
        """Returns when nothing is being read behind answers."""
        if self._behind is not None:
            await self._behind

    async def _refresh_behind(self, now: int) -> None:
        deadline, stale = Deadline(_PATIENCE_S), [*islice(self._due, _BEHIND)]
        for block in stale:
            del self._due[block]
        with suppress(StoreUnavailable):  # whoever has to wait for it hears of it
            if _age(self._buckets_read, now) >= self._stale_ms * (_BUCKETS_LAST if all(self._buckets.values()) else 1):
                await self._refresh_buckets(now, deadline)
            await self._refresh(stale, now, deadline)
        ended = self._clock()
        self._rests_until = ended + min(_RESTS * (ended - now), _RESTS_MS)

    def _block(self, family: Family, name: str) -> _Block:
        block = self._blocks.get((family, name))
        if block is None:
            block = self._blocks[family, name] = _Block(family, name, self._buckets[family.name])
            self._held += len(block.counters)
        self._blocks.move_to_end((family, name))
        return block

    def _drop(self, key: Wanted) -> None:
        block = self._blocks.pop(key)
        self._held -= len(block.counters)
        self._due.pop(block, None)

    async def _refresh_buckets(self, now: int, deadline: Deadline) -> None:
        buckets = await deadline.read(self._read_buckets())
        if changed := {name for name, of in buckets.items() if of != self._buckets.get(name)}:
            for key in [key for key in self._blocks if key[0].name in changed]:
                self._drop(key)
        self._buckets, self._buckets_read = buckets, now

    async def _read_buckets(self) -> dict[str, list[int]]:
        return {family.name: await self._store.buckets(family.name, family.read) for family in FAMILIES}

    async def _refresh(self, stale: Sequence[_Block], now: int, deadline: Deadline) -> None:
        for members in sorted({block.members for block in stale}):
            due = [(block, block.due(now, self._stale_ms)) for block in stale if block.members == members]
            counters = [*chain.from_iterable(block.counters[:n] for block, n in due)]
            versions = [*chain.from_iterable(block.versions[:n] for block, n in due)]
            found = iter(await deadline.read(self._store.changed_counts(counters, members, versions)))
            for block, n in due:
                block.take(list(islice(found, n)), now, self._numbers)


def _age(read_at: int | None, now: int) -> float:
    """In ms; what was never read, or later than now, is as old as can be."""
    return inf if read_at is None or read_at > now else now - read_at


def dense(counts: Sparse, size: int) -> Floats:
    """The counts (size,) of every number."""
    return np.bincount(counts.numbers, counts.times, size).astype(np.float32)
