"""One shard's reader: what AWS refuses is asked again, nothing is passed over, Kafka comes before the checkpoint."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import pytest

from contracts import events
from contracts.errors import KafkaUnavailable, LeaseLost
from contracts.events import Event
from contracts.topics import EVENTS
from online.learn.outgoing import Outgoing
from stream.sources.kinesis import parcels as parcelling
from stream.sources.kinesis.aws import Aws, client
from stream.sources.kinesis.held import Held
from stream.sources.kinesis.leases import Table
from stream.sources.kinesis.metrics import Metrics
from stream.sources.kinesis.onward import Onward
from stream.sources.kinesis.parcels import OF_ONE
from stream.sources.kinesis.place import SHARD_END, TRIM_HORIZON
from stream.sources.kinesis.reader import Reader
from stream.sources.kinesis.shards import describe
from tests.aws.stream import Stream, table_of
from tests.fakes.kinesis import Kinesis
from tests.stream.sources.kinesis.clicking import clicks_of
from tests.stream.sources.kinesis.packed import packed
from tests.stream.sources.kinesis.processes import in_order

SHARD: Final = "shardId-000000000000"


class Reading:
    """A reader of the first shard, whose Kafka is a list."""

    def __init__(self, aws: Aws, kinesis: Kinesis, table: Table) -> None:
        self.kinesis = kinesis
        self.metrics = Metrics()
        self.sent: list[Outgoing] = []
        self.checkpoints: list[tuple[str, int]] = []
        """Each with how many records Kafka had by then."""
        self.refusals = 0
        """How often Kafka is still to be away."""
        self.takes_long = False
        """Whether Kafka takes a batch only once another checkpoint was begun."""
        self._aws = aws
        self._table = table
        self.held: Held

    async def begin(self, stream: str) -> Reader:
        await self._table.make()
        await self._table.add(SHARD, TRIM_HORIZON)
        lease = await self._table.take((await self._table.look()).leases[SHARD])
        assert lease
        self.held = Held(self._table, lease, 60, time.monotonic())
        renew = self._table.renew

        async def noted(lease: Any, place: str) -> Any:
            self.checkpoints.append((place, len(self.sent)))
            return await renew(lease, place)

        self._table.renew = noted  # type: ignore[method-assign]
        onward = Onward(self._outbox, 4, lambda error: None)
        return Reader(self._aws, await describe(self._aws, stream), self.held, onward, self.metrics, lambda: 0)

    async def _outbox(self, outgoing: Sequence[Outgoing]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise KafkaUnavailable("as the test wants it")
        before = len(self.checkpoints)
        while self.takes_long and len(self.checkpoints) == before:  # noqa: ASYNC110 - as in `until`
            await asyncio.sleep(0.001)
        self.sent += outgoing

    def orders(self) -> dict[str, list[str]]:
        """User → ids as they came to Kafka."""
        return in_order([events.decode(out.value) for out in self.sent if out.topic is EVENTS])  # type: ignore[misc]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.02)


Play = Callable[[Reading, Reader], Coroutine[Any, Any, None]]


def played(clicks: Stream, play: Play) -> Reading:
    """With a reader that doesn't run yet."""

    async def run() -> Reading:
        kinesis = Kinesis(clicks.kinesis)
        aws = Aws(kinesis, client(clicks.where, "dynamodb", 8), 4)
        reading = Reading(aws, kinesis, Table(aws, table_of(clicks.name), 5, "me"))
        await play(reading, await reading.begin(clicks.name))
        return reading

    return asyncio.run(run())


def put(clicks: Stream, n: int) -> list[Event]:
    """Some clicks; those that lie in the first shard, in its order."""
    return [event for event in clicks_of(30, n) if clicks.put(event.key, events.encode(event))[0] == SHARD]


