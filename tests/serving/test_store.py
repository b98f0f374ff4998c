"""Whatever becomes of Redis: each request is answered, says `degraded` and why, and all is well again by itself."""

import asyncio
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from contracts.settings import Settings
from contracts.sharding import partition_of, user_shard
from online.answer.answered import Recommendations
from online.store.keys import Keys
from online.store.protocol import Heartbeat, ShardMeta, ShardWrite
from online.store.redis import connect
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.online.answer.world import World, took
from tests.online.store.servers import own_server
from tests.serving.api import served
from tests.serving.proxy import Proxy, proxy
from tests.serving.test_answers import recommended

pytestmark = pytest.mark.redis
BUNDLE = random_bundle(100, 1)
PATIENCE_S = 60.0
PARTITIONS = 4
LEFT_ALONE = 'moodstream_left_alone{part="store"}'


class Scene(NamedTuple):
    """The API, and the way from it to Redis."""

    http: httpx.Client
    way: Proxy

    def ask(self) -> Recommendations:
        """What it answers now: always something, and about the user's shelf of items."""
        answer = recommended(self.http.get("/v1/recommendations?user_id=me&n=5"))
        assert len(answer.items) == 5
        return answer

    def until(self, *parts: str) -> Recommendations:
        """The first answer that is degraded by exactly these parts."""
        until = time.monotonic() + PATIENCE_S
        while True:
            answer = self.ask()
            if {reason.partition(":")[0] for reason in answer.degraded} == set(parts):
                return answer
            assert time.monotonic() < until, answer.degraded

    def metric(self, line: str) -> float:
        (found,) = [one for one in self.http.get("/metrics").text.splitlines() if one.startswith(line + " ")]
        return float(found.split()[-1])


