"""Records to Kafka from the API: as many as may wait, each told its fate; while it's away, few tries."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from aiokafka.errors import (
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)

from contracts.errors import KafkaUnavailable
from contracts.request import headers
from contracts.sharding import partition_of
from serving.breaker import Breaker
from serving.connection import RETRY_S, Connection, worded
from serving.publisher import Fate, Placed, Publishing, Rejected

MAX_WAITING: Final = 64 * 1024 * 1024
"""Bytes of posted events that may wait for Kafka; more are refused at once."""
MAX_OFFERED: Final = 8 * 1024 * 1024
"""Bytes that may wait when an impression comes; more of it is dropped."""
_GATHERS_S: Final = 0.05
"""What is offered waits for company so long: with a request to Kafka for each, API, broker and worker took a fifth more
of all cores. What is posted after it still lies behind it."""
_LEAVES_S: Final = 0.5
"""For what is offered still when it ends."""
_FINAL: Final = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError, PolicyViolationError)
"""What the broker says of a record that it will never take."""
_FAILURES: Final = 3
"""Requests without an acknowledgement, one after the other, after which the producer is made anew."""


class KafkaPublisher:
    """Implements `serving.publisher.Publisher`."""

    def __init__(self, bootstrap: str, namespace: str, timeout_s: float) -> None:
        self._connection = Connection(bootstrap, namespace, timeout_s)
        self._namespace = namespace
        self._timeout_s = timeout_s
        self._breaker = Breaker(_FAILURES, RETRY_S)
        self._offered: deque[Publishing] = deque()
        """Sent by one task, so that thousands that wait don't wake each other up."""
        self._some_offered = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self.waiting = 0

    @property
    def trouble(self) -> str | None:
        return self._connection.trouble

    @property
    def is_left_alone(self) -> bool:
        return self._breaker.is_open

    async def start(self) -> None:
        for work in (self._connection.keep(), self._keep_sending()):
            self._background.add(asyncio.create_task(work))

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVES_S):
                await self._send_offered()
        await self._connection.close()

    async def publish(self, records: Sequence[Publishing]) -> list[Fate]:
        size = sum(len(record.value) for record in records)
        if self.waiting + size > MAX_WAITING:
            raise KafkaUnavailable(f"Kafka is slow: {self.waiting:,} bytes wait already")
        producer = self._connection.producer
        if producer is None or not self._breaker.lets_through():
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        self.waiting += size
        futures: list[asyncio.Future[Any]] = []
        fates: list[Fate] = [None] * len(records)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._send_offered()
                await self._send_all(producer, records, futures)
                await self._once_more_alone(producer, records, futures)
        except TimeoutError:
            self._connection.trouble = f"no acknowledgement within {self._timeout_s:g} s"
        finally:
            self.waiting -= sum(len(record.value) for record in records[len(futures) :])
        fates[: len(futures)] = [_fate(future) for future in futures]
        if not any(fates):
            self._failed(producer)
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        self._breaker.succeeded()
        return fates

    def offer(self, record: Publishing) -> bool:
        if self._connection.producer is None or self._breaker.is_open or self.waiting > MAX_OFFERED:
            return False
        self.waiting += len(record.value)
        self._offered.append(record)
        self._some_offered.set()
        return True

    async def _send_all(
        self, producer: Any, records: Sequence[Publishing], futures: "list[asyncio.Future[Any]]"
    ) -> None:
        """Hand all over in their order, and wait; those after one that can't be handed over have no future."""
        try:
            for record in records:
                future = await self._send(producer, record)
                future.add_done_callback(partial(self._returned, len(record.value)))
                futures.append(future)
        except KafkaError as error:
            self._connection.trouble = worded(error)
        if futures:
            await asyncio.wait(futures)

    async def _once_more_alone(
        self, producer: Any, records: Sequence[Publishing], futures: "list[asyncio.Future[Any]]"
    ) -> None:
        """A batch is rejected whole: who was in bad company gets a batch of their own."""
        for place, future in enumerate(futures):
            if isinstance(_rejection(future), _FINAL):
                futures[place] = asyncio.get_running_loop().create_future()  # nobody knows until it is back
                futures[place] = await self._alone(producer, records[place])

    async def _alone(self, producer: Any, record: Publishing) -> "asyncio.Future[Any]":
        topic = self._topic(record)
        batch = producer.create_batch()
        batch.append(key=record.key.encode(), value=record.value, timestamp=None, headers=headers(record.request))
        batch.close()
        partition = partition_of(record.key, len(await producer.partitions_for(topic)))
        future: asyncio.Future[Any] = await producer.send_batch(batch, topic, partition=partition)
        await asyncio.wait([future])
        return future

    def _returned(self, size: int, future: "asyncio.Future[Any]") -> None:
        self.waiting -= size
        error = _rejection(future)
        self._connection.trouble = worded(error) if error else None

    def _failed(self, producer: Any) -> None:
        self._breaker.failed()
        if self._breaker.is_open:
            self._connection.lose(producer)

    async def _keep_sending(self) -> None:
        while True:
            await self._some_offered.wait()
            await asyncio.sleep(_GATHERS_S)
            self._some_offered.clear()
            await self._send_offered()

    async def _send_offered(self) -> None:
        while self._offered:
            record, future = self._offered.popleft(), None
            try:
                async with asyncio.timeout(self._timeout_s):
                    future = await self._send(self._connection.producer, record)
                    future.add_done_callback(partial(self._returned, len(record.value)))
            except (KafkaError, TimeoutError):
                continue
            finally:
                if future is None:
                    self.waiting -= len(record.value)

    async def _send(self, producer: Any, record: Publishing) -> "asyncio.Future[Any]":
        if producer is None:
            raise KafkaConnectionError("it is being connected to")
        future: asyncio.Future[Any] = await producer.send(
            self._topic(record), record.value, record.key.encode(), headers=headers(record.request)
        )
        return future

    def _topic(self, record: Publishing) -> str:
        return record.topic.full_name(self._namespace)


def _rejection(future: "asyncio.Future[Any]") -> BaseException | None:
    return future.exception() if future.done() and not future.cancelled() else None


def _fate(future: "asyncio.Future[Any]") -> Fate:
    if not future.done() or future.cancelled():
        return None
    error = future.exception()
    if error is None:
        placed = future.result()
        return Placed(placed.partition, placed.offset, placed.timestamp)
    return Rejected(worded(error)) if isinstance(error, _FINAL) else None
