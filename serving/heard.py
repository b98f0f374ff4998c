"""Some of what was learned just now, read back from the log: what happened to which item, never whose event it was."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from contracts import events
from contracts.brokers import brokers
from contracts.errors import InvalidEvent, KafkaUnavailable
from contracts.events import Interaction, MoodEvent, Record
from contracts.moods import MOODS, mood_of
from contracts.topics import EVENTS
from online.answer.catalogue import Catalogue

BACK: Final = 16
"""Records before a worker's place that are looked at; half of them are impressions as a rule."""
AT_ONCE: Final = 4
"""Partitions that are looked into at once, and …"""
BYTES: Final = 32 * 1024
"""… what is read of each: so a glance costs the same, however much is learned."""
RETRY_S: Final = 5.0
_READ_MS: Final = 150
_log = logging.getLogger(__name__)


class Heard(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event without its user, and without an item's id where the catalogue doesn't know it."""

    kind: str
    """An interaction's kind, or `mood`."""
    title: str = ""
    value: float | None = None
    mood: str = ""
    emoji: str = ""


class Tail(Protocol):
    """The log's newest records: Kafka's, or a test's list."""

    async def read(self, places: Mapping[int, int], since: Mapping[int, int]) -> list[Record]:
        """Some records just before these offsets, by partition, and not before `since`; raises `KafkaUnavailable`."""

    async def close(self) -> None:
        """Let go."""


def heard(records: list[Record], catalogue: Catalogue) -> list[Heard]:
    """What may be told of them, in their order."""
    return [one for record in records for one in _heard(record, catalogue)]


def _heard(record: Record, catalogue: Catalogue) -> list[Heard]:
    if isinstance(record, Interaction):
        item = catalogue.item(record.item_id)
        return [Heard(record.kind, item.title or "an item without a title", record.value)]
    if isinstance(record, MoodEvent) and (row := mood_of(record.mood)):
        return [Heard("mood", mood=MOODS[row].label, emoji=MOODS[row].emoji[0])]
    return []


class KafkaTail:
    """Implements `Tail` by a consumer without a group, which commits nothing and holds nobody up."""

    def __init__(self, bootstrap: str, namespace: str) -> None:
        self._bootstrap = bootstrap
        self._topic = EVENTS.full_name(namespace)
        self._consumer: Any = None
        self._retry_at = 0.0

    async def read(self, places: Mapping[int, int], since: Mapping[int, int]) -> list[Record]:
        loop = asyncio.get_running_loop()
        if loop.time() < self._retry_at:
            return []
        try:
            async with asyncio.timeout(RETRY_S):
                return await self._read(places, since)
        except (KafkaError, OSError, TimeoutError, ValueError) as error:
            self._retry_at = loop.time() + RETRY_S
            await self.close()
            raise KafkaUnavailable(str(error) or type(error).__name__) from error

    async def _read(self, places: Mapping[int, int], since: Mapping[int, int]) -> list[Record]:
        if self._consumer is None:
            self._consumer = self._made()
            await self._consumer.start()
        consumer = self._consumer
        wanted = {TopicPartition(self._topic, partition): place for partition, place in places.items()}
        consumer.assign(list(wanted))
        for partition, place in wanted.items():
            consumer.seek(partition, max(since.get(partition.partition, 0), place - BACK))
        found = await consumer.getmany(timeout_ms=_READ_MS, max_records=BACK * len(wanted))
        consumer.unsubscribe()  # nothing is fetched until the next glance
        rows = [row for partition, rows in found.items() for row in rows if row.offset < wanted[partition]]
        rows.sort(key=lambda row: int(row.timestamp))
        return [record for row in rows for record in _decoded(row.value)]

    def _made(self) -> Any:
        return AIOKafkaConsumer(
            **brokers(self._bootstrap).options(),
            client_id="moodstream-live",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            max_partition_fetch_bytes=BYTES,
            fetch_max_bytes=AT_ONCE * BYTES,
            fetch_max_wait_ms=_READ_MS,
            request_timeout_ms=2000,
        )

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            try:
                async with asyncio.timeout(RETRY_S):
                    await consumer.stop()
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("leaving Kafka: %r", error)


def _decoded(value: bytes | None) -> list[Record]:
    """None or one: what can't be read lies in the dead letters already."""
    try:
        return [events.decode(value or b"")]
    except InvalidEvent:
        return []
