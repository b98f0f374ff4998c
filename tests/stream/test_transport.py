"""The transport: what it uses of Faust's private parts is there, and no chunk is lost or taken twice between moves."""

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from faust.transport.consumer import Consumer as Base
from faust.transport.consumer import Fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from stream.transport import FETCH_WAIT_MS, Chunk, Consumer, Transport

ONE, TWO = TP("t", 0), TP("t", 1)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("_drain_messages", ["self", "fetcher"]),
        ("_wait_next_records", ["self", "timeout"]),
        ("_new_offset", ["self", "tp"]),
        ("_to_message", ["self", "tp", "record"]),
        ("perform_seek", ["self"]),
        ("seek", ["self", "partition", "offset"]),
        ("assignment", ["self"]),
        ("highwater", ["self", "tp"]),
        ("on_buffer_full", ["self", "tp"]),
        ("wait_empty", ["self"]),
        ("pause_partitions", ["self", "tps"]),
        ("resume_partitions", ["self", "tps"]),
    ],
)
def test_faust_still_has_what_we_override_or_call(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(driver.Consumer, name)).parameters) == parameters


def test_faust_still_uses_what_we_override() -> None:
    assert "consumer._drain_messages(self)" in inspect.getsource(Fetcher)
    assert "self._new_offset(tp)" in inspect.getsource(Base)
    assert "message.acked" in inspect.getsource(Base._clean_unacked_messages)
    made = inspect.getsource(Base.__init__)
    for name in (
        "_acked",
        "_acked_index",
        "_unacked_messages",
        "callback",
        "suspend_flow",
        "not_waiting_next_records",
        "can_resume_flow",
    ):
        assert f"self.{name} =" in made
    assert inspect.getsource(Base.perform_seek).count("seek_to_committed") == 1
    assert driver.Transport.Consumer is driver.Consumer
    assert "return self._producer" in inspect.getsource(driver.Producer._ensure_producer)


def test_the_broker_holds_no_fetch_of_idle_partitions_while_others_have_events() -> None:
    async def nothing(*_: Any) -> None: ...

    async def wait_ms() -> int:
        app = faust.App("transport-test", broker="kafka://nowhere", store="memory://", web_enabled=False)
        transport = Transport(app.conf.broker, app, asyncio.get_running_loop())
        consumer = Consumer(transport, nothing, nothing, nothing)
        made = consumer._thread._create_worker_consumer(transport)
        await made.stop()
        consumer._thread.thread_loop.close()
        return int(made._fetch_max_wait_ms)

    assert asyncio.run(wait_ms()) == FETCH_WAIT_MS
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


class Log:
    """Two partitions of ten records each, as aiokafka would give them: three at a time, from where reading stands."""

    def __init__(self) -> None:
        self.at = {ONE: 0, TWO: 0}
        self.needed = {ONE: 0, TWO: 0}

    def next(self) -> dict[TP, list[Any]]:
        found: dict[TP, list[Any]] = {}
        for tp, at in self.at.items():
            if at < 10:
                found[tp] = [Record(tp, offset) for offset in range(at, min(10, at + 3))]
                self.at[tp] = min(10, at + 3)
        return found


class Record:
    def __init__(self, tp: TP, offset: int) -> None:
        self.topic, self.partition, self.offset, self.timestamp, self.timestamp_type = *tp, offset, 0, 0
        self.headers, self.key, self.value, self.checksum = (), None, b"", None
        self.serialized_key_size = self.serialized_value_size = 0


class Played(Consumer):
    """Our consumer over a played log; only the network is left out."""

    played: Log

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own
        found = self.played.next()
        await asyncio.sleep(0)
        return found, None

    def assignment(self) -> set[TP]:
        return {ONE, TWO}

    def highwater(self, tp: TP) -> int:
        return 10

    async def seek(self, partition: TP, offset: int) -> None:
        self.played.at[partition] = offset


async def play(moves: int) -> dict[TP, list[int]]:
    """What is taken in while partition ONE is read again several times, as the store says."""
    app = faust.App("transport-test", broker="kafka://nowhere", store="memory://", web_enabled=False)
    transport = Transport(app.conf.broker, app, asyncio.get_running_loop())
    log, taken = Log(), {ONE: list[int](), TWO: list[int]()}
    queue: asyncio.Queue[tuple[TP, Chunk]] = asyncio.Queue(4)

    async def place(assigned: set[TP], unplaced: set[TP]) -> Mapping[TP, int]:
        await asyncio.sleep(0)
        return {tp: log.needed[tp] for tp in unplaced}

    async def callback(message: Any) -> None:
        await queue.put((message.tp, message.value))

    transport.place = place

    async def nothing(*_: Any) -> None: ...

    consumer = Played(transport, callback, nothing, nothing)
    consumer.played = log
    consumer.read_again(ONE, TWO)
    draining = asyncio.create_task(consumer._drain_messages(consumer))
    while min(log.needed.values()) < 10:
        tp, chunk = await asyncio.wait_for(queue.get(), 5)
        if not consumer.wants(tp, chunk):
            continue
        if tp == ONE and moves:
            moves -= 1
            consumer.read_again(tp)  # it failed: as after a refused write
            continue
        taken[tp] += [record.offset for record in chunk.records]
        log.needed[tp] = taken[tp][-1] + 1
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    consumer._thread.thread_loop.close()
    return taken


@pytest.mark.parametrize("moves", [0, 1, 3])
def test_reading_again_loses_nothing_of_any_partition_and_takes_nothing_twice(moves: int) -> None:
    assert asyncio.run(play(moves)) == {ONE: list(range(10)), TWO: list(range(10))}


def test_a_worker_that_is_told_to_end_while_nothing_may_flow_ends() -> None:
    async def scene() -> None:
        app = faust.App("transport-test", broker="kafka://nowhere", store="memory://", web_enabled=False)

        async def nothing(*_: Any) -> None: ...

        consumer = Consumer(Transport(app.conf.broker, app, asyncio.get_running_loop()), nothing, nothing, nothing)
        consumer.assignment = lambda: set()  # type: ignore[method-assign]
        consumer.stop_flow()
        fetcher = Fetcher(app)
        draining = asyncio.create_task(consumer._drain_messages(fetcher))
        await asyncio.sleep(0)
        fetcher._stopped.set()
        await asyncio.wait_for(draining, 5)
        consumer._thread.thread_loop.close()

    asyncio.run(scene())


def test_the_last_acknowledged_chunk_stands_for_all_before_it() -> None:
    async def offsets() -> list[int | None]:
        app = faust.App("transport-test", broker="kafka://nowhere", store="memory://", web_enabled=False)

        async def nothing(*_: Any) -> None: ...

        consumer = Played(Transport(app.conf.broker, app, asyncio.get_running_loop()), nothing, nothing, nothing)
        consumer._acked[ONE] += [499, 999]
        consumer._thread.thread_loop.close()
        return [consumer._new_offset(ONE), consumer._new_offset(ONE)]

    assert asyncio.run(offsets()) == [1000, None]
