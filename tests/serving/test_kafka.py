"""Acknowledged means kept: the real producer with a real broker that rejects, hangs, dies and comes back."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import TopicPartition

from contracts.errors import KafkaUnavailable
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from moodstream.local.kafka import kafka_service
from moodstream.local.ports import free_port
from moodstream.local.supervisor import Supervisor
from serving import connection
from serving import kafka as serving_kafka
from serving.kafka import KafkaPublisher
from serving.publisher import Fate, Placed, Publishing, Rejected
from stream import topics
from tests.serving.test_process import ends, serving

PATIENCE_S = 120.0
pytestmark = pytest.mark.timeout(400)
"""A broker of one's own may take a minute to start."""


class Broker(NamedTuple):
    """A broker of this test's own, which it may stop and kill."""

    bootstrap: str
    supervisor: Supervisor

    def signal(self, number: int) -> None:
        (status,) = self.supervisor.status()
        assert status.pid
        os.kill(status.pid, number)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """It is started again when it's killed."""
    port = free_port(set())
    service = kafka_service(tmp_path / "kafka", tmp_path / "kafka.log", port, free_port({port}), print)
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        supervisor.start(service)
        yield Broker(f"127.0.0.1:{port}", supervisor)


@asynccontextmanager
async def connected(bootstrap: str, namespace: str, timeout_s: float) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher(bootstrap, namespace, timeout_s)
    await publisher.start()
    try:
        await until_taken(publisher, [record("first")])
        yield publisher
    finally:
        await publisher.close()


def record(key: str, value: bytes = b"{}") -> Publishing:
    return Publishing(EVENTS, key, value)


def state(publisher: KafkaPublisher) -> tuple[bool, str | None]:
    return publisher.is_left_alone, publisher.trouble


async def until_taken(publisher: KafkaPublisher, records: Sequence[Publishing]) -> list[Fate]:
    """As a client does it: again, until it is acknowledged."""
    until = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        try:
            fates = await publisher.publish(records)
        except KafkaUnavailable:
            fates = [None]
        if None not in fates:
            return fates
        assert asyncio.get_running_loop().time() < until, publisher.trouble
        await asyncio.sleep(0.1)


def kept(bootstrap: str, namespace: str) -> dict[tuple[int, int], bytes]:
    """All that the topic holds, by partition and offset."""
    name = EVENTS.full_name(namespace)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    partitions = [TopicPartition(name, number) for number in range(4)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    found: dict[tuple[int, int], bytes] = {}
    while any(consumer.position(one) < ends[one] for one in partitions):
        for records in consumer.poll(timeout_ms=500).values():
            found |= {(one.partition, one.offset): one.value for one in records}
    consumer.close()
    return found


def test_a_record_that_the_broker_rejects_spoils_nothing_for_the_others(kafka: str, namespace: str) -> None:
    topics.ensure(kafka, namespace, 4, 1)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    small = {"max.message.bytes": "4096"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, EVENTS.full_name(namespace), small)])
    admin.close()

    async def scene() -> list[list[Fate]]:
        async with connected(kafka, namespace, 10.0) as publisher:
            until = asyncio.get_running_loop().time() + PATIENCE_S
            while isinstance((await publisher.publish([record("a", b"x" * 9000)]))[0], Placed):
                assert asyncio.get_running_loop().time() < until  # the broker takes the new setting up a little later
            fates = [await publisher.publish([record("a"), record("a", b"x" * 9000), record("a", b"[]")])]
            fates.append(await publisher.publish([record("a", b"1" * 1000)] * 20))  # together too large, each is not
            fates += [await publisher.publish([record("a", b"after")]) for _ in range(5)]
            assert not publisher.is_left_alone
            return fates

    mixed, many, *after = asyncio.run(scene())
    assert [type(fate) for fate in mixed] == [Placed, Rejected, Placed]
    placed = [
        fate for fate in (*mixed, *many, *(fate for fates in after for fate in fates)) if isinstance(fate, Placed)
    ]
    assert len(placed) == 2 + 20 + 5
    log = kept(kafka, namespace)
    assert {log[at.partition, at.offset] for at in placed} == {b"{}", b"[]", b"1" * 1000, b"after"}


@pytest.mark.kafka
def test_a_broker_that_hangs_and_one_that_dies_lose_nothing_acknowledged(broker: Broker, namespace: str) -> None:
    topics.ensure(broker.bootstrap, namespace, 4, 1)
    acknowledged: dict[tuple[int, int], bytes] = {}

    async def send(publisher: KafkaPublisher, name: str) -> None:
        records = [record(f"{name}-{number}", f"{name}-{number}".encode()) for number in range(20)]
        fates = await until_taken(publisher, records)
        for one, at in zip(records, fates, strict=True):
            assert isinstance(at, Placed)
            assert at.partition == partition_of(one.key, 4)
            acknowledged[at.partition, at.offset] = one.value

    async def refused(publisher: KafkaPublisher, value: bytes) -> float:
        began = asyncio.get_running_loop().time()
        with pytest.raises(KafkaUnavailable):
            await publisher.publish([record("hanging", value)])
        return asyncio.get_running_loop().time() - began

    async def scene() -> None:
        async with connected(broker.bootstrap, namespace, 1.0) as publisher:
            await send(publisher, "before")
            broker.signal(signal.SIGSTOP)
            waited = await asyncio.gather(*(refused(publisher, b"x" * 10_000) for _ in range(50)))
            assert max(waited) < 10  # a second is the limit; the rest is for a busy machine
            assert state(publisher)[0]
            assert not publisher.offer(record("impression"))
            at_once = await asyncio.gather(*(refused(publisher, b"x") for _ in range(50)))
            assert sorted(at_once)[45] < 0.5  # but for one try a second, nobody waits any more
            broker.signal(signal.SIGCONT)
            await send(publisher, "after the pause")
            broker.signal(signal.SIGKILL)
            await send(publisher, "after the crash")
            async with asyncio.timeout(PATIENCE_S):
                while publisher.waiting:  # noqa: ASYNC110 - nobody tells when the last try ended
                    await asyncio.sleep(0.05)
            await send(publisher, "after all tries")  # the end of one of before is trouble, too
            assert state(publisher) == (False, None)

    asyncio.run(scene())
    log = kept(broker.bootstrap, namespace)
    assert len(acknowledged) == 80
    assert {at: log.get(at) for at in acknowledged} == acknowledged


