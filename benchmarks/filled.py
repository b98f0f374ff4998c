"""Kafka and Redis of the benchmark's own, a bundle published, and a topic filled before anything is measured."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import redis
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from benchmarks.event_log import ITEMS, USERS, made_up
from contracts import events
from contracts.errors import Unavailable
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.sharding import partition_of, user_shard
from contracts.topics import EVENTS
from model.shelf import Shelf
from moodstream.local.home import Home, Say
from moodstream.local.stack import Stack
from online.kafka import writer
from online.publish import publish
from stream import topics
from tests.fakes.bundle import random_bundle

HIDDEN: Final = 192
DIM: Final = 96
"""As `moodstream train` makes them; what the numbers in a bundle are costs nothing, so they're random."""
_EMPTY_WITHIN_S: Final = 30.0


class Last(NamedTuple):
    """The last record of a partition."""

    shard: int
    """Of its user: when its watermark is there, all before is in the store and acknowledged."""
    offset: int


class Filled(NamedTuple):
    """Where to read from."""

    settings: Settings
    lasts: dict[int, Last]
    servers: dict[str, int]
    """Process ids by name."""

    @property
    def topic(self) -> str:
        return EVENTS.full_name(self.settings.namespace)

    @property
    def group(self) -> str:
        return f"{self.settings.namespace}.stream"

    @property
    def ends(self) -> dict[int, int]:
        """The next offset of each partition."""
        return {partition: last.offset + 1 for partition, last in self.lasts.items()}

    def forget(self) -> None:
        """As if nobody had ever read: an empty store, no lake, no group."""
        with redis.Redis.from_url(self.settings.redis or "") as client:
            client.flushall()
        shutil.rmtree(self.settings.lake_url, ignore_errors=True)
        _delete_group(self.settings.kafka or "", self.group)


@contextmanager
def servers(say: Say) -> Iterator[Stack]:
    """Kafka and Redis in a folder that is gone afterwards: never those of the settings, for the store gets emptied."""
    with TemporaryDirectory(prefix="moodstream-bench-") as folder, Stack(Home(Path(folder)), say) as stack:
        yield stack


def filled(stack: Stack, count: int, *, users: int = USERS, partitions: int = 4, namespace: str = "bench") -> Filled:
    """A topic of so many made-up events, behind the record that puts a bundle in force."""
    settings = Settings(
        kafka=stack.kafka,
        redis=stack.redis,
        home=stack.home.path,
        namespace=namespace,
        partitions=partitions,
        lake=str(stack.home.path / "lake" / namespace),
    )
    topics.ensure(stack.kafka, namespace, partitions, 1)
    shelf = Shelf(settings.bundles_url)
    bundle = random_bundle(ITEMS, hidden=HIDDEN, dim=DIM)
    publish(settings, shelf, Rollout(bundle.version if bundle.version in shelf.versions() else shelf.add(bundle)))
    pids = {service.name: service.pid for service in stack.status() if service.pid}
    return Filled(settings, _fill(settings, count, users), pids)


def _fill(settings: Settings, count: int, users: int) -> dict[int, Last]:
    topic, shards = EVENTS.full_name(settings.namespace), dict[int, int]()
    with writer(settings) as producer:
        for event in made_up(count, users):
            producer.send(topic, events.encode(event), event.key.encode())
            shards[partition_of(event.user_id, settings.partitions)] = user_shard(event.user_id)
        producer.flush(timeout=60)
    ends = _ends(settings.kafka or "", topic, settings.partitions)
    return {partition: Last(shard, ends[partition] - 1) for partition, shard in sorted(shards.items())}


def _ends(kafka: str, topic: str, partitions: int) -> dict[int, int]:
    consumer: Any = KafkaConsumer(bootstrap_servers=kafka)
    try:
        found = consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions)])
    finally:
        consumer.close()
    return {tp.partition: int(end) for tp, end in found.items()}


def _delete_group(kafka: str, group: str) -> None:
    """Its members have just left, or the broker has just come up; raises `Unavailable` where it stays so."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        deadline, said = time.monotonic() + _EMPTY_WITHIN_S, ""
        while said not in ("OK", "GroupIdNotFoundError"):
            if time.monotonic() > deadline:
                raise Unavailable(f"the group {group} can't be deleted: {said}")
            try:
                (said,) = map(str, admin.delete_groups([group]).values())
            except KafkaError as error:
                said = str(error)
            time.sleep(0.1)
    finally:
        admin.close()


def members(kafka: str, group: str) -> int:
    """How many workers share the partitions, once they have come to terms; 0 while they haven't."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        (found,) = admin.describe_groups([group]).values()
    finally:
        admin.close()
    return len(found["members"]) if found["group_state"] == "Stable" else 0
