"""Kafka as the API sees it, in memory: a log for each topic and partition, which can be away."""

import time
from collections import defaultdict
from collections.abc import Sequence

from contracts.errors import KafkaUnavailable
from contracts.sharding import partition_of
from contracts.topics import Topic
from serving.publisher import Fate, Placed, Publishing, Rejected


class MemoryPublisher:
    """Implements `serving.publisher.Publisher`."""

    def __init__(self, partitions: int = 4) -> None:
        self.partitions = partitions
        self.trouble: str | None = None
        self.logs: defaultdict[tuple[Topic, int], list[Publishing]] = defaultdict(list)
        self.offered: list[Publishing] = []
        self.unacknowledged: set[int] = set()
        """Indexes of the next request's records that get no acknowledgement."""
        self.rejected: set[int] = set()
        """Indexes of those that the broker won't take."""
        self.waiting = 0
        self.is_left_alone = False

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return

    async def publish(self, records: Sequence[Publishing]) -> list[Fate]:
        if self.trouble:
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        return [self._fate(index, record) for index, record in enumerate(records)]

    def offer(self, record: Publishing) -> bool:
        if self.trouble:
            return False
        self.offered.append(record)
        return True

    def _fate(self, index: int, record: Publishing) -> Fate:
        if index in self.rejected:
            return Rejected("the broker won't have it")
        return None if index in self.unacknowledged else self._placed(record)

    def _placed(self, record: Publishing) -> Placed:
        partition = partition_of(record.key, self.partitions)
        log = self.logs[record.topic, partition]
        log.append(record)
        return Placed(partition, len(log) - 1, time.time_ns() // 1_000_000)
