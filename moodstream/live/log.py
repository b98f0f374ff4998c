"""What comes into the topic of events, read beside the stream that learns it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from kafka import KafkaConsumer

from contracts import events
from contracts.errors import Unavailable
from contracts.events import Record
from contracts.settings import Settings
from contracts.topics import EVENTS
from online.kafka import partitions_of, reader

_PATIENCE_S: Final = 30.0


class Entry(NamedTuple):
    """One record and where it stands."""

    partition: int
    offset: int
    event: Record


class Log:
    """The topic's records from its end of now on."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    def until(self, event_id: str) -> list[Entry]:
        """All that came since the last call, the event of this id with it, in each partition's order.

        Raises `Unavailable` when it doesn't come.
        """
        found: list[Entry] = []
        deadline = time.monotonic() + _PATIENCE_S
        while event_id not in {entry.event.event_id for entry in found}:
            if time.monotonic() > deadline:
                raise Unavailable(f"the event {event_id} never came into the log: see logs/serve.log")
            for records in self._consumer.poll(timeout_ms=100).values():
                found += [Entry(one.partition, one.offset, events.decode(one.value)) for one in records]
        return found


@contextmanager
def opened(settings: Settings) -> Iterator[Log]:
    """The log of `settings.kafka`, to be read from its end; raises `KafkaUnavailable`."""
    with reader(settings) as consumer:
        name = EVENTS.full_name(settings.namespace)
        consumer.assign(partitions_of(consumer, settings, name))
        consumer.seek_to_end()
        for partition in consumer.assignment():
            consumer.position(partition)  # a seek is carried out when it is first needed
        yield Log(consumer)
