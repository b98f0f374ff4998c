"""The link to Redis: what passes is what was sent, and a batch is held at just the stage that was asked for."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from online.store import scripts
from tests.faults.calls import between_the_writes, call_of, within_the_counts, within_the_shards
from tests.faults.network import Link, Network
from tests.faults.servers import wait_until
from tests.faults.wire import Point

TOPIC = "topic-id"


@pytest.fixture
def link(redis_url: str) -> Iterator[Link]:
    with Network() as network:
        yield network.to_redis(urlsplit(redis_url).port or 6379)


@pytest.fixture
def client(link: Link) -> Iterator["redis.Redis"]:
    with redis.Redis(port=link.port, socket_timeout=20, retry=Retry(NoBackoff(), 0)) as client:
        yield client


def counts(namespace: str, shard: int, offset: int, before: str = "") -> tuple[Any, ...]:
    name = f"{namespace}:{{i{shard}}}"
    keys = (f"{name}:shard", f"{name}:buckets:k", f"{name}:count:k:1:*")
    added = b"\x92\x91\x91\x01\x91\x81\xa2i1\x01"  # [[[bucket]], [{member: times}]]
    return ("EVAL", scripts.ADD_COUNTS, len(keys), *keys, 0, before, f"{TOPIC}:{offset}", 60_000, added)


def shard(namespace: str, number: int, offset: int, *users: str) -> tuple[Any, ...]:
    name = f"{namespace}:{{u{number}}}"
    keys = (f"{name}:shard", f"{name}:users", *(f"{name}:user:{user}" for user in users))
    fields = ("", "", "", 0, f"{TOPIC}:{offset}", "{}", 1, 0)
    records = [part for user in users for part in (user, "state", "history", "seen", "")]
    return ("EVAL", scripts.WRITE_SHARD, len(keys), *keys, *fields, 60_000, *records)


def at_once(client: "redis.Redis", *commands: Sequence[Any]) -> "Future[list[Any]]":
    """Send them together, in a thread of its own."""
    done: Future[list[Any]] = Future()

    def run() -> None:
        asking: Any
        with client.pipeline(transaction=False) as asking:
            for command in commands:
                asking.execute_command(*command)
            try:
                done.set_result(list(asking.execute()))
            except redis.ConnectionError as error:
                done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def is_there(redis_url: str, key: str) -> bool:
    with redis.Redis.from_url(redis_url) as direct:
        return bool(direct.exists(key))


def test_what_passes_is_what_was_sent(client: "redis.Redis", namespace: str) -> None:
    values = {f"{namespace}:{n}": bytes(range(256)) * n for n in (0, 1, 3000)}
    client.mset(values)
    assert client.mget(list(values)) == list(values.values())


def test_a_batch_is_held_between_its_writes(client: "redis.Redis", link: Link, redis_url: str, namespace: str) -> None:
    link.seen.point = point = Point(between_the_writes)
    assert at_once(client, shard(namespace, 1, 3, "early")).result(10) == [1]
    assert at_once(client, counts(namespace, 1, 7), shard(namespace, 9, 7)).result(10) == [1, 1]
    answers = at_once(client, shard(namespace, 2, 7, "u"))
    assert point.reached.wait(10)
    assert point.call
    assert point.call.offset == 7
    assert not is_there(redis_url, f"{namespace}:{{u2}}:user:u")
    point.let(True)
    assert answers.result(10) == [1]
    assert is_there(redis_url, f"{namespace}:{{u2}}:user:u")


@pytest.mark.parametrize("stage", [within_the_counts, within_the_shards])
def test_a_batch_is_held_within_its_writes_and_what_comes_after_is_never_written(
    client: "redis.Redis", link: Link, redis_url: str, namespace: str, stage: Any
) -> None:
    link.seen.point = point = Point(stage)
    batch = [counts(namespace, n, 5) for n in (1, 2)] + [shard(namespace, n, 5, "u") for n in (1, 2)]
    answers = at_once(client, *batch)
    assert point.reached.wait(10)
    kind = "i" if stage is within_the_counts else "u"
    assert [is_there(redis_url, f"{namespace}:{{{kind}{n}}}:shard") for n in (1, 2)] == [True, False]
    point.let(False)
    with pytest.raises(redis.ConnectionError):
        answers.result(10)
    wait_until(lambda: not link.is_used, "the connection to end")
    assert not is_there(redis_url, f"{namespace}:{{u2}}:shard")


def test_the_answer_of_what_is_written_is_held(
    client: "redis.Redis", link: Link, redis_url: str, namespace: str
) -> None:
    link.seen.point = point = Point(None)
    answers = at_once(client, shard(namespace, 1, 5, "u"))
    assert point.reached.wait(10)
    assert is_there(redis_url, f"{namespace}:{{u1}}:user:u")
    link.cut()
    with pytest.raises(redis.ConnectionError):
        answers.result(10)


def test_refused_writes_are_counted(client: "redis.Redis", link: Link, namespace: str) -> None:
    assert at_once(client, counts(namespace, 1, 5), counts(namespace, 1, 6)).result(10) == [1, 0]
    assert link.seen.refused == {"counts": 1}


def test_a_link_that_is_shut_lets_nobody_through(client: "redis.Redis", link: Link) -> None:
    assert client.ping()
    link.shut()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    link.open()
    assert client.ping()


def test_only_the_writes_of_a_batch_are_calls() -> None:
    assert call_of([b"GET", b"x"]) is None
    assert call_of([b"EVAL", scripts.READ_SHARD.encode(), b"1", b"x"]) is None
    sweep = call_of([one if isinstance(one, bytes) else str(one).encode() for one in shard("n", 1, 5)])
    assert sweep
    assert not sweep.of_events
