"""The topics in Kafka: made from `contracts.topics`, and their ids, by which a topic that was made again is noticed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from contracts.brokers import brokers, named
from contracts.errors import KafkaUnavailable, Misconfigured
from contracts.topics import TOPICS, Topic


def ensure(bootstrap: str, namespace: str, partitions: int, replication: int) -> dict[Topic, str]:
    """Create what is missing; returns each topic's id.

    Raises `Misconfigured` where a topic exists with another number of partitions, `KafkaUnavailable`.
    """
    with _admin(bootstrap) as admin:
        there = set(admin.list_topics())
        missing = [topic for topic in TOPICS if topic.full_name(namespace) not in there]
        if missing:
            _create(admin, {topic.full_name(namespace): topic for topic in missing}, partitions, replication)
        return _ids(admin, namespace, partitions)


def _create(admin: Any, topics: Mapping[str, Topic], partitions: int, replication: int) -> None:
    common = {"num_partitions": partitions, "replication_factor": replication}
    with suppress(TopicAlreadyExistsError):  # another worker was faster
        admin.create_topics({name: {**common, "configs": topic.config()} for name, topic in topics.items()})
    admin.wait_for_topics(list(topics))


def ids(bootstrap: str, namespace: str, partitions: int) -> dict[Topic, str]:
    """Each topic's id; raises `Misconfigured` where one is missing or has another number of partitions."""
    with _admin(bootstrap) as admin:
        return _ids(admin, namespace, partitions)


def _ids(admin: Any, namespace: str, partitions: int) -> dict[Topic, str]:
    described = {found["name"]: found for found in admin.describe_topics([t.full_name(namespace) for t in TOPICS])}
    return {topic: _id(described[topic.full_name(namespace)], partitions) for topic in TOPICS}


def _id(found: dict[str, Any], partitions: int) -> str:
    name, has = found["name"], len(found["partitions"])
    if not has:
        raise Misconfigured(f"Kafka has no topic {name}: moodstream topics creates it")
    if has != partitions:
        raise Misconfigured(
            f"topic {name} has {has} partitions, MOODSTREAM_PARTITIONS says {partitions}: "
            f"set MOODSTREAM_PARTITIONS={has} (shards can't change owners while events are on their way)"
        )
    return str(found["topic_id"])


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
