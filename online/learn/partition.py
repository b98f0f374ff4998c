"""What a worker remembers of a partition that it owns: where each shard stood when it last read or wrote it."""

import asyncio

from contracts.errors import Fenced
from online.store.protocol import Calibrator, ShardMeta, Watermark


class Partition:
    """The worker's own view; a store that differs means that somebody else has written, or that the store went back."""

    def __init__(
        self,
        number: int,
        incarnation: str,
        metas: dict[int, ShardMeta],
        counts: dict[int, Watermark],
        calibrator: Calibrator,
    ) -> None:
        self.number = number
        self.incarnation = incarnation
        self.metas = metas
        self.counts = counts
        """Item shard → watermark of this partition's part in it."""
        self.calibrator = calibrator
        self.lock = asyncio.Lock()
        """One batch, sweep or move at a time."""
        self.sent = max(meta.watermark.within(incarnation) for meta in metas.values())
        """Up to this offset, what a batch sends to Kafka was sent in an earlier life: shards are written after it."""
        self.position = self.lowest
        """The last record that was taken in."""

    @property
    def lowest(self) -> int:
        """The offset that every shard has taken in."""
        users = min(meta.watermark.within(self.incarnation) for meta in self.metas.values())
        return min(users, self.calibrated, *(mark.within(self.incarnation) for mark in self.counts.values()))

    @property
    def calibrated(self) -> int:
        """What the calibrator has taken in."""
        return self.calibrator.watermark.within(self.incarnation)

    def at(self, offset: int) -> Watermark:
        return Watermark(self.incarnation, offset)

    def offset(self, shard: int) -> int:
        """What a user shard has taken in."""
        return self.metas[shard].watermark.within(self.incarnation)

    def check_calibrator(self, found: Calibrator) -> None:
        """Raises `Fenced` unless the calibrator, as found in the store, stands where this worker left it."""
        if found != self.calibrator:
            raise Fenced(f"the calibrator of partition {self.number} stands elsewhere than we left it")

    def check(self, metas: dict[int, ShardMeta], counts: dict[int, Watermark]) -> None:
        """Raises `Fenced` unless these shards, as found in the store, stand where this worker left them."""
        users = sum(meta != self.metas[shard] for shard, meta in metas.items())
        items = sum(mark != self.counts[shard] for shard, mark in counts.items())
        if users or items:
            raise Fenced(
                f"{users} user and {items} item shards of partition {self.number} stand elsewhere than we left them"
            )
