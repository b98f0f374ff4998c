"""Kafka's clients as operators use them: opened, closed, and what fails of them said as `KafkaUnavailable`."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from contracts.brokers import brokers, named
from contracts.errors import KafkaUnavailable, Misconfigured
from contracts.settings import Settings
from online.reach import require_kafka

_BOOTSTRAP_MS: Final = 10_000
_REQUEST_MS: Final = 15_000
_POLL_MS: Final = 500
_SILENT_POLLS: Final = 120
"""A minute without a record that is known to be there."""

Offsets = Mapping[TopicPartition, int]


@contextmanager
def reader(settings: Settings) -> Iterator[Any]:
    """A consumer without a group, to be assigned by hand; raises `KafkaUnavailable`, then and later."""
    with _answering(settings, "failed", "nothing is lost: try again, or see moodstream doctor"):
        consumer = KafkaConsumer(
            **brokers(settings.kafka or "").options(),
            enable_auto_commit=False,
            bootstrap_timeout_ms=_BOOTSTRAP_MS,
            request_timeout_ms=_REQUEST_MS,
        )
        with closing(consumer):
            yield consumer


@contextmanager
def writer(settings: Settings) -> Iterator[Any]:
    """A producer whose records all replicas acknowledge; raises `KafkaUnavailable`, then and later."""
    with _answering(settings, "did not acknowledge", "send again: ids make it one effect"):
        producer = KafkaProducer(
            **brokers(settings.kafka or "").options(),
            acks="all",
            linger_ms=5,
            max_block_ms=int(settings.kafka_timeout_s * 1000),
            bootstrap_timeout_ms=_BOOTSTRAP_MS,
        )
        try:
            yield producer
        finally:
            producer.close(timeout=settings.kafka_timeout_s)


def partitions_of(consumer: Any, settings: Settings, topic: str) -> list[TopicPartition]:
    """The partitions of the topic of this full name, in order; raises `Misconfigured` where there is no such topic."""
    numbers = sorted(consumer.partitions_for_topic(topic) or ())
    if not numbers:
        raise Misconfigured(
            f"Kafka at {named(settings.kafka or '')} has no topic {topic}: "
            "moodstream topics creates those of MOODSTREAM_NAMESPACE"
        )
    return [TopicPartition(topic, number) for number in numbers]


def arrivals(consumer: Any, when: int, ends: Offsets) -> Offsets:
    """The offsets of the first arrivals at `when` (UTC ms) or later; the ends where there are none."""
    found = consumer.offsets_for_times(dict.fromkeys(ends, when))
    return {one: min(found[one].offset, end) if found.get(one) else end for one, end in ends.items()}


def to_the_end(consumer: Any, starts: Offsets, ends: Offsets) -> Iterator[Any]:
    """All records from these offsets up to these, and what came behind them meanwhile; raises `KafkaUnavailable`."""
    consumer.assign(list(starts))
    for partition, offset in starts.items():
        consumer.seek(partition, offset)
    silent = 0
    while behind := [one for one, end in ends.items() if consumer.position(one) < end]:
        polled = consumer.poll(timeout_ms=_POLL_MS)
        silent = 0 if polled else silent + 1
        if silent > _SILENT_POLLS:
            raise KafkaUnavailable(f"Kafka gives no more of {behind[0].topic} though there is more: try again")
        yield from chain.from_iterable(polled.values())


@contextmanager
def _answering(settings: Settings, what: str, way_out: str) -> Iterator[None]:
    """Asks first whether anybody is there: else a client says nothing for its whole time, and leaks its sockets."""
    require_kafka(settings.kafka or "")
    try:
        yield
    except KafkaError as error:
        raise KafkaUnavailable(f"Kafka at {named(settings.kafka or '')} {what}: {error}; {way_out}") from error
