"""What learning sends to Kafka: dead letters, misplaced and forwarded events, enriched ones, alarms."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from contracts import events, topics
from contracts.alarms import Alarm
from contracts.dead_letter import DeadLetter
from contracts.errors import InvalidEvent
from contracts.events import UserEvent
from contracts.topics import Topic
from online.learn.enrich import Enriched

MAX_RAW: Final = 8 * events.MAX_EVENT_BYTES
MAX_REASON: Final = 2000


class Raw(NamedTuple):
    """One record as it lay in the topic."""

    topic: Topic
    partition: int
    offset: int
    time: int
    """UTC ms: when the broker appended it."""
    value: bytes
    request: str = ""
    """The id of the request that posted it, where its header says so."""


class Outgoing(NamedTuple):
    """One record to be sent; the key chooses the partition by Kafka's default partitioner."""

    topic: Topic
    key: str
    value: bytes
    request: str = ""
    """The id of the request that it comes of."""


Outbox = Callable[[Sequence[Outgoing]], Awaitable[None]]
"""Sends and returns when all are acknowledged by all replicas; raises `KafkaUnavailable`."""


def dead_letter(raw: Raw, error: Exception, now: int) -> Outgoing:
    """The record with its reason and its origin; no event is so long that it's cut, and Kafka takes every letter."""
    reason = (str(error) or type(error).__name__)[:MAX_REASON]
    if len(raw.value) > MAX_RAW:
        reason += f" (of {len(raw.value):,} bytes the first {MAX_RAW:,} are kept here, all of them at the origin)"
    letter = DeadLetter(
        raw=raw.value[:MAX_RAW],
        reason=reason,
        error=type(error).__name__,
        topic=raw.topic.name,
        partition=raw.partition,
        offset=raw.offset,
        time=now,
        schema_version=events.version_of(raw.value) if isinstance(error, InvalidEvent) else events.SCHEMA_VERSION,
    )
    return Outgoing(topics.DEAD_LETTER, letter.origin, events.encode(letter), raw.request)


def enriched(row: Enriched) -> Outgoing:
    """The event as the learner saw it."""
    return Outgoing(topics.ENRICHED, row.user_id, events.encode(row))


def alarmed(alarm: Alarm) -> Outgoing:
    """That something in the stream has moved."""
    return Outgoing(topics.ALARMS, alarm.alarm_id, events.encode(alarm))


def published(event: UserEvent) -> Outgoing:
    """An event of another user, by an alias."""
    return Outgoing(topics.EVENTS, event.key, events.encode(event))


def replaced(raw: Raw, topic: Topic, key: str) -> Outgoing:
    """A record that lay in the wrong partition or topic, to be published again as it is."""
    return Outgoing(topic, key, raw.value, raw.request)
