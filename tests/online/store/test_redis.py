"""What holds of Redis beside the contract: time to live, namespaces, lost scripts, and servers that don't answer."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from redis.asyncio import Redis

from contracts.errors import Fenced, Misconfigured, StateUnreadable, StoreUnavailable
from contracts.sharding import user_shard
from moodstream.local.ports import free_port
from online.store.keys import Keys
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Counter,
    CountWrite,
    Heartbeat,
    ShardMeta,
    ShardWrite,
    Store,
    UserRecord,
    Watermark,
)
from online.store.redis import check_noeviction, connect
from tests.online.store.conftest import OpenStore
from tests.online.store.servers import Server, own_cluster, own_server

pytestmark = [pytest.mark.anyio, pytest.mark.redis]
ANN, SHARD = "ann", user_shard("ann")
FIRST = ShardMeta(Watermark("life1", 0))
WRITE = ShardWrite(SHARD, ShardMeta(), FIRST, {ANN: UserRecord(b"a", b"b", b"c")})
COUNTS = CountWrite(3, 0, Watermark(), Watermark("life1", 0), {Counter(3, "pairs", 7, "i"): {"j": 1}})
DAY_MS = 86_400_000
T = TypeVar("T")


async def answered(call: Callable[[], Awaitable[T]], within_s: float = 30.0) -> T:
    """The first answer of a store whose patience may be shorter than a pause of the machine."""
    end = time.monotonic() + within_s
    while True:
        try:
            return await call()
        except StoreUnavailable:
            if time.monotonic() > end:
                raise


async def begun(server: Server, namespace: str, *, cluster: bool, timeout_s: float) -> Store:
    """A store of this patience that is connected to what a more patient one wrote."""
    patient, store = (connect(server.url, namespace, cluster=cluster, timeout_s=each) for each in (30.0, timeout_s))
    await patient.write_shards([WRITE])
    await patient.put_items(0, Watermark(), Watermark("life1", 5), {"i": b"x"})
    await patient.close()
    assert (await answered(lambda: store.user(ANN)))[0] == FIRST
    return store


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own."""
    with own_server(tmp_path) as running:
        yield running


@pytest.fixture(params=[own_server, own_cluster])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, bool]]:
    """A server or a cluster of the test's own, and whether it is a cluster."""
    with request.param(tmp_path) as running:
        yield running, request.param is own_cluster


async def test_idle_users_and_counts_expire_and_what_they_stand_on_does_not(redis_url: str, namespace: str) -> None:
    store, keys = connect(redis_url, namespace, user_idle_days=2, count_days=3), Keys(namespace)
    await store.write_shards([WRITE])
    await store.add_counts([COUNTS])
    await store.close()
    async with Redis.from_url(redis_url) as client:
        assert 2 * DAY_MS - 60_000 < await client.pttl(keys.user(SHARD, ANN)) <= 2 * DAY_MS
        assert 3 * DAY_MS - 60_000 < await client.pttl(keys.counter(Counter(3, "pairs", 7, "i"))) <= 3 * DAY_MS
        for key in (keys.user_shard(SHARD), keys.shard_users(SHARD), keys.item_shard(3), keys.buckets(3, "pairs")):
            assert await client.pttl(key) == -1


async def test_an_event_gives_its_user_the_whole_time_again(redis_url: str, namespace: str) -> None:
    store, key = connect(redis_url, namespace, user_idle_days=2), Keys(namespace).user(SHARD, ANN)
    await store.write_shards([WRITE])
    async with Redis.from_url(redis_url) as client:
        await client.pexpire(key, 1000)
        await store.write_shards([WRITE._replace(expected=FIRST, meta=ShardMeta(Watermark("life1", 1)))])
        assert await client.pttl(key) > DAY_MS
        await client.delete(key)
    assert (await store.user(ANN))[1] is None
    assert (await store.read({SHARD: [ANN]}))[SHARD].users == {}
    assert await store.shard_users(SHARD) == [ANN], "some may have expired"
    await store.close()


