"""A topic made again under a running worker is noticed; nothing of either of its lives is lost or doubled."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from threadpoolctl import threadpool_limits

from contracts.topics import EVENTS
from online.learn.bundles import Bundles
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.redis import RedisStore
from stream import topics
from tests.online.learn.logs import Box
from tests.stream.live import PARTITIONS, Live, live
from tests.stream.test_worker import USERS, some_events

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as one:
        yield one


def make_again(running: Live) -> None:
    """Delete the events and create their topic anew, as an operator may."""
    name, old = EVENTS.full_name(running.settings.namespace), running.ids[EVENTS]
    admin = KafkaAdminClient(bootstrap_servers=running.kafka)
    try:
        admin.delete_topics([name])
        deadline = time.monotonic() + 60
        while running.ids[EVENTS] == old:
            assert time.monotonic() < deadline
            if name not in set(admin.list_topics()):
                running.ids = topics.ensure(running.kafka, running.settings.namespace, PARTITIONS, 1)
            time.sleep(0.1)
    finally:
        admin.close()


def clean(running: Live, lives: list[tuple[str, list[Raw]]]) -> MemoryStore:
    """What the lives of the topic come to, one after the other, record by record."""

    async def work() -> MemoryStore:
        store = MemoryStore()
        learner = Learner(store, Bundles(running.shelf), Enricher(), Box(), PARTITIONS, lambda: 0)
        for incarnation, raws in lives:
            for partition in range(PARTITIONS):
                await learner.assign(partition, incarnation)
            for raw in raws:
                await learner.learn(raw.partition, [raw])
            for partition in range(PARTITIONS):
                await learner.move_all(partition)
        return store

    with threadpool_limits(1):
        return asyncio.run(work())


def test_a_topic_made_again_under_a_running_worker_is_read_from_its_start(running: Live) -> None:
    rng = random.Random(7)
    running.put_in_force(1)
    worker = running.worker()
    running.send(some_events(rng, 150))
    running.wait_until_learned(swept=True)
    first = (running.ids[EVENTS], running.raws())

    make_again(running)
    running.send(some_events(rng, 40))  # fewer than there were: the worker stands beyond the new end
    second = running.ids[EVENTS]

    async def standing(store: RedisStore) -> set[tuple[str, int]]:
        metas = await store.shards(range(1024))
        ends = {tp.partition: end for tp, end in running.ends().items()}
        return {
            (meta.watermark.incarnation, meta.watermark.offset - ends[shard % PARTITIONS])
            for shard, meta in metas.items()
        }

    running.until(standing, lambda found: found == {(second, -1)}, 120)
    running.stop(worker)
    assert "made again" in running.said()

    expected = clean(running, [first, (second, running.raws())])

    async def records(store: Any) -> dict[str, Any]:
        return {user: (await store.user(user))[1] for user in USERS}

    assert running.until(records, bool) == asyncio.run(records(expected))
