"""A publication stands in every partition of the log before the pointer moves; what doesn't load is never published."""

from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from contracts.errors import BundleRejected, KafkaUnavailable, Misconfigured
from contracts.events import BundleChange, decode
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.topics import EVENTS
from model.bundle import ITEMS
from model.place import Place
from model.shelf import Shelf
from online.deeds import latest
from online.publish import publish, rollback
from tests.fakes.bundle import random_bundle

PARTITIONS = 4


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(str(tmp_path))
    for seed in (0, 1):
        shelf.add(random_bundle(n_items=5, seed=seed, hidden=8, dim=4))
    return shelf


@pytest.fixture
def settings(kafka: str, namespace: str) -> Settings:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(EVENTS.full_name(namespace), PARTITIONS, 1)])
    admin.close()
    return Settings(kafka=kafka, namespace=namespace)


def test_every_partition_gets_the_control_record_and_the_pointer_moves(settings: Settings, shelf: Shelf) -> None:
    first, second = shelf.versions()
    assert publish(settings, shelf, Rollout(first)) == dict.fromkeys(range(PARTITIONS), 0)
    assert publish(settings, shelf, Rollout(second)) == dict.fromkeys(range(PARTITIONS), 1)
    assert shelf.current() == second
    done = latest(Place(f"{shelf.url}/deeds"), 9)
    assert [deed.said for deed in done] == [f"all users are on {second}", f"all users are on {first}"]
    assert all(deed.who for deed in done)
    changes = written(settings)
    assert {partition: [change.rollout.bundle for change in found] for partition, found in changes.items()} == {
        number: [first, second] for number in range(PARTITIONS)
    }


def test_rollback_publishes_the_one_before(settings: Settings, shelf: Shelf) -> None:
    first, second = shelf.versions()
    publish(settings, shelf, Rollout(first))
    publish(settings, shelf, Rollout(second))
    assert rollback(settings, shelf) == first
    assert shelf.current() == first
    assert all(found[-1].rollout.bundle == first for found in written(settings).values())


def test_a_canary_does_not_move_the_pointer_to_itself(settings: Settings, shelf: Shelf) -> None:
    first, second = shelf.versions()
    publish(settings, shelf, Rollout(first, canary=second, share=0.1))
    assert shelf.current() == first
    assert written(settings)[0][0].rollout == Rollout(first, canary=second, share=0.1)


def test_rollback_during_a_canary_ends_it_and_goes_no_further(settings: Settings, shelf: Shelf) -> None:
    first, second = shelf.versions()
    third = shelf.add(random_bundle(n_items=5, seed=2, hidden=8, dim=4))
    publish(settings, shelf, Rollout(first))
    publish(settings, shelf, Rollout(second))
    publish(settings, shelf, Rollout(second, canary=third, share=0.1))
    assert shelf.canary() == Rollout(second, canary=third, share=0.1)
    assert rollback(settings, shelf) == shelf.current() == second
    assert all(found[-1].rollout == Rollout(second) for found in written(settings).values())
    assert shelf.canary() is None
    assert rollback(settings, shelf) == first


def test_a_canary_that_was_promoted_is_one_no_more(settings: Settings, shelf: Shelf) -> None:
    first, second = shelf.versions()
    publish(settings, shelf, Rollout(first))
    publish(settings, shelf, Rollout(first, canary=second, share=0.1))
    publish(settings, shelf, Rollout(second))
    assert shelf.canary() is None
    assert rollback(settings, shelf) == first


def test_a_bundle_that_does_not_load_is_not_published(settings: Settings, shelf: Shelf, tmp_path: Path) -> None:
    version = shelf.versions()[0]
    (tmp_path / version / ITEMS).write_bytes(b"damaged")
    with pytest.raises(BundleRejected):
        publish(settings, shelf, Rollout(version))
    assert shelf.current() is None
    assert not any(written(settings).values())


def test_without_kafka_the_pointer_stays(shelf: Shelf) -> None:
    version = shelf.versions()[0]
    with pytest.raises(KafkaUnavailable, match="does not answer"):
        publish(Settings(kafka="127.0.0.1:9", kafka_timeout_s=0.5), shelf, Rollout(version))
    with pytest.raises(Misconfigured, match="MOODSTREAM_KAFKA"):
        publish(Settings(), shelf, Rollout(version))
    assert shelf.current() is None


def test_without_the_topic_the_pointer_stays(kafka: str, namespace: str, shelf: Shelf) -> None:
    with pytest.raises(KafkaUnavailable, match="topic"):
        publish(Settings(kafka=kafka, namespace=namespace), shelf, Rollout(shelf.versions()[0]))
    assert shelf.current() is None


def test_there_is_nothing_before_the_first(shelf: Shelf) -> None:
    with pytest.raises(BundleRejected, match="nothing to go back to"):
        rollback(Settings(kafka="127.0.0.1:9"), shelf)


def written(settings: Settings) -> dict[int, list[BundleChange]]:
    """The control records of each partition."""
    topic = EVENTS.full_name(settings.namespace)
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest")
    parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(parts)
    ends = consumer.end_offsets(parts)
    found: dict[int, list[BundleChange]] = {part.partition: [] for part in parts}
    while any(consumer.position(part) < ends[part] for part in parts):
        for part, records in consumer.poll(timeout_ms=500).items():
            found[part.partition] += [change for r in records if isinstance(change := decode(r.value), BundleChange)]
    consumer.close()
    return found
