"""A Redis that lost everything is made again, byte for byte, on real servers: beside a worker, killed, or anew."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from os import environ
from pathlib import Path
from typing import Any

import pytest
import redis
from kafka import KafkaAdminClient, TopicPartition

from contracts.events import Alias, Erase, Impression, Interaction, ItemEvent, Record, Shown
from contracts.topics import EVENTS, ITEMS
from moodstream.rebuild.run import rebuild
from moodstream.rebuild.survey import Survey, survey
from online.lake.replay import LakeLog
from online.store.redis import connect
from tests.online.store.servers import own_server
from tests.stream.live import PARTITIONS, ROOT, Live, live
from tests.stream.test_worker import USERS, some_events

pytestmark = [pytest.mark.timeout(1500), pytest.mark.redis]
TIME = 1_700_000_000_000


@pytest.fixture
def running(kafka: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    """A place to run workers in, on a Redis of its own."""
    (tmp_path / "redis").mkdir()
    with own_server(tmp_path / "redis") as server, live(kafka, server.url, namespace, tmp_path) as place:
        yield place


def looked(running: Live) -> Survey:
    async def look() -> Survey:
        store = connect(running.settings.redis or "", running.settings.namespace)
        try:
            return await survey(running.settings, store, running.ids)
        finally:
            await store.close()

    return asyncio.run(look())


def wait_until_whole(running: Live, within_s: float = 600) -> None:
    """Until every shard has taken in the whole log, and all users are on the bundle in force."""
    deadline = time.monotonic() + within_s
    while not (found := looked(running)).done:
        assert time.monotonic() < deadline, f"{found}\n{running.said()[-8000:]}"
        time.sleep(1)  # each look makes a client of Kafka and reads the lake's folder


def snapshot(running: Live) -> dict[str, Any]:
    """Everything in the namespace but when its workers were heard of, and how often the catalogue was read from."""

    async def dump() -> dict[str, Any]:
        store = connect(running.settings.redis or "", running.settings.namespace)
        try:
            return await store.dump()
        finally:
            await store.close()

    found = asyncio.run(dump())
    del found[f"{running.settings.namespace}:heartbeats"]
    found.get(f"{running.settings.namespace}:{{items}}:progress", {}).pop(b"changes", None)
    return {key: sorted(value) if isinstance(value, list | set) else value for key, value in found.items()}


def a_day(rng: random.Random, n: int) -> list[Record | bytes]:
    """What flows in: pages and what was taken of them, an alias, an erasure, what is no event; users of many events."""
    log = some_events(rng, n)
    for number in range(n // 10):
        shown = [Shown(f"i{item}", place, rng.gauss(0, 1), 1.0) for place, item in enumerate(rng.sample(range(35), 5))]
        page = Impression(
            event_id=f"p{rng.getrandbits(60)}",
            time=TIME + rng.randrange(10**9),
            user_id=rng.choice(USERS),
            request_id=f"r{number}",
            bundle="b",
            shown=shown,
        )
        log.insert(rng.randrange(len(log)), page)
    log.insert(n // 2, Alias(event_id=f"alias-{n}", time=TIME, user_id=USERS[0], known_as=USERS[1]))
    log.insert(n // 3, Erase(event_id=f"erase-{n}", time=TIME, user_id=USERS[2]))
    log += [like(USERS[3], rng) for _ in range(n // 2)]  # in all more than a history holds
    return log


def like(user: str, rng: random.Random) -> Interaction:
    return Interaction(
        event_id=f"l{rng.getrandbits(60)}", time=TIME, user_id=user, item_id=f"i{rng.randrange(35)}", kind="like"
    )


def live_through(running: Live, rng: random.Random) -> None:
    """Two bundles, a catalogue, many events; a worker that ended well, so that the lake has what it learned."""
    worker = running.worker()
    running.put_in_force(1)
    running.send([ItemEvent(event_id=f"n{n}", time=5, item_id=f"new{n}", title=f"New {n}") for n in range(20)], ITEMS)
    running.send(a_day(rng, 500))
    running.put_in_force(2)
    running.send(a_day(rng, 200))
    wait_until_whole(running)
    running.stop(worker)


def trim(running: Live, share: float) -> None:
    """Kafka's retention drops the first part of each partition, never more than the lake has."""
    admin = KafkaAdminClient(bootstrap_servers=running.kafka)
    name = EVENTS.full_name(running.settings.namespace)
    try:
        admin.delete_records({TopicPartition(name, n): int(share * kept(running, n)) for n in range(PARTITIONS)})
    finally:
        admin.close()


def kept(running: Live, partition: int) -> int:
    lake = LakeLog(running.settings.lake_url, running.settings.namespace, partition)
    return {life.incarnation: life.end for life in lake.lives()}[running.ids[EVENTS]]


def lose(running: Live) -> None:
    with redis.Redis.from_url(running.settings.redis or "") as client:
        client.flushall()


def test_with_a_worker_beside_it_and_kafka_without_its_first_events(running: Live) -> None:
    rng = random.Random(1)
    live_through(running, rng)
    trim(running, 0.7)
    worker = running.worker()
    running.send(a_day(rng, 100))  # the lake has these only when it's flushed again
    wait_until_whole(running)
    sent = sum(running.ends().values())
    before = snapshot(running)
    lose(running)
    assert rebuild(running.settings, anew=False, as_json=False)
    assert snapshot(running) == before
    assert sum(running.ends().values()) == sent  # no alias published its user's history again
    assert "made again from the lake" in running.said()
    assert rebuild(running.settings, anew=False, as_json=False)  # nothing to do
    assert snapshot(running) == before

    with redis.Redis.from_url(running.settings.redis or "") as client:
        for key in client.keys(f"{running.settings.namespace}:*:user:*")[:5]:
            client.hset(key, "state", b"damaged")
    assert rebuild(running.settings, anew=True, as_json=False)
    assert snapshot(running) == before
    running.stop(worker)


def test_killed_again_and_again_with_no_worker_running(running: Live) -> None:
    rng = random.Random(2)
    live_through(running, rng)
    before = snapshot(running)
    trim(running, 1.0)
    lose(running)
    variables = {name: value for name, value in environ.items() if not name.startswith("MOODSTREAM_")}
    for _ in range(3):
        ours = subprocess.Popen(
            (sys.executable, "-m", "moodstream", "rebuild"),
            cwd=ROOT,
            env={**variables, **running.settings.environment()},
            stdout=subprocess.DEVNULL,
        )
        left = rng.randrange(1, 300)
        wait_for(running, ours, left)
        ours.send_signal(signal.SIGKILL)
        ours.wait()
    assert rebuild(running.settings, anew=False, as_json=False)
    assert snapshot(running) == before


def wait_for(running: Live, ours: "subprocess.Popen[bytes]", some: int) -> None:
    """Until some more events are made again, or all."""
    start = looked(running).behind
    deadline = time.monotonic() + 300
    while 0 < looked(running).behind > start - some and ours.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_neither_the_lake_nor_kafka_has_is_told(running: Live, capsys: pytest.CaptureFixture[str]) -> None:
    live_through(running, random.Random(3))
    trim(running, 0.5)
    for file in Path(running.settings.lake_url).rglob("p0001*"):
        file.unlink()
    lose(running)
    assert not rebuild(running.settings, anew=False, as_json=False)
    said = capsys.readouterr().out
    assert said.count("neither in the lake nor in Kafka") == 1
    assert "partition 1:" in said
    assert looked(running).done
