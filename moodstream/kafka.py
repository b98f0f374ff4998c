"""Kafka's clients as the command line uses them: opened, closed, and what fails of them said as `KafkaUnavailable`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from contracts.errors import KafkaUnavailable, Misconfigured
from contracts.settings import Settings
from contracts.topics import Topic
from online.reach import require_kafka

_BOOTSTRAP_MS: Final = 10_000
_REQUEST_MS: Final = 15_000


@contextmanager
def reader(settings: Settings) -> Iterator[Any]:
    """A consumer without a group, to be assigned by hand; raises `KafkaUnavailable`, then and later."""
    with _answering(settings, "failed", "nothing is lost: try again, or see moodstream doctor"):
        consumer = KafkaConsumer(
            bootstrap_servers=_servers(settings),
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
            bootstrap_servers=_servers(settings),
            acks="all",
            linger_ms=5,
            max_block_ms=int(settings.kafka_timeout_s * 1000),
            bootstrap_timeout_ms=_BOOTSTRAP_MS,
        )
        try:
            yield producer
        finally:
            producer.close(timeout=settings.kafka_timeout_s)


def partitions_of(consumer: Any, settings: Settings, topic: Topic) -> list[TopicPartition]:
    """The topic's partitions, in order; raises `Misconfigured` where there is no such topic."""
    name = topic.full_name(settings.namespace)
    numbers = sorted(consumer.partitions_for_topic(name) or ())
    if not numbers:
        raise Misconfigured(f"Kafka at {settings.kafka} has no topic {name}: moodstream topics creates it")
    return [TopicPartition(name, number) for number in numbers]


def _servers(settings: Settings) -> list[str]:
    return (settings.kafka or "").split(",")


@contextmanager
def _answering(settings: Settings, what: str, way_out: str) -> Iterator[None]:
    """Asks first whether anybody is there: else a client says nothing for its whole time, and leaks its sockets."""
    require_kafka(settings.kafka or "")
    try:
        yield
    except KafkaError as error:
        raise KafkaUnavailable(f"Kafka at {settings.kafka} {what}: {error}; {way_out}") from error
