"""A topic as a log: its partitions from one arrival to another, merged in the order of arrival."""

import time
from collections import deque
from collections.abc import Iterator
from heapq import merge
from typing import Any, Final

from kafka import TopicPartition

from contracts import events
from contracts.errors import InvalidEvent, KafkaUnavailable
from contracts.events import ControlRecord, ItemEvent
from contracts.settings import Settings
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from online.kafka import Offsets, arrivals, partitions_of, reader
from online.lake.partitions import course_of
from online.learn.course import Course
from online.learn.outgoing import Raw
from stream import topics

_AHEAD: Final = 20_000
"""Records of one partition that wait for those of others, before it's paused."""
_PATIENCE_S: Final = 30.0


def from_kafka(settings: Settings, topic: str, since: int | None, until: int | None) -> Iterator[Raw]:
    """What arrived in [since, until) (UTC ms), up to where the topic ended when this began.

    Of equal arrivals the lower partition's come first; a broker's clock that was set back moves no record before an
    earlier one of its partition. Control records and what lay in a wrong partition are left out. Raises
    `KafkaUnavailable`, `Misconfigured` where there is no such topic.
    """
    with reader(settings) as consumer:
        partitions = partitions_of(consumer, settings, topic)
        now = consumer.end_offsets(partitions)
        ends = now if until is None else arrivals(consumer, until, now)
        starts = consumer.beginning_offsets(partitions) if since is None else arrivals(consumer, since, now)
        reading, course = _Reading(consumer, starts, ends), _course(settings, topic)
        for _, raw in merge(*(_in_order(reading.of(one)) for one in partitions), key=lambda pair: pair[0]):
            if _is_wanted(raw, course.placed(raw.partition, raw.offset)):
                yield raw


def _course(settings: Settings, topic: str) -> Course:
    """What the lake has noted of this topic's partitions, of which it may have more today."""
    namespace = topic.removesuffix(f".{EVENTS.name}")
    made = topics.made(settings.kafka or "", namespace)[EVENTS]
    return course_of(settings.lake_url, namespace, made.id, made.partitions)


def _in_order(log: Iterator[Raw]) -> Iterator[tuple[tuple[int, int], Raw]]:
    latest = 0
    for raw in log:
        latest = max(latest, raw.time)
        yield (latest, raw.partition), raw


def _is_wanted(raw: Raw, partitions: int) -> bool:
    """A replay has bundles of its own, and what lay in a wrong partition the stream has sent to the right one."""
    try:
        event = events.decode(raw.value)
    except InvalidEvent:
        return True  # to be refused again
    return not isinstance(event, ControlRecord | ItemEvent) and partition_of(event.key, partitions) == raw.partition


class _Reading:
    """One consumer, asked for each partition's next record.

    What need not be read now isn't assigned: a paused partition, of which records came all the same, can hold up the
    others (kafka-python 3.0).
    """

    def __init__(self, consumer: Any, starts: Offsets, ends: Offsets) -> None:
        self._consumer = consumer
        self._next = dict(starts)
        self._ends = ends
        self._assigned: set[TopicPartition] = set()
        self._waiting: dict[TopicPartition, deque[Raw]] = {partition: deque() for partition in ends}

    def of(self, partition: TopicPartition) -> Iterator[Raw]:
        """One partition's records up to its end."""
        waiting = self._waiting[partition]
        while True:
            while waiting:
                yield waiting.popleft()
            if self._next[partition] >= self._ends[partition]:
                return
            self._fetch(partition)

    def _assign(self, wanted: TopicPartition) -> None:
        """The wanted partition, and those beside it that have room."""
        room = {one for one, waiting in self._waiting.items() if len(waiting) < _AHEAD} | {wanted}
        if room != self._assigned:
            self._assigned = room
            self._consumer.assign(sorted(room))
            for one in room:
                self._consumer.seek(one, self._next[one])

    def _fetch(self, wanted: TopicPartition) -> None:
        """Until the wanted partition has some, or has come to its end."""
        self._assign(wanted)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._waiting[wanted] and self._next[wanted] < self._ends[wanted]:
            if time.monotonic() > deadline:
                raise KafkaUnavailable(f"Kafka gives nothing more of {wanted.topic}: run the same command again")
            for partition, records in self._consumer.poll(timeout_ms=500).items():
                own = self._waiting[partition]
                own += [
                    Raw(EVENTS, partition.partition, one.offset, one.timestamp, one.value)
                    for one in records
                    if one.offset < self._ends[partition] and one.value is not None
                ]
            self._next.update((one, self._consumer.position(one)) for one in self._assigned)
