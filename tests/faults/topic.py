"""A topic read from its beginning on, as it grows, through breaks of the broker."""

import logging
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from contracts.topics import Topic
from tests.faults.recorded import PARTITIONS

_WAIT_MS: Final = 100
logging.getLogger("kafka").setLevel(logging.CRITICAL)


class Tail:
    """`new()` gives what has come since; nothing while the broker is away."""

    def __init__(self, kafka: str, topic: Topic, namespace: str) -> None:
        self._consumer = KafkaConsumer(
            bootstrap_servers=kafka, auto_offset_reset="earliest", request_timeout_ms=5000, reconnect_backoff_max_ms=200
        )
        self._partitions = [TopicPartition(topic.full_name(namespace), number) for number in range(PARTITIONS)]
        self._consumer.assign(self._partitions)

    def new(self) -> list[Any]:
        """All records up to the present end, in the order of each partition; raises `KafkaError`."""
        ends = self._consumer.end_offsets(self._partitions)
        found: list[Any] = []
        while any(self._consumer.position(tp) < end for tp, end in ends.items()):
            for records in self._consumer.poll(_WAIT_MS).values():
                found += records
        return found

    def ends(self) -> dict[int, int]:
        """Partition → the end of what was read."""
        return {tp.partition: int(self._consumer.position(tp)) for tp in self._partitions}

    def close(self) -> None:
        self._consumer.close()
