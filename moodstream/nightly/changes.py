"""Whole topics of few records, read from their beginning: the catalogue's changes, and alarms."""

from collections.abc import Iterator

from contracts import events
from contracts.errors import InvalidEvent
from contracts.events import ItemEvent
from contracts.settings import Settings
from contracts.topics import ITEMS, Topic
from online.kafka import arrivals, partitions_of, reader, to_the_end


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
        ends = consumer.end_offsets(partitions_of(consumer, settings, topic.full_name(settings.namespace)))
        found = to_the_end(consumer, arrivals(consumer, since, ends), ends)
        yield from (record.value for record in found if record.value is not None)
