"""What was learned last is read back from a real Kafka, at the same price however much there is."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest

from contracts.errors import KafkaUnavailable
from contracts.events import Interaction, Record, encode
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from moodstream.local.ports import free_port
from serving.heard import BACK, KafkaTail
from serving.kafka import KafkaPublisher
from serving.publisher import Placed, Publishing
from stream import topics


def liked(number: int) -> Interaction:
    """One event of a user."""
    return Interaction(event_id=f"e{number}", time=number, user_id="me", item_id=f"i{number}", kind="like")


async def put(kafka: str, namespace: str, count: int) -> int:
    """So many events into Kafka; returns the offset behind the last one."""
    publisher = KafkaPublisher(kafka, namespace, 10.0)
    await publisher.start()
    for _ in range(300):
        if publisher.trouble is None:
            break
        await asyncio.sleep(0.1)
    found = await publisher.publish([Publishing(EVENTS, "me", encode(liked(number))) for number in range(count)])
    await publisher.close()
    assert isinstance(found[-1], Placed)
    return found[-1].offset + 1


async def seen(tail: KafkaTail, places: Mapping[int, int], since: Mapping[int, int]) -> list[Record]:
    """What the first glance sees that sees anything: a broker that is busy for a moment has nothing for the others."""
    for _ in range(300):
        with suppress(KafkaUnavailable):
            if found := await tail.read(places, since):
                return found
        await asyncio.sleep(0.1)
    return []


def test_the_last_records_before_a_place_are_read_and_none_before_what_was_told(kafka: str, namespace: str) -> None:
    topics.ensure(kafka, namespace, 4, 1)

    async def work() -> None:
        end, partition = await put(kafka, namespace, 400), partition_of("me", 4)
        tail = KafkaTail(kafka, namespace)
        try:
            found = await seen(tail, {partition: end}, {partition: 0})
            assert found == [liked(number) for number in range(400 - BACK, 400)]
            assert await seen(tail, {partition: end - 5}, {partition: end - 8}) == [liked(n) for n in range(392, 395)]
            assert await tail.read({0: 0, 1: 0, 2: 0, 3: 0}, {}) == []
        finally:
            await tail.close()

    asyncio.run(work())


def test_of_a_kafka_that_is_away_it_says_so_soon_and_then_rests() -> None:
    async def work() -> None:
        tail = KafkaTail(f"127.0.0.1:{free_port(set())}", "nobody")
        with pytest.raises(KafkaUnavailable):
            await tail.read({0: 5}, {})
        assert await tail.read({0: 5}, {}) == []
        await tail.close()

    asyncio.run(work())
