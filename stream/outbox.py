"""What learning sends to Kafka, in whole batches: each record by itself would cost as much as learning it."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from contracts.errors import KafkaUnavailable
from contracts.request import headers
from contracts.sharding import partition_of
from contracts.topics import Topic
from online.learn.outgoing import Outgoing

BATCH_BYTES: Final = 1 << 18
"""Some five hundred events as they are enriched; Kafka takes a megabyte."""


class Outbox:
    """Implements `online.learn.outgoing.Outbox`; a key goes to the partition that Kafka's own partitioner takes."""

    def __init__(
        self, producer: Callable[[], AIOKafkaProducer], namespace: str, partitions: Mapping[Topic, int]
    ) -> None:
        """`partitions` may change: who sends by an old number of `events` has it sent again to the right place."""
        self._producer = producer
        self._namespace = namespace
        self._partitions = partitions

    async def __call__(self, outgoing: Sequence[Outgoing]) -> None:
        """Returns when all are acknowledged; raises `KafkaUnavailable`."""
        lots: defaultdict[tuple[Topic, int], list[Outgoing]] = defaultdict(list)
        for out in outgoing:
            lots[out.topic, partition_of(out.key, self._partitions[out.topic])].append(out)
        try:
            await asyncio.gather(*(self._send(*where, lot) for where, lot in lots.items()))
        except Exception as error:
            raise KafkaUnavailable(f"Kafka did not acknowledge: {error}") from error

    async def _send(self, topic: Topic, partition: int, lot: Sequence[Outgoing]) -> None:
        producer, pending = self._producer(), list[Awaitable[Any]]()
        for batch in _batches(producer, lot):
            pending.append(await producer.send_batch(batch, topic.full_name(self._namespace), partition=partition))
        await asyncio.gather(*pending)


def _batches(producer: AIOKafkaProducer, lot: Sequence[Outgoing]) -> Iterator[Any]:
    """The records in their order, in as few batches as hold them: an empty one takes any record."""
    batch = producer.create_batch()
    for out in lot:
        record = {"key": out.key.encode(), "value": out.value, "timestamp": None, "headers": headers(out.request)}
        if batch.append(**record) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(**record)
    yield batch
