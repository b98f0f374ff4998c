"""The worker as a process of its own on real Kafka and Redis, and the same log learned in memory to compare with."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from threadpoolctl import threadpool_limits

from contracts import events
from contracts.events import BundleChange
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.topics import EVENTS, Topic
from model.shelf import Shelf
from online.learn.bundles import Bundles
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.protocol import Counter, Store
from online.store.redis import RedisStore, connect
from online.store.wipe import wipe
from stream import topics
from stream.look import look
from tests.fakes.bundle import random_bundle
from tests.online.learn.logs import Box

T = TypeVar("T")
ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = "from contracts.settings import read; from stream.worker import run; run(read())"
PARTITIONS: Final = 4


class Live:
    """Topics, a bundle on its shelf and in force, and a producer; workers are started as they are wanted."""

    def __init__(self, kafka: str, redis_url: str, namespace: str, folder: Path) -> None:
        self.settings = Settings(kafka=kafka, redis=redis_url, namespace=namespace, home=folder, partitions=PARTITIONS)
        self.kafka = kafka
        self.partitions = PARTITIONS
        """Of `events`; a test that adds some says so."""
        self.ids = topics.ensure(kafka, namespace, PARTITIONS, 1)
        self._folder = folder
        self.shelf = Shelf(self.settings.bundles_url)
        self._producer = KafkaProducer(bootstrap_servers=kafka, acks="all")
        self._workers: list[subprocess.Popen[bytes]] = []

    def put_in_force(self, seed: int) -> str:
        """Another bundle for everybody from here on; returns its version."""
        bundle = random_bundle(30, seed)
        self.shelf.add(bundle)
        change = events.encode(BundleChange(event_id=f"change-{seed}", time=1, rollout=Rollout(bundle.version)))
        for partition in range(self.partitions):
            self._producer.send(EVENTS.full_name(self.settings.namespace), change, partition=partition)
        return bundle.version

    def send(self, log: Sequence[events.Record | bytes], topic: Topic = EVENTS, partition: int | None = None) -> None:
        """Send events by their keys, other bytes by themselves; returns when all are acknowledged."""
        sent = []
        for event in log:
            key, value = (event[:16], event) if isinstance(event, bytes) else (event.key.encode(), events.encode(event))
            sent.append(self._producer.send(topic.full_name(self.settings.namespace), value, key, partition=partition))
        for one in sent:
            one.get(10)

    def worker(self, redis_url: str | None = None, instance: str | None = None) -> subprocess.Popen[bytes]:
        """Start one more worker, which reaches Redis as given, perhaps of a lasting name; its log is `worker-N.log`."""
        variables = {k: v for k, v in environ.items() if not k.startswith("MOODSTREAM_")}
        its = msgspec.structs.replace(self.settings, redis=redis_url or self.settings.redis, stream_instance=instance)
        with (self._folder / f"worker-{len(self._workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-c", SCRIPT],
                cwd=ROOT,
                env={**variables, **its.environment(), "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._workers.append(worker)
        return worker

    def stop(self, worker: subprocess.Popen[bytes]) -> float:
        """SIGTERM; returns the seconds that it took to end well."""
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(90) == 0, self.said()
        return time.monotonic() - began

    def said(self) -> str:
        """The workers' logs."""
        return "\n".join(log.read_text() for log in sorted(self._folder.glob("worker-*.log")))

    def ends(self, topic: Topic = EVENTS) -> dict[TopicPartition, int]:
        """The log's ends."""
        tps = [TopicPartition(topic.full_name(self.settings.namespace), p) for p in range(self.partitions)]
        consumer = KafkaConsumer(bootstrap_servers=self.kafka)
        try:
            return dict(consumer.end_offsets(tps))
        finally:
            consumer.close()

    def records(self, topic: Topic = EVENTS) -> list[Any]:
        """All that lies in a topic, in order of partition and offset."""
        ends = self.ends(topic)
        consumer = KafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
        consumer.assign(list(ends))
        found: list[Any] = []
        try:
            while len(found) < sum(ends.values()):
                found.append(next(consumer))
        finally:
            consumer.close()
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def raws(self) -> list[Raw]:
        """The events topic as the learner reads it."""
        return [Raw(EVENTS, r.partition, r.offset, r.timestamp, r.value) for r in self.records()]

    def committed(self) -> dict[int, int]:
        """The group's committed offsets of `events`, by partition."""
        admin = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            (found,) = admin.list_group_offsets([f"{self.settings.namespace}.stream"]).values()
        finally:
            admin.close()
        name = EVENTS.full_name(self.settings.namespace)
        return {tp.partition: offset.offset for tp, offset in found.items() if tp.topic == name}

    def wait_until_learned(self, within_s: float = 120.0, *, swept: bool = False) -> None:
        """Until heartbeats (or, after a sweep, all shards) stand at the log's end; sending on moves it."""
        before = self.ends()
        ends = {tp.partition: end for tp, end in before.items()}

        async def positions(store: RedisStore) -> dict[int, int]:
            if swept:
                metas = await store.shards(range(1024))
                return {p: 1 + min(metas[s].watermark.offset for s in range(p, 1024, self.partitions)) for p in ends}
            return {beat.partition: beat.position for beat in await store.heartbeats()}

        self.until(positions, lambda found: all(found.get(number, 0) >= end for number, end in ends.items()), within_s)
        if self.ends() != before:
            self.wait_until_learned(within_s, swept=swept)

    def until(
        self, read: Callable[[RedisStore], Coroutine[Any, Any, T]], holds: Callable[[T], bool], within_s: float = 60.0
    ) -> T:
        """Read until it holds; fails with what was read last and what the workers said."""

        async def work() -> T:
            store = connect(self.settings.redis or "", self.settings.namespace)
            try:
                deadline = time.monotonic() + within_s
                while not holds(found := await read(store)):
                    assert time.monotonic() < deadline, f"{found}\n{self.said()[-8000:]}"
                    await asyncio.sleep(0.1)
                return found
            finally:
                await store.close()

        return asyncio.run(work())

    def learned(self, users: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """These users' records and all counts: as in Redis, and as the log learned in memory, one record at a time."""
        with threadpool_limits(1):
            return asyncio.run(self._learned(users))

    async def _learned(self, users: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        redis, memory = connect(self.settings.redis or "", self.settings.namespace), MemoryStore()
        learner = Learner(memory, Bundles(self.shelf), Enricher(), Box(), PARTITIONS, lambda: 0)
        course, raws = look(self.settings).course, self.raws()
        for number in [number for epoch in course.epochs for number in range(epoch.partitions)]:
            stretch = await learner.due(course, number)
            assert stretch
            begin = await learner.assign(number, stretch)
            for raw in raws:
                if raw.partition == number and raw.offset >= begin and learner.cut(number) is None:
                    await learner.learn(number, [raw])
            await learner.move_all(number)
        counters = [Counter(int(s), f, int(b), n) for s, f, b, n in map(_split, (await memory.dump())["counts"])]  # type: ignore[call-overload]
        try:
            return await _all(redis, users, counters), await _all(memory, users, counters)
        finally:
            await redis.close()

    def forget(self) -> None:
        """The store loses everything that is this place's."""
        asyncio.run(wipe(self.settings.redis or "", self.settings.namespace))

    def close(self) -> None:
        """End every worker that still runs."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._producer.close()


@contextmanager
def live(kafka: str, redis_url: str, namespace: str, folder: Path) -> Iterator[Live]:
    """A place to run workers in, left without any."""
    running = Live(kafka, redis_url, namespace, folder)
    try:
        yield running
    finally:
        running.close()


def _split(name: str) -> list[str]:
    return name.split("/", 3)


async def _all(store: Store, users: Sequence[str], counters: Sequence[Counter]) -> dict[str, Any]:
    counts = await store.top_counts(counters, 10_000)
    records = {user: (await store.user(user))[1] for user in users}
    return {**records, **{str(counter): members for counter, members in zip(counters, counts, strict=True)}}