def test_what_is_refused_for_now_is_asked_again_and_nothing_is_passed_over(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        throttled = "ProvisionedThroughputExceededException"
        reading.kinesis.fail("get_shard_iterator", throttled, "LimitExceededException")
        reading.kinesis.fail("get_records", throttled, "InternalFailure", throttled)
        before = put(clicks, 40)
        running = asyncio.create_task(reader.run())
        await reading.until(lambda: len(reading.sent) >= len(before))
        reading.kinesis.fail("get_records", throttled, throttled, throttled, "ServiceUnavailable")
        after = put(clicks, 40)
        await reading.until(lambda: len(reading.sent) >= len(before + after))
        assert reading.orders() == in_order(before + after)
        running.cancel()

    assert played(clicks, play).metrics.reads["throttled"] >= 4


def test_an_iterator_that_expired_is_made_anew_from_where_reading_was(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        before = put(clicks, 40)
        running = asyncio.create_task(reader.run())
        await reading.until(lambda: len(reading.sent) >= len(before))
        reading.kinesis.fail("get_records", "ExpiredIteratorException")
        after = put(clicks, 40)
        await reading.until(lambda: len(reading.sent) >= len(before + after))
        assert reading.orders() == in_order(before + after)
        running.cancel()

    reading = played(clicks, play)
    assert reading.metrics.reads["expired"] == 1
    assert reading.kinesis.asked["get_shard_iterator"] == 2


def test_while_kafka_is_away_nothing_more_is_read_and_nothing_is_checkpointed(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        reading.refusals = 10**6
        sent = put(clicks, 20)
        running = asyncio.create_task(reader.run())
        await reading.until(lambda: reading.refusals < 10**6 - 8)
        assert reading.kinesis.asked["get_records"] == 1
        await reading.held.checkpoint()
        assert reading.checkpoints == [(TRIM_HORIZON, 0)]
        reading.refusals = 0
        await reading.until(lambda: len(reading.sent) >= len(sent))
        assert reading.orders() == in_order(sent)
        running.cancel()

    played(clicks, play)


def test_no_checkpoint_comes_before_kafka_has_what_it_says(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        put(clicks, 300)
        clicks.split()
        reading.takes_long = True
        renewing = asyncio.create_task(_always(reading.held))
        assert await reader.run()
        renewing.cancel()
        numbers = {TRIM_HORIZON: 0, **{place: at for at, place in enumerate(_places(clicks), 1)}}
        assert len({place for place, _ in reading.checkpoints}) > 3
        assert all(numbers[place] <= had for place, had in reading.checkpoints)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parcelling, "_MOST", 20)
        played(clicks, play)


def test_of_one_user_no_more_than_half_a_history_lies_beyond_the_checkpoint(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        data = packed([("u0", events.encode(event)) for event in clicks_of(1, 3 * OF_ONE)])
        assert clicks.put("u0", data)[0] == SHARD
        clicks.split()
        assert await reader.run()
        assert [had for _, had in reading.checkpoints] == [OF_ONE, 2 * OF_ONE, 3 * OF_ONE]
        assert reading.checkpoints[0][0].endswith(f"/{OF_ONE - 1}")

    played(clicks, play)


def test_who_may_have_lost_the_lease_hands_nothing_on_any_more(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        put(clicks, 20)
        reading.refusals = 10**6
        running = asyncio.create_task(reader.run())
        await reading.until(lambda: reading.refusals < 10**6)
        reading.held.drop()
        reading.refusals = 0
        with pytest.raises(LeaseLost):
            await running
        assert not reading.sent

    played(clicks, play)


def test_a_shard_that_is_to_be_given_away_is_left_after_what_is_under_way(clicks: Stream) -> None:
    async def play(reading: Reading, reader: Reader) -> None:
        sent = put(clicks, 20)
        running = asyncio.create_task(reader.run())
        await reading.until(lambda: len(reading.sent) >= len(sent))
        reading.held.wanted.set()
        assert not await running
        await reading.held.release(ended=False)
        assert reading.held.place != SHARD_END

    played(clicks, play)


async def _always(held: Held) -> None:
    """Checkpoint at every instant there is."""
    while True:
        await held.checkpoint_surely()


def _places(clicks: Stream) -> list[str]:
    """The sequence numbers of the first shard's records."""
    asked = clicks.kinesis.get_shard_iterator(StreamName=clicks.name, ShardId=SHARD, ShardIteratorType=TRIM_HORIZON)
    time.sleep(1)  # the shard answers so many requests a second
    return [
        one["SequenceNumber"] for one in clicks.kinesis.get_records(ShardIterator=asked["ShardIterator"])["Records"]
    ]
