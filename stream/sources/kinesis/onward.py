"""Handing on to Kafka: acknowledged by all replicas, in order, and again until it is.

Of one shard one batch of each partition is under way at a time, and it's appended whole or not at all. So whatever is
sent again can't change the order of a key's events, and no sequence numbers of Kafka's are needed: ids make it once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from contracts.errors import Unavailable
from contracts.sharding import partition_of
from contracts.topics import Topic
from online.learn.outgoing import Outbox, Outgoing
from stream.outbox import BATCH_BYTES
from stream.sources.kinesis.patience import patiently

MOST_BYTES: Final = BATCH_BYTES // 2
"""Of one parcel: with Kafka's own bytes it's still one batch. A record that is larger goes alone."""


class Onward:
    """Sends one parcel after the other; several shards' may be under way."""

    def __init__(self, outbox: Outbox, partitions: int, failed: Callable[[Unavailable], None]) -> None:
        self._outbox = outbox
        self._partitions = partitions
        self._failed = failed

    async def __call__(self, parcel: Sequence[Outgoing], check: Callable[[], None]) -> None:
        """Returns when all is acknowledged; what `check` raises, asked before each try, is raised."""
        lots: defaultdict[tuple[Topic, int], list[Outgoing]] = defaultdict(list)
        for out in parcel:
            lots[out.topic, partition_of(out.key, self._partitions)].append(out)
        sending = [asyncio.create_task(self._until_acknowledged(lot, check)) for lot in lots.values()]
        try:
            await asyncio.gather(*sending)
        finally:
            for task in sending:
                task.cancel()

    async def _until_acknowledged(self, lot: Sequence[Outgoing], check: Callable[[], None]) -> None:
        async def send() -> None:
            check()
            await self._outbox(lot)

        await patiently(send, self._failed)