def fill(url: str, namespace: str, items: Sequence[str]) -> None:
    """What the stream would have written of a user who took these items, and that it lives."""

    async def write() -> None:
        world = await World(BUNDLE).begin()
        await world.learn(*(took("me", item) for item in items))
        meta, record = await world.memory.user("me")
        assert record
        store = connect(url, namespace)
        await store.write_shards([ShardWrite(user_shard("me"), ShardMeta(), meta, {"me": record})])
        await store.beat(Heartbeat(partition_of("me", PARTITIONS), 9, 9, time.time_ns() // 1_000_000 + 600_000))
        await store.close()

    asyncio.run(write())


@contextmanager
def scene_on(url: str, namespace: str, store_timeout_s: float = PATIENCE_S) -> Iterator[Scene]:
    """An API whose way to this Redis is a proxy, and which has answered with the user's state."""
    fill(url, namespace, ["i1", "i2", "i3"])
    # sheds nothing on a busy machine either
    patient = Settings(partitions=PARTITIONS, answers_within_s=PATIENCE_S, store_timeout_s=store_timeout_s)
    with proxy(urlsplit(url).port or 6379) as way:
        store = connect(f"redis://127.0.0.1:{way.port}/0", namespace, timeout_s=max(2.0, store_timeout_s))
        with served(patient, store, MemoryShelf(BUNDLE), MemoryPublisher()) as http:
            made = Scene(http, way)
            assert made.until().watermark is not None
            yield made


@pytest.fixture
def scene(redis_url: str, namespace: str) -> Iterator[Scene]:
    with scene_on(redis_url, namespace) as made:
        yield made


@pytest.fixture
def hasty(redis_url: str, namespace: str) -> Iterator[Scene]:
    """One that waits for Redis as long as it does by itself."""
    with scene_on(redis_url, namespace, Settings().store_timeout_s) as made:
        yield made


def test_a_redis_that_is_away_is_said_and_used_again_when_it_is_back(scene: Scene) -> None:
    before = scene.ask()
    scene.way.vanish()
    answer = scene.until("store", "items")
    assert answer.watermark is None
    assert any(reason.startswith("store: Redis does not answer") for reason in answer.degraded)
    scene.way.appear()
    after = scene.until()
    assert after.watermark == before.watermark
    assert [item.item_id for item in after.items] == [item.item_id for item in before.items]


@pytest.mark.parametrize("how", ["slow", "hangs"])
def test_a_redis_that_does_not_answer_in_time_is_left_alone_and_used_again(hasty: Scene, how: str) -> None:
    if how == "slow":
        hasty.way.slow(1.0)
    else:
        hasty.way.hang()
    is_left_alone(hasty)
    hasty.way.flow()
    is_used_again(hasty)


def test_a_redis_that_is_frozen_is_left_alone_and_used_again(tmp_path: Path, namespace: str) -> None:
    hasty = Settings().store_timeout_s
    with own_server(tmp_path) as server, scene_on(server.url, namespace, hasty) as scene:
        server.process.send_signal(signal.SIGSTOP)
        is_left_alone(scene)
        server.process.send_signal(signal.SIGCONT)
        is_used_again(scene)


def is_left_alone(scene: Scene) -> None:
    assert "store: it did not answer within 0.25 s" in scene.ask().degraded
    until = time.monotonic() + PATIENCE_S
    with ThreadPoolExecutor(8) as several:
        while not scene.metric(LEFT_ALONE):
            assert time.monotonic() < until
            answers = list(several.map(lambda _: scene.ask(), range(10)))
            assert all("store: it did not answer within 0.25 s" in answer.degraded for answer in answers)
    made = scene.way.accepted
    for _ in range(50):
        scene.ask()
    assert scene.way.accepted - made < 40  # most don't even try


def is_used_again(scene: Scene) -> None:
    assert scene.until().watermark is not None
    assert scene.metric(LEFT_ALONE) == 0
    assert scene.metric('moodstream_degraded_total{part="store"}') >= 50


def test_a_slow_redis_within_the_limit_degrades_nothing(scene: Scene) -> None:
    scene.way.slow(0.1)
    scene.until()
    assert not any(scene.ask().degraded for _ in range(5))


def test_broken_connections_are_made_anew(scene: Scene) -> None:
    for _ in range(5):
        scene.way.cut()
        assert scene.until().watermark is not None


def test_another_server_at_the_address_takes_over(scene: Scene, tmp_path: Path, namespace: str) -> None:
    with own_server(tmp_path) as other:
        fill(other.url, namespace, ["i1", "i2", "i3", "i4", "i5"])
        before = scene.ask()
        scene.way.vanish()
        scene.until("store", "items")
        scene.way.appear(urlsplit(other.url).port)
        after = scene.until()
        assert before.watermark
        assert after.watermark
        assert after.watermark.offset == before.watermark.offset + 2


def test_a_server_that_is_killed_and_started_again_empty_is_said_and_used(tmp_path: Path, namespace: str) -> None:
    with own_server(tmp_path) as first, proxy(urlsplit(first.url).port or 0) as way:
        fill(first.url, namespace, ["i1"])
        store = connect(f"redis://127.0.0.1:{way.port}/0", namespace, timeout_s=PATIENCE_S)
        patient = Settings(partitions=PARTITIONS, store_timeout_s=PATIENCE_S)
        with served(patient, store, MemoryShelf(BUNDLE), MemoryPublisher()) as http:
            made = Scene(http, way)
            made.until()
            first.process.kill()
            made.until("store", "items")
            with own_server(tmp_path) as second:
                way.vanish()
                way.appear(urlsplit(second.url).port)
                empty = made.until("stream")
                assert empty.degraded == ["stream: no worker has been heard of yet"]
                assert empty.watermark
                assert empty.watermark.offset == -1
                fill(second.url, namespace, ["i1"])
                assert made.until().watermark


def test_a_stream_that_has_stopped_is_said_until_it_goes_on(scene: Scene, redis_url: str, namespace: str) -> None:
    async def beat(time_ms: int) -> None:
        store = connect(redis_url, namespace)
        await store.beat(Heartbeat(partition_of("me", PARTITIONS), 5, 9, time_ms))
        await store.close()

    now = time.time_ns() // 1_000_000
    asyncio.run(beat(now - 60_000))
    stopped = scene.until("stream")
    assert "was last heard of" in stopped.degraded[0]
    assert stopped.lag == 4
    asyncio.run(beat(now + 600_000))
    scene.until()


def test_what_a_newer_version_wrote_and_what_is_damaged_is_said_and_answered_without(
    scene: Scene, redis_url: str, namespace: str
) -> None:
    keys = Keys(namespace)
    shard = user_shard("me")
    with Redis.from_url(redis_url) as client:
        was = {key: client.dump(key) for key in (keys.heartbeats, keys.user(shard, "me"), keys.user_shard(shard))}
        client.hset(keys.heartbeats, "0", b'{"who":"a newer worker"}')
        assert "can't be read" in " ".join(scene.until("store").degraded)
        client.hset(keys.user(shard, "me"), "state", b"\xff\xff newer")
        scene.until("state", "store")
        client.hset(keys.user_shard(shard), "rollout", b'{"bundle":7}')
        assert any("Expected `str`, got `int`" in one or "can't be read" in one for one in scene.ask().degraded)
        client.hset(keys.items, "i7", b'{"type":"item","categories":{"newer":1}}')
        client.hset(keys.items_progress, "changes", 7)
        until = time.monotonic() + PATIENCE_S
        while "items: what 1 items changed to can't be read: i7" not in scene.ask().degraded:
            assert time.monotonic() < until
        client.delete(keys.items, keys.items_progress)
        for key, value in was.items():
            client.restore(key, 0, value, replace=True)
        scene.until()
