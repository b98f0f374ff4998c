"""A lease in this adapter's hands: renewed, checkpointed, and by our own clock trusted no longer than others wait."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from contracts.errors import LeaseLost
from stream.sources.kinesis.leases import Lease, Table
from stream.sources.kinesis.patience import patiently
from stream.sources.kinesis.place import SHARD_END
from stream.sources.kinesis.taken import Taken


class Held:
    """One shard's lease, for its reader (who moves it on) and for the adapter (which renews it)."""

    def __init__(self, table: Table, lease: Lease, lasts_s: float, asked: float) -> None:
        """`asked` is when (monotonic seconds) the writing began that took it: others can't have seen it before."""
        self._table = table
        self._lease = lease
        self._lasts_s = lasts_s
        self._until = asked + lasts_s
        self._writing = asyncio.Lock()
        self.place = lease.place
        """After what Kafka has acknowledged."""
        self.since: Counter[str] = Counter()
        """How many events of each user Kafka has beyond the checkpoint: as many come again after a crash."""
        self.wanted = asyncio.Event()
        """Set when the shard is to be given away, after what is under way."""

    @property
    def shard(self) -> str:
        return self._lease.shard

    def check(self) -> None:
        """Raises `LeaseLost` where another may have taken it by now."""
        if time.monotonic() >= self._until:
            raise LeaseLost(f"the lease of {self.shard} couldn't be renewed in time")

    def advance(self, parcel: Sequence[Taken]) -> None:
        """Kafka has these too."""
        self.place = parcel[-1].place
        self.since.update(one.outgoing.key for one in parcel)

    async def checkpoint(self) -> None:
        """Write how far it is, which renews it too; raises `LeaseLost`, `SourceUnavailable`."""
        async with self._writing:
            self.check()
            asked, since = time.monotonic(), self.since.copy()
            try:
                self._lease = await self._table.renew(self._lease, self.place)
            except LeaseLost:
                self.drop()
                raise
            self._until = asked + self._lasts_s
            self.since -= since

    async def checkpoint_surely(self) -> None:
        """The same, again until it's done; raises `LeaseLost`."""
        await patiently(self.checkpoint, lambda error: None)

    async def release(self, *, ended: bool) -> None:
        """Let go of it, read as far as it is, or to the shard's end; raises `LeaseLost`."""
        if ended:
            self.place = SHARD_END

        async def letting_go() -> None:
            self.check()
            await self._table.release(self._lease, self.place)

        async with self._writing:
            await patiently(letting_go, lambda error: None)
            self.drop()

    def drop(self) -> None:
        """It isn't ours any more."""
        self._until = float("-inf")
