"""The topics in Kafka: made from `contracts.topics`, and their ids, by which a topic that was made again is noticed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from contracts.brokers import brokers, named
from contracts.errors import KafkaUnavailable, Misconfigured
from contracts.topics import EVENTS, TOPICS, Topic


class Made(NamedTuple):
    """A topic as it is in Kafka."""

    id: str
    partitions: int


def ensure(bootstrap: str, namespace: str, partitions: int, replication: int) -> dict[Topic, str]:
    """Create what is missing; returns each topic's id.

    Raises `Misconfigured` where `events` exists with fewer partitions, or an odd number; `KafkaUnavailable`.
    """
    with _admin(bootstrap) as admin:
        there = set(admin.list_topics())
        missing = [topic for topic in TOPICS if topic.full_name(namespace) not in there]
        if missing:
            _create(admin, {topic.full_name(namespace): topic for topic in missing}, partitions, replication)
        return _ids(_made(admin, namespace), partitions)


def _create(admin: Any, topics: Mapping[str, Topic], partitions: int, replication: int) -> None:
    common = {"num_partitions": partitions, "replication_factor": replication}
    with suppress(TopicAlreadyExistsError):  # another worker was faster
        admin.create_topics({name: {**common, "configs": topic.config()} for name, topic in topics.items()})
    admin.wait_for_topics(list(topics))


def ids(bootstrap: str, namespace: str, partitions: int) -> dict[Topic, str]:
    """Each topic's id; raises as `ensure` does, and `Misconfigured` where one is missing."""
    return _ids(made(bootstrap, namespace), partitions)


def made(bootstrap: str, namespace: str) -> dict[Topic, Made]:
    """The topics as they are; raises `Misconfigured` where one is missing, `KafkaUnavailable`."""
    with _admin(bootstrap) as admin:
        return _made(admin, namespace)


def add_partitions(bootstrap: str, namespace: str, topic: Topic, partitions: int) -> None:
    """Have the topic so many partitions; returns when each has a leader. Raises `KafkaUnavailable`."""
    name = topic.full_name(namespace)
    with _admin(bootstrap) as admin:
        admin.create_partitions({name: partitions})
        admin.wait_for_topics([name])


def _made(admin: Any, namespace: str) -> dict[Topic, Made]:
    described = {found["name"]: found for found in admin.describe_topics([t.full_name(namespace) for t in TOPICS])}
    found = {topic: described[topic.full_name(namespace)] for topic in TOPICS}
    for one in found.values():
        if not one["partitions"]:
            raise Misconfigured(f"Kafka has no topic {one['name']}: moodstream topics creates it")
    return {topic: Made(str(one["topic_id"]), len(one["partitions"])) for topic, one in found.items()}


def _ids(found: Mapping[Topic, Made], partitions: int) -> dict[Topic, str]:
    has = found[EVENTS].partitions
    if has % partitions:
        raise Misconfigured(
            f"topic {EVENTS.name} has {has} partitions, MOODSTREAM_PARTITIONS says {partitions}: "
            f"set MOODSTREAM_PARTITIONS={has}, and add more by: moodstream topics scale"
        )
    return {topic: one.id for topic, one in found.items()}


@contextmanager
def _admin(bootstrap: str) -> Iterator[Any]:
    try:
        admin = KafkaAdminClient(**brokers(bootstrap).options(), bootstrap_timeout_ms=10_000, request_timeout_ms=15_000)
    except KafkaError as error:
        raise KafkaUnavailable(f"Kafka at {named(bootstrap)} does not answer: {error}") from error
    try:
        yield admin
    except KafkaError as error:
        raise KafkaUnavailable(f"Kafka at {named(bootstrap)} refused: {error}") from error
    finally:
        admin.close()