def test_what_is_offered_goes_together_before_what_is_posted_after_it_and_before_the_end(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.ensure(kafka, namespace, 4, 1)
    monkeypatch.setattr(serving_kafka, "_LEAVES_S", PATIENCE_S)
    monkeypatch.setattr(connection, "_CLOSE_S", PATIENCE_S)

    async def scene() -> None:
        async with connected(kafka, namespace, 30.0) as publisher:
            for number in range(5):
                assert publisher.offer(record("ann", f"shown-{number}".encode()))
            (placed,) = await publisher.publish([record("ann", b"clicked")])
            assert isinstance(placed, Placed)
            assert publisher.offer(record("ann", b"shown-later"))
            while publisher.waiting:  # noqa: ASYNC110 - nobody tells when it was acknowledged
                await asyncio.sleep(0.01)
            assert publisher.offer(record("ann", b"shown-last"))

    asyncio.run(scene())
    values = [value for at, value in sorted(kept(kafka, namespace).items()) if at[0] == partition_of("ann", 4)]
    shown = [f"shown-{number}".encode() for number in range(5)]
    assert values[-8:] == [*shown, b"clicked", b"shown-later", b"shown-last"]


@pytest.mark.kafka
def test_what_waits_for_a_broker_that_hangs_is_bounded(
    broker: Broker, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.ensure(broker.bootstrap, namespace, 4, 1)
    monkeypatch.setattr(serving_kafka, "MAX_WAITING", 100_000)
    monkeypatch.setattr(serving_kafka, "MAX_OFFERED", 50_000)

    async def scene() -> list[BaseException | list[Fate]]:
        async with connected(broker.bootstrap, namespace, 1.0) as publisher:
            broker.signal(signal.SIGSTOP)
            taken = [publisher.offer(record("impression", b"x" * 1000)) for _ in range(100)]
            assert sum(taken) == 51
            asked = [publisher.publish([record("a", b"x" * 10_000)]) for _ in range(10)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert publisher.waiting <= 100_000
            broker.signal(signal.SIGCONT)
            await until_taken(publisher, [record("again")])
            return answers

    said = [str(answer) for answer in asyncio.run(scene())]
    assert sum("bytes wait already" in one for one in said) == 6
    assert sum("Kafka is away" in one for one in said) == 4


def test_a_topic_that_is_missing_is_said_and_used_once_it_is_there(kafka: str, namespace: str) -> None:
    async def scene() -> list[Fate]:
        publisher = KafkaPublisher(kafka, namespace, 5.0)
        await publisher.start()
        try:
            until = asyncio.get_running_loop().time() + PATIENCE_S
            while "there is no topic" not in str(publisher.trouble):
                assert asyncio.get_running_loop().time() < until, publisher.trouble
                await asyncio.sleep(0.05)
            with pytest.raises(KafkaUnavailable, match="there is no topic"):
                await publisher.publish([record("a")])
            await asyncio.to_thread(topics.ensure, kafka, namespace, 4, 1)
            return await until_taken(publisher, [record("a")])
        finally:
            await publisher.close()

    assert isinstance(asyncio.run(scene())[0], Placed)


@pytest.mark.kafka
def test_the_process_says_503_in_time_stays_small_and_leaves_when_told_while_its_broker_hangs(
    broker: Broker, namespace: str, redis_url: str, tmp_path: Path
) -> None:
    topics.ensure(broker.bootstrap, namespace, 4, 1)
    settings = {"kafka": broker.bootstrap, "redis": redis_url, "namespace": namespace, "kafka_timeout_s": "2"}
    large = [{"type": "item", "item_id": f"i{n}", "text": "x" * 32_000} for n in range(50)]
    with serving(tmp_path, **settings) as (process, http):
        until = time.monotonic() + PATIENCE_S
        while http.post("/v1/events", json=large).status_code != 202:
            assert time.monotonic() < until
        server = psutil.Process(process.pid)
        before = server.memory_info().rss
        broker.signal(signal.SIGSTOP)
        with ThreadPoolExecutor(32) as several:
            answers = list(several.map(lambda _: http.post("/v1/events", json=large, timeout=60), range(100)))
        assert {answer.status_code for answer in answers} <= {429, 503}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
        assert server.memory_info().rss - before < 400e6
        assert http.get("/v1/recommendations?user_id=me").status_code == 200
        ends(process)
        broker.signal(signal.SIGCONT)
