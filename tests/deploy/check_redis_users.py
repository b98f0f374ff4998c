"""Redis' users, as Terraform makes them, on a real server: each can do its work, and serving can change nothing."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
import redis

from contracts.errors import StoreUnavailable
from contracts.sharding import user_shard
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
from online.store.wipe import wipe
from tests.deploy.terraform import TERRAFORM
from tests.online.store.servers import own_cluster

pytestmark = [pytest.mark.anyio, pytest.mark.redis]
USERS: Final = TERRAFORM / "modules" / "redis" / "users.tf"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster of one node that keeps nothing, and has these users."""
    folder: Path = tmp_path_factory.mktemp("redis")
    with own_cluster(folder) as started:
        with redis.Redis.from_url(started.url) as client:
            for user, rules in access().items():
                client.execute_command("ACL", "SETUSER", user, "reset", ">secret", *rules.split())
            client.execute_command("ACL", "SETUSER", "default", "off")
        yield started.url.removeprefix("redis://")


def access() -> dict[str, str]:
    """The rules of each user, read from the module."""
    text = USERS.read_text().replace("${var.namespace}", "moodstream")
    (asks,) = re.findall(r'^  asks = "(.*)"$', text, re.MULTILINE)
    found = dict(re.findall(r'^    (\w+) += "(on .*)"$', text, re.MULTILINE))
    assert set(found) == {"serving", "stream", "tools"}
    return {user: rules.replace("${local.asks}", asks) for user, rules in found.items()}


def url(server: str, user: str) -> str:
    return f"redis://{user}:secret@{server}"


@pytest.fixture
async def stores(server: str) -> AsyncIterator[dict[str, Store]]:
    """The store as each user opens it."""
    opened: dict[str, Store] = {user: connect(url(server, user), "moodstream", cluster=True) for user in access()}
    yield opened
    for store in opened.values():
        await store.close()


async def test_stream_writes_all_that_a_worker_writes_and_serving_reads_it(
    server: str, stores: dict[str, Store]
) -> None:
    stream, serving = stores["stream"], stores["serving"]
    shard, record, counter = user_shard("ann"), UserRecord(b"a", b"b", b"c"), Counter(3, "pairs", 7, "i")
    first = ShardMeta(Watermark("life", 0))
    await check_noeviction(url(server, "stream"))
    await stream.write_shards([ShardWrite(shard, ShardMeta(), first, {"ann": record})])
    await stream.add_counts([CountWrite(3, 0, Watermark(), Watermark("life", 0), {counter: {"j": 1}})])
    await stream.write_calibrator(CalibratorWrite(0, Watermark(), Calibrator(Watermark("life", 0), b"{}", b"1", b"2")))
    await stream.put_items(0, Watermark(), Watermark("life", 0), {"i": b"{}"})
    await stream.beat(Heartbeat(0, 1, 1, 0))

    assert await serving.user("ann") == (first, record)
    assert (await serving.read({shard: ["ann"]}))[shard].users == {"ann": record}
    assert await serving.shard_users(shard) == ["ann"]
    assert await serving.top_counts([counter], 1) == [[("j", 1)]]
    assert await serving.buckets("pairs", 10) == [7]
    assert (await serving.calibrators(), list(await serving.drifts())) == ([b"{}"], [0])
    assert (await serving.items(0))[1] == {"i": b"{}"}
    assert len(await serving.heartbeats()) == 1


async def test_serving_can_change_nothing(stores: dict[str, Store]) -> None:
    write = ShardWrite(user_shard("bob"), ShardMeta(), ShardMeta(Watermark("life", 1)), {})
    with pytest.raises(StoreUnavailable, match=r"(?i)permission"):
        await stores["serving"].write_shards([write])
    with pytest.raises(StoreUnavailable, match=r"(?i)permission"):
        await stores["serving"].beat(Heartbeat(0, 1, 1, 0))


async def test_only_tools_fill_and_wipe_other_namespaces(server: str) -> None:
    for user in ("serving", "stream"):
        replay = connect(url(server, user), "moodstream-replay", cluster=True)
        with pytest.raises(StoreUnavailable, match=r"(?i)permission"):
            await replay.beat(Heartbeat(0, 1, 1, 0))
        await replay.close()
    tools = connect(url(server, "tools"), "moodstream-replay", cluster=True)
    await tools.beat(Heartbeat(0, 1, 1, 0))
    assert await wipe(url(server, "tools"), "moodstream-replay", cluster=True) == 1
    await tools.close()


async def test_serving_wipes_nothing(server: str, stores: dict[str, Store]) -> None:
    await stores["stream"].beat(Heartbeat(0, 1, 1, 0))
    with pytest.raises(StoreUnavailable, match=r"(?i)permission"):
        await wipe(url(server, "serving"), "moodstream", cluster=True)


@pytest.mark.parametrize("user", ["serving", "stream", "tools"])
@pytest.mark.parametrize(
    "command", ["FLUSHALL", "CONFIG GET *", "ACL LIST", "SHUTDOWN", "REPLICAOF NO ONE", "GET other:key"]
)
def test_no_user_governs_the_server_or_sees_what_is_another_s(server: str, user: str, command: str) -> None:
    with redis.Redis.from_url(url(server, user)) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command.split())
