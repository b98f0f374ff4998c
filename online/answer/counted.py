"""The shared counts as this process last read them: decayed, by number of item, a second old at most."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.sharding import ITEM_SHARDS, item_shard
from online.answer.catalogue import Rows
from online.answer.deadline import Deadline
from online.answer.numbers import Numbers
from online.learn.counts import COVISITATION, EVERYWHERE, FAMILIES, FOLLOWING, Family, decay
from online.store.protocol import Counter, Store

STALE_MS: Final = 1000
"""How old a count may be in an answer; the user's own state is always read anew."""
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
Changed = tuple[int, list[tuple[str, int]]] | None
"""A counter's version and members, as the store says it."""
Wanted = tuple[Family, str]
"""A family and a name in it: an item, EVERYWHERE or a context."""


class _Block:
    """The counters of one name, with what was read of each."""

    def __init__(self, family: Family, name: str, buckets: Sequence[int]) -> None:
        shards = (item_shard(name),) if family in _OF_ITEM else range(ITEM_SHARDS)
        self.counters = [Counter(shard, family.name, bucket, name) for bucket in buckets for shard in shards]
        self.members = _MEMBERS.get(family) or (_EVERYWHERE if name == EVERYWHERE else _IN_CONTEXT)
        self.read_at: int | None = None
        self.versions = [-1] * len(self.counters)
        self.summed = NOTHING
        self._parts = [NOTHING] * len(self.counters)
        self._worth = [np.float32(decay(family, one.bucket, buckets[0])) for one in self.counters]

    def take(self, found: Sequence[Changed], numbers: Numbers) -> None:
        """Take in what was read of each counter; None is as it was."""
        if not any(found):
            return
        for place, one in enumerate(found):
            if one is None:
                continue
            self.versions[place], members = one
            self._parts[place] = NOTHING
            if members:
                items, times = zip(*members, strict=True)
                self._parts[place] = Sparse(numbers.of(items), np.array(times, np.float32) * self._worth[place])
        parts = [part for part in self._parts if part is not NOTHING]
        self.summed = Sparse(*(np.concatenate(of) for of in zip(*parts, strict=True))) if parts else NOTHING


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

    async def read(self, wanted: Sequence[Wanted], deadline: Deadline) -> list[Sparse]:
        """For each (family, name) all its counts, decayed; raises `StoreUnavailable`."""
        now = self._clock()
        if self._is_stale(self._buckets_read, now):
            await self._refresh_buckets(deadline)
            self._buckets_read = now
        while self._held > KEPT:
            self._drop(next(iter(self._blocks)))
        blocks = [self._block(*one) for one in wanted]
        due = [block for block in dict.fromkeys(blocks) if self._is_stale(block.read_at, now)]
        for members in sorted({block.members for block in due}):
            await self._refresh([block for block in due if block.members == members], members, now, deadline)
        return [block.summed for block in blocks]

    def _is_stale(self, read_at: int | None, now: int) -> bool:
        return read_at is None or not 0 <= now - read_at < self._stale_ms

    def _block(self, family: Family, name: str) -> _Block:
        block = self._blocks.get((family, name))
        if block is None:
            block = self._blocks[family, name] = _Block(family, name, self._buckets[family.name])
            self._held += len(block.counters)
        self._blocks.move_to_end((family, name))
        return block

    def _drop(self, key: Wanted) -> None:
        self._held -= len(self._blocks.pop(key).counters)

    async def _refresh_buckets(self, deadline: Deadline) -> None:
        buckets = await deadline.read(self._read_buckets())
        if changed := {name for name, of in buckets.items() if of != self._buckets.get(name)}:
            for key in [key for key in self._blocks if key[0].name in changed]:
                self._drop(key)
        self._buckets = buckets

    async def _read_buckets(self) -> dict[str, list[int]]:
        return {family.name: await self._store.buckets(family.name, family.read) for family in FAMILIES}

    async def _refresh(self, due: Sequence[_Block], members: int, now: int, deadline: Deadline) -> None:
        counters = [counter for block in due for counter in block.counters]
        versions = [version for block in due for version in block.versions]
        found = await deadline.read(self._store.changed_counts(counters, members, versions))
        start = 0
        for block in due:
            block.take(found[start : start + len(block.counters)], self._numbers)
            block.read_at = now
            start += len(block.counters)


def dense(counts: Sparse, size: int) -> Floats:
    """The counts (size,) of every number."""
    return np.bincount(counts.numbers, counts.times, size).astype(np.float32)
