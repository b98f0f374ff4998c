"""What the API needs of Kafka, and Kafka: a producer whose records are acknowledged by all replicas, once each."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from contracts.errors import KafkaUnavailable
from contracts.topics import EVENTS, ITEMS, Topic

MAX_WAITING: Final = 64 * 1024 * 1024
"""Bytes of posted events that may wait for Kafka; more are refused at once."""
MAX_OFFERED: Final = 8 * 1024 * 1024
"""Bytes that may wait when an impression comes; more of it is dropped."""
_RETRY_S: Final = 1.0
_CLOSE_S: Final = 1.5
_METADATA_MS: Final = 2000
"""Bounds what can't be interrupted: waiting for the first broker, and for what a topic's partitions are."""
_log = logging.getLogger(__name__)
Done = Callable[[int, "Placed | Exception"], None]
"""Takes the fate of the record at one index, in any thread."""


class Publishing(NamedTuple):
    """One record to be sent; the key chooses the partition by Kafka's default partitioner, murmur2."""

    topic: Topic
    key: str
    value: bytes


class Placed(NamedTuple):
    """Where a record came to lie."""

    partition: int
    offset: int
    time: int
    """UTC ms: the broker's append time."""


class Publisher(Protocol):
    """Kafka, or a test's list."""

    @property
    def trouble(self) -> str | None:
        """Why it can't send now, as far as it knows."""

    async def start(self) -> None:
        """Begin to connect; returns at once."""

    async def close(self) -> None:
        """Send what waits, for a short time, and let go."""

    async def publish(self, records: Sequence[Publishing]) -> list[Placed | None]:
        """Returns when all are acknowledged, or given up (None); raises `KafkaUnavailable` where none was taken."""

    def offer(self, record: Publishing) -> bool:
        """Send without waiting; False where it was dropped, since too much waits already."""


class KafkaPublisher:
    """Implements `Publisher`; connects in the background, again and again, until it's closed."""

    def __init__(self, bootstrap: str, namespace: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._namespace = namespace
        self._timeout_s = timeout_s
        self._producer: Any = None
        self._connecting: asyncio.Task[None] | None = None
        self._sending = ThreadPoolExecutor(1, "kafka-send")
        """One thread, so that records keep their order; `send` may wait for metadata."""
        self._waiting = 0
        """Bytes whose fate isn't known yet."""
        self._lock = threading.Lock()
        self.trouble: str | None = "not connected yet"

    async def start(self) -> None:
        self._connecting = asyncio.create_task(self._connect())

    async def close(self) -> None:
        if self._connecting:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._producer is not None:
            await asyncio.to_thread(self._let_go, self._producer)
        self._sending.shutdown(wait=False, cancel_futures=True)

    async def publish(self, records: Sequence[Publishing]) -> list[Placed | None]:
        if self._producer is None:
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        if self._waiting > MAX_WAITING:
            raise KafkaUnavailable(f"Kafka is slow: {self._waiting:,} bytes wait already")
        acknowledged = _Acknowledged(len(records), asyncio.get_running_loop())
        if not self._submit(records, acknowledged.done):
            raise KafkaUnavailable("this server is being stopped")
        try:
            async with asyncio.timeout(self._timeout_s):
                await acknowledged.all
        except TimeoutError:
            self.trouble = f"no acknowledgement within {self._timeout_s:g} s"
        placed = list(acknowledged.placed)
        if not any(placed):
            raise KafkaUnavailable(f"Kafka is away: {self.trouble}")
        return placed

    def offer(self, record: Publishing) -> bool:
        if self._producer is None or self._waiting > MAX_OFFERED:
            return False
        return self._submit([record], _forget)

    def _submit(self, records: Sequence[Publishing], done: "Done") -> bool:
        """Hand over to the sending thread; False when it has ended."""
        with self._lock:
            self._waiting += sum(len(record.value) for record in records)
        try:
            self._sending.submit(self._send_all, records, done)
        except RuntimeError:
            return False
        return True

    def _send_all(self, records: Sequence[Publishing], done: "Done") -> None:
        """In the sending thread: `done` is called there or in the producer's, whatever happens."""
        away: KafkaTimeoutError | None = None
        for index, record in enumerate(records):
            returned = partial(self._returned, record, index, done)
            if away:  # one has waited for the others
                returned(away)
                continue
            try:
                self._send(record, returned)
            except Exception as error:
                away = error if isinstance(error, KafkaTimeoutError) else None
                returned(error)

    def _send(self, record: Publishing, returned: "Callable[[Placed | Exception], None]") -> None:
        future = self._producer.send(
            record.topic.full_name(self._namespace), key=record.key.encode(), value=record.value
        )
        future.add_callback(lambda sent: returned(Placed(sent.partition, sent.offset, sent.timestamp)))
        future.add_errback(returned)

    def _returned(self, record: Publishing, index: int, done: "Done", fate: "Placed | Exception") -> None:
        with self._lock:
            self._waiting -= len(record.value)
        self.trouble = None if isinstance(fate, Placed) else " ".join(str(fate).split()) or type(fate).__name__
        done(index, fate)

    async def _connect(self) -> None:
        while self._producer is None:
            try:
                self._producer = await asyncio.to_thread(self._opened)
                self.trouble = None
            except (KafkaError, OSError, ValueError) as error:
                self.trouble = " ".join(str(error).split()) or type(error).__name__
                _log.warning("Kafka %s: %s", self._bootstrap, self.trouble)
                await asyncio.sleep(_RETRY_S)

    def _opened(self) -> Any:
        patience_ms = int(self._timeout_s * 1000)
        producer = KafkaProducer(
            bootstrap_servers=self._bootstrap.split(","),
            client_id="moodstream-api",
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            allow_auto_create_topics=False,
            max_block_ms=min(_METADATA_MS, patience_ms),
            request_timeout_ms=max(200, patience_ms // 2),
            delivery_timeout_ms=max(400, patience_ms),
            bootstrap_timeout_ms=min(_METADATA_MS, patience_ms),
            reconnect_backoff_max_ms=1000,
            metrics_enabled=False,
        )
        try:
            for topic in (EVENTS, ITEMS):
                producer.partitions_for(topic.full_name(self._namespace))
        except BaseException:
            producer.close(timeout=0)
            raise
        return producer

    @staticmethod
    def _let_go(producer: Any) -> None:
        try:
            producer.close(timeout=_CLOSE_S)
        except KafkaError as error:
            _log.warning("events that nobody was told of were lost on leaving: %s", error)


class _Acknowledged:
    """What came back of one request's records; `all` is done when the last did."""

    def __init__(self, count: int, loop: asyncio.AbstractEventLoop) -> None:
        self.placed: list[Placed | None] = [None] * count
        self.all: asyncio.Future[None] = loop.create_future()
        self._left = count
        self._loop = loop
        self._lock = threading.Lock()

    def done(self, index: int, fate: Placed | Exception) -> None:
        """Take the fate of one record, from any thread."""
        with self._lock:
            self.placed[index] = fate if isinstance(fate, Placed) else None
            self._left -= 1
            if self._left:
                return
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.all.done():
            self.all.set_result(None)


def _forget(index: int, fate: Placed | Exception) -> None:
    """Nobody waits for an impression."""
