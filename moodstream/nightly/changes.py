"""Whole topics of few records, read from their beginning: the catalogue's changes, and alarms."""

from collections.abc import Iterator

from contracts import events
from contracts.errors import InvalidEvent, KafkaUnavailable
from contracts.events import ItemEvent
from contracts.settings import Settings
from contracts.topics import ITEMS, Topic
from moodstream.kafka import partitions_of, reader

_POLL_MS = 500
_SILENT_POLLS = 60


def changes(settings: Settings) -> list[ItemEvent]:
    """What was said of items, by the order in which it was said of each; what is no item event is passed over.

    Raises `KafkaUnavailable`, `Misconfigured`.
    """
    found = []
    for raw in records(settings, ITEMS):
        try:
            event = events.decode(raw)
        except InvalidEvent:
            continue  # the stream has put it into the dead letters
        if isinstance(event, ItemEvent):
            found.append(event)
    return found


def records(settings: Settings, topic: Topic, since: int = 0) -> Iterator[bytes]:
    """The records that a topic has now of what arrived from then (UTC ms) on. Raises as `changes` does."""
    with reader(settings) as consumer:
        partitions = partitions_of(consumer, settings, topic)
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        starts = consumer.offsets_for_times(dict.fromkeys(partitions, since))
        for partition in partitions:
            found = starts.get(partition)
            consumer.seek(partition, found.offset if found else ends[partition])
        silent = 0
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            polled = consumer.poll(timeout_ms=_POLL_MS)
            silent = 0 if polled else silent + 1
            if silent > _SILENT_POLLS:
                raise KafkaUnavailable(f"Kafka gives no more of {topic.name} though there is more: try again")
            yield from (record.value for of in polled.values() for record in of if record.value is not None)