async def test_all_keys_begin_with_the_namespace_and_namespaces_do_not_meet(
    open_real_store: OpenStore, namespace: str
) -> None:
    one, other = open_real_store(namespace), open_real_store(f"{namespace}-2")
    for store in (one, other):
        await store.write_shards([WRITE])
        await store.add_counts([COUNTS])
        await store.beat(Heartbeat(0, 1, 2, 3))
        await store.put_items(0, Watermark(), Watermark("life1", 1), {"i": b"x"})
    await one.write_shards([WRITE._replace(expected=FIRST, meta=ShardMeta(Watermark("life1", 9)), users={})])
    assert (await other.shards([SHARD]))[SHARD] == FIRST
    dumped = [await store.dump() for store in (one, other)]
    assert len(dumped[0]) == len(dumped[1]) >= 8
    assert not set(dumped[0]) & set(dumped[1])
    for store in (one, other):
        await store.close()


async def test_a_shard_that_older_code_wrote_is_on_turn_0(redis_url: str, namespace: str) -> None:
    """It wrote no turn; the next write expects just that."""
    store = connect(redis_url, namespace)
    await store.write_shards([WRITE])
    async with Redis.from_url(redis_url) as client:
        await client.hdel(Keys(namespace).user_shard(SHARD), "turn")
    assert (await store.shards([SHARD]))[SHARD] == FIRST
    await store.write_shards([WRITE._replace(expected=FIRST, meta=ShardMeta(Watermark("life1", 1), turn=1))])
    assert (await store.shards([SHARD]))[SHARD].turn == 1
    await store.close()


@pytest.mark.parametrize(
    ("field", "value"), [("watermark", "life1:x"), ("rollout", "{"), ("turn", "?"), ("rollout", b"\xff")]
)
async def test_a_damaged_shard_is_said_to_be(redis_url: str, namespace: str, field: str, value: str | bytes) -> None:
    store = connect(redis_url, namespace)
    await store.write_shards([WRITE])
    async with Redis.from_url(redis_url) as client:
        await client.hset(Keys(namespace).user_shard(SHARD), field, value)
    with pytest.raises(StateUnreadable, match="damaged"):
        await store.shards([SHARD])
    await store.close()


async def test_what_moves_together_lies_in_one_slot(cluster_url: str, namespace: str) -> None:
    keys, counter = Keys(namespace), Counter(3, "pairs", 7, "{odd} i")
    together = [
        [keys.user_shard(5), keys.shard_users(5), keys.user(5, "ann"), keys.user(5, "{x}"), keys.user(5, "}{")],
        [keys.item_shard(3), keys.buckets(3, "pairs"), keys.counter(counter)],
        [keys.items, keys.items_progress],
    ]
    async with Redis.from_url(cluster_url) as client:
        for group in together:
            assert len({await client.cluster("KEYSLOT", key) for key in group}) == 1


async def test_scripts_that_the_server_lost_are_loaded_again(either: tuple[Server, bool], namespace: str) -> None:
    server, cluster = either
    store = connect(server.url, namespace, cluster=cluster)
    async with Redis.from_url(server.url) as client:
        for step in range(3):
            await client.script_flush()
            expected = ShardMeta() if step == 0 else ShardMeta(Watermark("life1", step - 1))
            await store.write_shards([WRITE._replace(expected=expected, meta=ShardMeta(Watermark("life1", step)))])
            await client.script_flush()
            with pytest.raises(Fenced):
                await store.write_shards([WRITE])
            await client.script_flush()
            assert (await store.read({SHARD: [ANN]}))[SHARD].meta.watermark.offset == step
            await client.script_flush()
            await store.put_items(step, Watermark(), Watermark("life1", step), {})
        await client.script_flush()
        await store.add_counts([COUNTS])
    assert await store.top_counts([Counter(3, "pairs", 7, "i")], 5) == [[("j", 1)]]
    await store.close()


