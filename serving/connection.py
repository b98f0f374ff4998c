"""The API's connection to Kafka: an asyncio producer that is connected, and made anew, in the background."""

import asyncio
import logging
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.brokers import brokers, named
from contracts.errors import KafkaUnavailable
from contracts.topics import EVENTS, ITEMS

BATCH_BYTES: Final = 16 * 1024
"""One batch of a partition is under way at a time, and holds fewer events than the ids that a user's history keeps.

So a batch that is sent again, since its acknowledgement was lost, has no second effect, and the producer needs no
idempotence by sequence numbers, which one rejected record upsets for good.
"""
RETRY_S: Final = 1.0
"""Between two tries."""
_CONNECT_S: Final = 5.0
_CLOSE_S: Final = 1.5
_log = logging.getLogger(__name__)


class Connection:
    """The producer of the moment, for one who sends to it and says when it is lost."""

    def __init__(self, bootstrap: str, namespace: str, timeout_s: float) -> None:
        self._bootstrap = bootstrap
        self._namespace = namespace
        self._timeout_s = timeout_s
        self._leaving: set[asyncio.Task[None]] = set()
        self._lost = asyncio.Event()
        self.producer: Any = None
        """None while there is none that works."""
        self.trouble: str | None = "not connected yet"
        """What was last heard of Kafka, where that was nothing good."""

    async def keep(self) -> None:
        """Connect, and connect anew whenever it's lost; never returns."""
        while True:
            self.producer = await self._connected()
            self.trouble = None
            await self._lost.wait()
            self._lost.clear()
            _log.warning("Kafka %s: %s; connecting anew", named(self._bootstrap), self.trouble)
            left, self.producer = self.producer, None  # what it still has under way is waited for
            leaving = asyncio.create_task(_stop(left))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _connected(self) -> Any:
        while True:
            producer = self._made()
            try:
                async with asyncio.timeout(min(_CONNECT_S, self._timeout_s)):
                    await producer.start()
                    await self._check_topics(producer)
                return producer
            except (KafkaError, OSError, ValueError, KafkaUnavailable) as error:
                self._tell(worded(error))
                await _stop(producer)
            except BaseException:
                await _stop(producer)
                raise
            await asyncio.sleep(RETRY_S)

    def _tell(self, trouble: str) -> None:
        """Say it, in the log only what is new."""
        if trouble != self.trouble:
            _log.warning("Kafka %s: %s", named(self._bootstrap), trouble)
        self.trouble = trouble

    def _made(self) -> Any:
        return AIOKafkaProducer(
            **brokers(self._bootstrap).options(),
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

    def lose(self, producer: Any) -> None:
        """This one doesn't work: have another made, unless that was done."""
        if producer is self.producer:
            self._lost.set()

    async def close(self) -> None:
        """Let go: what waits is sent, for a short time."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self.producer is None:
            return
        leaving = asyncio.create_task(_stop(self.producer))
        if not (await asyncio.wait([leaving], timeout=_CLOSE_S))[0]:
            _log.warning("events that nobody was told of were lost on leaving")
            await self.producer.client.close()


async def _stop(producer: Any) -> None:
    """Ends once what waits was sent or has had its time."""
    try:
        await producer.stop()
    except (KafkaError, OSError) as error:
        _log.warning("leaving Kafka: %s", worded(error))


def worded(error: BaseException) -> str:
    """What an error of Kafka's says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
