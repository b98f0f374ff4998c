"""Kafka as the API sees it, in memory: a log for each topic and partition, which can be away."""

import time
from collections import defaultdict
from collections.abc import Sequence

from contracts.errors import KafkaUnavailable
from contracts.sharding import partition_of
from contracts.topics import Topic
from serving.publisher import Placed, Publishing


class MemoryPublisher:
    """Implements `serving.publisher.Publisher`."""

    def __init__(self, partitions: int = 4) -> None:
        self.partitions = partitions
        self.trouble: str | None = None
        self.logs: defaultdict[tuple[Topic, int], list[Publishing]] = defaultdict(list)
        self.offered: list[Publishing] = []
        self.unacknowledged: set[int] = set()
        """Indexes of the next request's records that get no acknowledgement."""

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return

    async def publish(self, records: Sequence[Publishing]) -> list[Placed | None]:
        if self.trouble:
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        return [None if i in self.unacknowledged else self._placed(record) for i, record in enumerate(records)]

    def offer(self, record: Publishing) -> bool:
        if self.trouble:
            return False
        self.offered.append(record)
        return True

    def _placed(self, record: Publishing) -> Placed:
        partition = partition_of(record.key, self.partitions)
        log = self.logs[record.topic, partition]
        log.append(record)
        return Placed(partition, len(log) - 1, time.time_ns() // 1_000_000)
