"""Kafka as the API uses it: an asyncio producer that is connected, and made anew, in the background."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)

from contracts.errors import KafkaUnavailable
from contracts.sharding import partition_of
from contracts.topics import EVENTS, ITEMS
from serving.breaker import Breaker
from serving.publisher import Fate, Placed, Publishing, Rejected

MAX_WAITING: Final = 64 * 1024 * 1024
"""Bytes of posted events that may wait for Kafka; more are refused at once."""
MAX_OFFERED: Final = 8 * 1024 * 1024
"""Bytes that may wait when an impression comes; more of it is dropped."""
BATCH_BYTES: Final = 16 * 1024
"""One batch of a partition is under way at a time, and holds fewer events than the ids that a user's history keeps.

So a batch that is sent again, since its acknowledgement was lost, has no second effect, and the producer needs no
idempotence by sequence numbers, which one rejected record upsets for good.
"""
_FINAL: Final = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError, PolicyViolationError)
"""What the broker says of a record that it will never take."""
_FAILURES: Final = 3
"""Requests without an acknowledgement, one after the other, after which the producer is made anew."""
_RETRY_S: Final = 1.0
_CONNECT_S: Final = 5.0
_CLOSE_S: Final = 1.5
_log = logging.getLogger(__name__)


class KafkaPublisher:
    """Implements `serving.publisher.Publisher`."""

    def __init__(self, bootstrap: str, namespace: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._namespace = namespace
        self._timeout_s = timeout_s
        self._breaker = Breaker(_FAILURES, _RETRY_S)
        self._producer: Any = None
        self._offered: asyncio.Queue[Publishing] = asyncio.Queue()
        """Sent by one task, so that thousands that wait don't wake each other up."""
        self._background: set[asyncio.Task[None]] = set()
        self._lost = asyncio.Event()
        self.waiting = 0
        self.trouble: str | None = "not connected yet"

    @property
    def is_left_alone(self) -> bool:
        return self._breaker.is_open

    async def start(self) -> None:
        for work in (self._keep_connected(), self._send_offered()):
            self._background.add(asyncio.create_task(work))

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._producer is None:
            return
        leaving = asyncio.create_task(_stop(self._producer))
        if not (await asyncio.wait([leaving], timeout=_CLOSE_S))[0]:
            _log.warning("events that nobody was told of were lost on leaving")
            await self._producer.client.close()

    async def publish(self, records: Sequence[Publishing]) -> list[Fate]:
        size = sum(len(record.value) for record in records)
        if self.waiting + size > MAX_WAITING:
            raise KafkaUnavailable(f"Kafka is slow: {self.waiting:,} bytes wait already")
        producer = self._producer
        if producer is None or not self._breaker.lets_through():
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        self.waiting += size
        futures: list[asyncio.Future[Any]] = []
        fates: list[Fate] = [None] * len(records)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._send_all(producer, records, futures)
                await self._once_more_alone(producer, records, futures)
        except TimeoutError:
            self.trouble = f"no acknowledgement within {self._timeout_s:g} s"
        finally:
            self.waiting -= sum(len(record.value) for record in records[len(futures) :])
        fates[: len(futures)] = [_fate(future) for future in futures]
        if not any(fates):
            self._failed(producer)
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        self._breaker.succeeded()
        return fates

    def offer(self, record: Publishing) -> bool:
        if self._producer is None or self._breaker.is_open or self.waiting > MAX_OFFERED:
            return False
        self.waiting += len(record.value)
        self._offered.put_nowait(record)
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
            self.trouble = _said(error)
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
        batch.append(key=record.key.encode(), value=record.value, timestamp=None)
        batch.close()
        partition = partition_of(record.key, len(await producer.partitions_for(topic)))
        future: asyncio.Future[Any] = await producer.send_batch(batch, topic, partition=partition)
        await asyncio.wait([future])
        return future

    def _returned(self, size: int, future: "asyncio.Future[Any]") -> None:
        self.waiting -= size
        error = _rejection(future)
        self.trouble = _said(error) if error else None

    def _failed(self, producer: Any) -> None:
        self._breaker.failed()
        if self._breaker.is_open and producer is self._producer:
            self._lost.set()

    async def _send_offered(self) -> None:
        while True:
            record = await self._offered.get()
            try:
                async with asyncio.timeout(self._timeout_s):
                    future = await self._send(self._producer, record)
            except (KafkaError, TimeoutError):
                self.waiting -= len(record.value)
            else:
                future.add_done_callback(partial(self._returned, len(record.value)))

    async def _send(self, producer: Any, record: Publishing) -> "asyncio.Future[Any]":
        if producer is None:
            raise KafkaConnectionError("it is being connected to")
        future: asyncio.Future[Any] = await producer.send(self._topic(record), record.value, record.key.encode())
        return future

    async def _keep_connected(self) -> None:
        while True:
            self._producer = await self._connected()
            self.trouble = None
            await self._lost.wait()
            self._lost.clear()
            _log.warning("Kafka %s: %s; connecting anew", self._bootstrap, self.trouble)
            left, self._producer = self._producer, None  # what it still has under way is waited for
            leaving = asyncio.create_task(_stop(left))
            self._background.add(leaving)
            leaving.add_done_callback(self._background.discard)

    async def _connected(self) -> Any:
        while True:
            producer = self._made()
            try:
                async with asyncio.timeout(min(_CONNECT_S, self._timeout_s)):
                    await producer.start()
                    await self._check_topics(producer)
                return producer
            except (KafkaError, OSError, ValueError, KafkaUnavailable) as error:
                self._tell(_said(error))
                await _stop(producer)
            except BaseException:
                await _stop(producer)
                raise
            await asyncio.sleep(_RETRY_S)

    def _tell(self, trouble: str) -> None:
        """Say it, in the log only what is new."""
        if trouble != self.trouble:
            _log.warning("Kafka %s: %s", self._bootstrap, trouble)
        self.trouble = trouble

    def _made(self) -> Any:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap.split(","),
            client_id="moodstream-api",
            acks="all",
            max_batch_size=BATCH_BYTES,
            linger_ms=0,
            request_timeout_ms=max(400, int(self._timeout_s * 1000)),
        )

    async def _check_topics(self, producer: Any) -> None:
        """Asks for all there are: asked for by name, a topic may be made by the broker, with too few partitions."""
        known = (await producer.client.fetch_all_metadata()).topics()
        for topic in (EVENTS, ITEMS):
            name = topic.full_name(self._namespace)
            if name not in known:
                raise KafkaUnavailable(f"there is no topic {name}: run moodstream up or the stream first")
            await producer.partitions_for(name)

    def _topic(self, record: Publishing) -> str:
        return record.topic.full_name(self._namespace)


async def _stop(producer: Any) -> None:
    """Ends once what waits was sent or has had its time."""
    try:
        await producer.stop()
    except (KafkaError, OSError) as error:
        _log.warning("leaving Kafka: %s", _said(error))


def _rejection(future: "asyncio.Future[Any]") -> BaseException | None:
    return future.exception() if future.done() and not future.cancelled() else None


def _fate(future: "asyncio.Future[Any]") -> Fate:
    if not future.done() or future.cancelled():
        return None
    error = future.exception()
    if error is None:
        placed = future.result()
        return Placed(placed.partition, placed.offset, placed.timestamp)
    return Rejected(_said(error)) if isinstance(error, _FINAL) else None


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