def _calls(store: Store) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: store.shards([SHARD]),
        lambda: store.read({SHARD: [ANN]}),
        lambda: store.user(ANN),
        lambda: store.shard_users(SHARD),
        lambda: store.write_shards([WRITE]),
        lambda: store.count_watermarks(0),
        lambda: store.add_counts([COUNTS]),
        lambda: store.buckets("pairs", 1),
        lambda: store.top_counts([Counter(3, "pairs", 7, "i")], 1),
        lambda: store.calibrator(0),
        lambda: store.calibrators(),
        lambda: store.drifts(),
        lambda: store.write_calibrator(CalibratorWrite(0, Watermark(), Calibrator(Watermark("life1", 0), b"x"))),
        lambda: store.beat(Heartbeat(0, 1, 2, 3)),
        lambda: store.heartbeats(),
        lambda: store.put_items(9, Watermark(), Watermark("life1", 0), {}),
        lambda: store.items_watermark(0),
        lambda: store.items(0),
    ]


async def test_every_call_says_so_when_nobody_is_there(either: tuple[Server, bool], namespace: str) -> None:
    server, cluster = either
    store = await begun(server, namespace, cluster=cluster, timeout_s=0.2)
    server.process.kill()
    server.process.wait()
    for call in _calls(store):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as away:
            await call()
        assert away.value.retriable
        assert time.monotonic() - began < 10
    await store.close()


async def test_a_server_that_was_never_there_is_said_to_be_away(namespace: str) -> None:
    for cluster in (False, True):
        store = connect(f"redis://127.0.0.1:{free_port(set())}/0", namespace, cluster=cluster, timeout_s=0.2)
        for call in _calls(store):
            with pytest.raises(StoreUnavailable):
                await call()
        await store.close()


async def test_a_server_that_hangs_is_waited_for_no_longer_than_asked(
    either: tuple[Server, bool], namespace: str
) -> None:
    server, cluster = either
    store = await begun(server, namespace, cluster=cluster, timeout_s=0.2)
    server.process.send_signal(signal.SIGSTOP)
    try:
        for call in (lambda: store.user(ANN), lambda: store.write_shards([WRITE])):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await call()
            assert time.monotonic() - began < 10
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert (await answered(lambda: store.user(ANN)))[0] == FIRST, "it goes on with the server when that goes on"
    await store.close()


async def test_no_answer_of_one_call_is_taken_for_another_s(either: tuple[Server, bool], namespace: str) -> None:
    server, cluster = either
    store = await begun(server, namespace, cluster=cluster, timeout_s=0.1)
    for _ in range(3):
        server.process.send_signal(signal.SIGSTOP)
        results = await asyncio.gather(*(call() for call in _calls(store)), return_exceptions=True)
        assert all(isinstance(result, StoreUnavailable) for result in results)
        server.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.05)  # what it still had to answer may come first
        assert await answered(lambda: store.items_watermark(0)) == Watermark("life1", 5)
        assert await answered(lambda: store.items(-1)) == (1, {"i": b"x"})
    await store.close()


async def test_a_server_that_may_drop_states_is_refused(server: Server) -> None:
    await check_noeviction(server.url)
    async with Redis.from_url(server.url) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(Misconfigured, match="maxmemory-policy noeviction"):
        await check_noeviction(server.url)
    server.process.kill()
    server.process.wait()
    with pytest.raises(StoreUnavailable):
        await check_noeviction(server.url)


async def test_a_server_without_memory_left_says_so(server: Server, namespace: str) -> None:
    store = connect(server.url, namespace)
    async with Redis.from_url(server.url) as client:
        await client.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="memory"):
            await store.write_shards([WRITE])
        await client.config_set("maxmemory", "0")
    assert await store.user(ANN) == (ShardMeta(), None)
    await store.close()


async def test_it_says_how_full_its_server_is(real_store: Store) -> None:
    found = await real_store.memory()
    assert found is not None
    assert 0 < found.used < found.limit
