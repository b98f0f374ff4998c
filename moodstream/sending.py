"""Events into Kafka, and the wait until the stream has learned from them."""

import time
from collections.abc import Callable, Iterable, Sequence

from contracts import events
from contracts.errors import Unavailable
from contracts.events import Event
from contracts.settings import Settings
from contracts.topics import EVENTS, topic_of
from online.kafka import writer
from online.store.protocol import Heartbeat

Told = Callable[[int, str], None]
"""Takes how much is done, and a few words more."""
_PATIENCE_S = 60.0
_AHEAD = 20_000
"""Events that sending may be ahead of learning, so that the bar shows what is learned, not what is queued."""


def send(settings: Settings, outgoing: Iterable[Event]) -> dict[int, int]:
    """Send and wait for all replicas; returns the offset after the last event, by partition of the events topic.

    Raises `KafkaUnavailable`; sending the same events again is harmless, since their ids are known.
    """
    with writer(settings) as producer:
        sent = [
            producer.send(topic_of(event).full_name(settings.namespace), events.encode(event), event.key.encode())
            for event in outgoing
        ]
        producer.flush(timeout=settings.kafka_timeout_s)
        written = [future.get(timeout=settings.kafka_timeout_s) for future in sent]
    ends: dict[int, int] = {}
    for record in written:
        if record.topic == EVENTS.full_name(settings.namespace):
            ends[record.partition] = max(ends.get(record.partition, 0), record.offset + 1)
    return ends


def send_and_learn(
    settings: Settings, outgoing: Sequence[Event], heartbeats: Callable[[], list[Heartbeat]], told: Told
) -> float:
    """Send, and return when the stream has taken in everything; returns events a second.

    Raises `Unavailable` when the stream takes in nothing for a minute.
    """
    began = time.monotonic()
    start = sum(beat.position for beat in heartbeats())
    ends: dict[int, int] = {}
    for at in range(0, len(outgoing), _AHEAD):
        ends.update(send(settings, outgoing[at : at + _AHEAD]))
        _wait(ends, heartbeats, lambda learned: told(*_speed(min(learned - start, len(outgoing)), began)))
    return len(outgoing) / (time.monotonic() - began)


def _speed(learned: int, began: float) -> tuple[int, str]:
    return learned, f"{learned / (time.monotonic() - began):,.0f}/s"


def _wait(ends: dict[int, int], heartbeats: Callable[[], list[Heartbeat]], told: Callable[[int], None]) -> None:
    """Until every partition's worker is past the given end."""
    moved, before = time.monotonic(), -1
    while True:
        positions = {beat.partition: beat.position for beat in heartbeats()}
        learned = sum(positions.values())
        told(learned)
        if all(positions.get(partition, 0) >= end for partition, end in ends.items()):
            return
        if learned != before:
            moved, before = time.monotonic(), learned
        if time.monotonic() - moved > _PATIENCE_S:
            raise Unavailable(f"the stream has taken in nothing for {_PATIENCE_S:.0f} s: see logs/stream.log")
        time.sleep(0.1)
