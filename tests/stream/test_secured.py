"""Every client of Kafka over TLS with user and password: the worker's, the API's, and the command line's."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import TypeVar

import pytest
from kafka import TopicPartition

from contracts import events
from contracts.errors import KafkaUnavailable
from contracts.events import Interaction
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.topics import EVENTS
from online.kafka import reader, to_the_end, writer
from online.publish import announce
from online.store.redis import connect
from serving.heard import KafkaTail
from serving.kafka import KafkaPublisher
from serving.publisher import Fate, Publishing
from stream import topics
from tests.secured import PASSWORD, secured_kafka
from tests.stream.live import ROOT, SCRIPT

T = TypeVar("T")
LIKE = Interaction(event_id="e1", time=1, user_id="me", item_id="i1", kind="like")


def test_over_tls_every_client_works_and_a_wrong_password_is_refused(
    redis_url: str, namespace: str, tmp_path: Path
) -> None:
    name = EVENTS.full_name(namespace)
    with secured_kafka(tmp_path) as address:
        settings = Settings(kafka=address, redis=redis_url, namespace=namespace, home=tmp_path, partitions=1)
        topics.ensure(address, namespace, 1, 1)
        announce(address, name, Rollout("none"), 20.0)
        with writer(settings) as producer:
            producer.send(name, events.encode(LIKE), b"me").get(10)
        asyncio.run(_posted_and_heard(settings))
        with reader(settings) as consumer:
            ends = consumer.end_offsets([TopicPartition(name, 0)])
            assert len(list(to_the_end(consumer, dict.fromkeys(ends, 0), ends))) == 3
        with _worker(settings, tmp_path / "worker.log"):
            asyncio.run(_learned(settings, 3))
        with pytest.raises(KafkaUnavailable) as refused:
            topics.ensure(address.replace(PASSWORD, "guessed"), namespace, 1, 1)
        assert "guessed" not in str(refused.value)


async def _posted_and_heard(settings: Settings) -> None:
    """One event through the API's producer; what was sent before is heard by the live page's consumer."""
    assert settings.kafka
    publisher, tail = (
        KafkaPublisher(settings.kafka, settings.namespace, 10.0),
        KafkaTail(settings.kafka, settings.namespace),
    )
    await publisher.start()
    try:
        assert (await _published(publisher))[0]
        assert await _until(lambda: tail.read({0: 2}, {}))
    finally:
        await tail.close()
        await publisher.close()


async def _published(publisher: KafkaPublisher) -> list[Fate]:
    async def connected() -> bool:
        return publisher.trouble is None

    await _until(connected)
    return await publisher.publish([Publishing(EVENTS, LIKE.key, events.encode(LIKE))])


@contextmanager
def _worker(settings: Settings, log: Path) -> Iterator[None]:
    variables = {name: value for name, value in environ.items() if not name.startswith("MOODSTREAM_")}
    with log.open("wb") as said:
        worker = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={**variables, **settings.environment()},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
        worker.terminate()
        assert worker.wait(60) == 0, log.read_text()
        assert PASSWORD not in log.read_text()
    finally:
        worker.kill()
        worker.wait()


async def _learned(settings: Settings, position: int) -> None:
    store = connect(settings.redis or "", settings.namespace)

    async def stands() -> bool:
        return [beat.position for beat in await store.heartbeats()] == [position]

    try:
        await _until(stands)
    finally:
        await store.close()


async def _until(holds: Callable[[], Awaitable[T]]) -> T:
    deadline = time.monotonic() + 60
    while not (found := await holds()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    return found
