"""A partition as this worker left it in the store: every reading is held against that, every write moves it.

A store that differs means that somebody else has written, or that it went back: both raise `Fenced`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from contracts.errors import Fenced
from contracts.rollout import Rollout
from online.learn.course import Stretch
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

if TYPE_CHECKING:  # it loads river
    from online.learn.drift.drift import Drift

_SWEPT_AT_ONCE: Final = 32
"""Shards that an event may have to wait for: some milliseconds."""


class Partition:
    """The worker's own view of its shards; `lock` is held for one batch, sweep or move at a time."""

    def __init__(
        self,
        store: Store,
        stretch: Stretch,
        metas: dict[int, ShardMeta],
        counts: dict[int, Watermark],
        calibrator: Calibrator,
    ) -> None:
        self._store = store
        self.stretch = stretch
        self.number, self.incarnation = stretch.number, stretch.incarnation
        self.metas = {shard: meta for shard, meta in metas.items() if not stretch.is_behind(meta.watermark)}
        self.handed_over = metas.keys() - self.metas.keys()
        """Shards that stand in a later epoch, where another partition may have them: they are read, never written."""
        self.counts = counts
        """Item shard → watermark of this partition's part in it."""
        self.calibrator = calibrator
        self.drift: Drift | None = None
        """As the calibrator's bytes have it; None while it's to be made of these."""
        self.lock = asyncio.Lock()
        self.cut: int | None = None
        """The offset of the control record that ended this epoch, once it was met."""
        self.sent = max(stretch.within(meta.watermark) for meta in metas.values())
        """Up to this offset, what a batch sends to Kafka was sent in an earlier life: shards are written after it."""
        self.position = self.lowest
        """The last record that was taken in."""

    @classmethod
    async def found(cls, store: Store, stretch: Stretch) -> "Partition":
        """The partition as the store has it now."""
        metas = await store.shards(stretch.shards)
        counts = await store.count_watermarks(stretch.number)
        return cls(store, stretch, metas, counts, await store.calibrator(stretch.number))

    @property
    def lowest(self) -> int:
        """The offset that every shard has taken in."""
        users = (meta.watermark for meta in self.metas.values())
        return min(self.calibrated, *map(self.stretch.within, users), *map(self.stretch.within, self.counts.values()))

    @property
    def is_here(self) -> bool:
        """Whether all that is this partition's is through with every epoch before this one, and in none since."""
        shared = [self.calibrator.watermark, *self.counts.values()]
        marks = shared + [meta.watermark for meta in self.metas.values()]
        if any(map(self.stretch.is_unheard_of, marks)) or any(map(self.stretch.lacks_shared, shared)):
            return False
        return not any(self.stretch.lacks(shard, meta) for shard, meta in self.metas.items())

    @property
    def is_done(self) -> bool:
        """Whether all has come to the end of an epoch that is over, with all users on the bundle that was in force."""
        over = not self.stretch.is_present and self.lowest >= self.stretch.last
        return over and all(meta.moved for meta in self.metas.values())

    @property
    def standing(self) -> set[str]:
        """The lives of the topic that the shards' watermarks are of; "" where one has none."""
        marks = [meta.watermark for meta in self.metas.values()] + [*self.counts.values(), self.calibrator.watermark]
        return {mark.incarnation for mark in marks}

    @property
    def calibrated(self) -> int:
        """What the calibrator has taken in."""
        return self.stretch.within(self.calibrator.watermark)

    @property
    def has_begun(self) -> bool:
        """Whether what depends on the order has taken in anything of this epoch."""
        return bool(self.calibrator.running) and self.calibrated >= self.stretch.first

    @property
    def unwatched(self) -> Rollout | None:
        """The rollout in force, where a worker of before drift was watched has brought the partition here."""
        came_far = self.calibrator.watermark.incarnation and not self.calibrator.running
        return next(iter(self.metas.values())).rollout if came_far else None

    def at(self, offset: int) -> Watermark:
        return Watermark(self.incarnation, offset)

    def offset(self, shard: int) -> int:
        """What a user shard has taken in."""
        return self.stretch.last if shard in self.handed_over else self.stretch.within(self.metas[shard].watermark)

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        """These users by shard; what is shared must stand where it was left, too.

        What is lost of it, these users' histories tell again, before any is emptied.
        """
        found, counts, calibrator = await self._store.read_for(self.number, users)
        self._check({shard: records.meta for shard, records in found.items()}, counts)
        self._check_calibrator(calibrator, self.calibrator._replace(kept=b""))
        return found

    async def shard_users(self, shard: int) -> list[str]:
        """The users of one shard."""
        return await self._store.shard_users(shard)

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        await self._store.write_shards(writes)
        self.metas.update({write.shard: write.meta for write in writes})

    async def write_counts(self, writes: Sequence[CountWrite]) -> None:
        await self._store.add_counts(writes)
        self.counts.update({write.shard: write.new for write in writes})

    async def write_calibrator(self, state: bytes, drift: "Drift | None", upto: int) -> None:
        """What the calibrator has come to, and what is watched for drift; without one that stays as it is."""
        before = self.calibrator
        running, kept = drift.packed() if drift else (before.running, before.kept)
        new = Calibrator(self.at(upto), state, running, kept)
        changed = kept != before.kept
        await self._store.write_calibrator(CalibratorWrite(self.number, before.watermark, new, changed))
        self.calibrator = new
        self.drift = drift or self.drift

    async def sweep_shared(self, drift: "Drift | None" = None) -> None:
        """Move the idle ones of the item shards and the calibrator up to what was taken in.

        `drift` is the partition's where the store has none of this life of the topic.
        """
        await self.check_shared()
        new = self.at(self.position)
        behind = [shard for shard, mark in self.counts.items() if self.stretch.within(mark) < new.offset]
        await self.write_counts([CountWrite(s, self.number, self.counts[s], new, {}) for s in behind])
        if self.calibrated < new.offset:
            await self.write_calibrator(self.calibrator.state, drift, new.offset)

    def user_shards(self) -> list[Sequence[int]]:
        """The user shards in groups that are swept at once."""
        shards = list(self.metas)
        return [shards[start : start + _SWEPT_AT_ONCE] for start in range(0, len(shards), _SWEPT_AT_ONCE)]

    async def sweep_users(self, shards: Sequence[int]) -> None:
        """Move the idle ones of these user shards up to what was taken in."""
        self._check(await self._store.shards(shards), {})
        new = self.at(self.position)
        idle = [(shard, self.metas[shard]) for shard in shards if self.offset(shard) < new.offset]
        await self.write_shards([ShardWrite(s, m, m.at(new), {}) for s, m in idle])

    async def check_shared(self) -> None:
        """See that counts and calibrator stand where they were left."""
        self._check({}, await self._store.count_watermarks(self.number))
        self._check_calibrator(await self._store.calibrator(self.number), self.calibrator)

    def _check_calibrator(self, found: Calibrator, left: Calibrator) -> None:
        if found != left:
            raise Fenced(f"the calibrator of partition {self.number} stands elsewhere than we left it")

    def _check(self, metas: Mapping[int, ShardMeta], counts: Mapping[int, Watermark]) -> None:
        users = sum(not self._stands(shard, meta) for shard, meta in metas.items())
        items = sum(mark != self.counts[shard] for shard, mark in counts.items())
        if users or items:
            raise Fenced(
                f"{users} user and {items} item shards of partition {self.number} stand elsewhere than we left them"
            )

    def _stands(self, shard: int, meta: ShardMeta) -> bool:
        """Whether a shard is as it was left: one that was handed over goes on elsewhere."""
        return self.stretch.is_behind(meta.watermark) if shard in self.handed_over else meta == self.metas[shard]
