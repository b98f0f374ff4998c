"""Handing on to Kafka."""

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from contracts.errors import KafkaUnavailable, LeaseLost
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from online.learn.outgoing import Outgoing
from stream.sources.kinesis.onward import Onward

FAILING: Final = partition_of("u0", 4)


def parcel(n: int) -> list[Outgoing]:
    return [Outgoing(EVENTS, f"u{at % 9}", str(at).encode()) for at in range(n)]


def test_a_partition_that_fails_is_sent_again_alone_and_in_order() -> None:
    sent: list[Outgoing] = []
    tries: list[int] = []

    async def outbox(lot: Sequence[Outgoing]) -> None:
        (partition,) = {partition_of(out.key, 4) for out in lot}
        tries.append(partition)
        if partition == FAILING and tries.count(FAILING) < 3:
            raise KafkaUnavailable("away")
        sent.extend(lot)

    failures: list[object] = []
    asyncio.run(Onward(outbox, 4, failures.append)(parcel(90), lambda: None))
    assert len(failures) == 2
    assert len(sent) == 90
    assert len(tries) == len(set(tries)) + 2
    for user in {out.key for out in sent}:
        values = [int(out.value) for out in sent if out.key == user]
        assert values == sorted(values)


def test_who_lost_the_lease_stops_trying() -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked > 4:
            raise LeaseLost("gone")

    async def outbox(lot: Sequence[Outgoing]) -> None:
        raise KafkaUnavailable("away")

    with pytest.raises(LeaseLost):
        asyncio.run(Onward(outbox, 4, lambda error: None)(parcel(90), check))
