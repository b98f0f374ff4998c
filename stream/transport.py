"""Faust's Kafka transport in chunks: one message holds many records of a partition, and reading starts where we say.

Faust starts four asyncio tasks a message; a chunk a message takes that cost off each record. It uses Faust's private
names, so Faust is pinned, and `tests/stream/test_transport.py` fails loudly when they move.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, cast

from aiokafka import ConsumerRecord
from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

Place = Callable[[set[TP], set[TP]], Awaitable[Mapping[TP, int]]]
"""Given all assigned partitions and those to be placed, the offset to read each of these from, and perhaps others; one
that is left out is asked for again, and not fetched from meanwhile."""


class Chunk(NamedTuple):
    """Consecutive records of one partition, as one Faust message's value."""

    records: list[ConsumerRecord[bytes, bytes]]
    generation: int
    """How often this partition's reading had been set back by then: an older chunk's records come again."""

    @property
    def weight(self) -> int:
        """Its records, and its kilobytes: many small events are learned together, and few that are huge."""
        return len(self.records) + sum(len(record.value or b"") for record in self.records) // 1024


_ASK_AGAIN_S: Final = 0.05
"""How long it's waited for records while a partition waits to be placed: Faust's own second would be waited in full."""
FETCH_WAIT_MS: Final = 20
"""How long the broker may hold a fetch that finds nothing; Faust says 1,500.

A broker answers one fetch at a time, and what was fetched and not yet taken isn't asked for again. So while a chunk is
learned, a fetch goes out for idle partitions only, those of `items` as a rule, and new events would wait as long as it.
"""


class Thread(driver.AIOKafkaConsumerThread):
    """Makes the consumer with our wait."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class Consumer(driver.Consumer):
    """Emits chunks, and reads each partition from where `Transport.place` says.

    Only the loop that fetches moves the places of reading; all others say that a partition must be placed, and never
    wait for it. So nothing that a rebalance or a stop waits for waits for the store.
    """

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    def on_init(self) -> None:
        self._generations: Counter[TP] = Counter()
        self._unplaced: set[TP] = set()
        self._owned: set[TP] = set()

    def read_again(self, *tps: TP) -> None:
        """Read these partitions from where the store says; what was fetched before is void."""
        self._generations.update(tps)
        self._unplaced.update(tps)

    async def ends(self) -> Mapping[TP, int]:
        """The ends of the log of those partitions that nothing is fetched from, and whose `highwater` stands still."""
        return await self.highwaters(*self._unplaced & self.assignment()) if self._unplaced else {}

    def wants(self, tp: TP, chunk: Chunk) -> bool:
        """Whether a chunk is to be taken in; it's void when its records come again."""
        return chunk.generation == self._generations[tp]

    def forget(self, message: Any) -> None:
        """A void chunk: nobody waits for it, and it isn't committed."""
        message.acked = True
        self._unacked_messages.discard(message)

    async def perform_seek(self) -> None:
        """After each rebalance: Faust goes to the committed offsets; the fetching loop then to the store's."""
        await super().perform_seek()
        self.read_again(*self.assignment())

    def on_buffer_full(self, tp: TP) -> None:
        """Faust would let the fetcher sleep for a second; a full queue holds it up for just as long as it's full."""

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._place()
                if not self.flow_active:  # Faust would wait for it until the consumer ends, which ends after this loop
                    await fetcher.wait(self.can_resume_flow)
                    continue
                if self._unplaced and self._unplaced == self.assignment():
                    await asyncio.sleep(_ASK_AGAIN_S)
                    continue
                generations = self._generations.copy()
                records, active = await self._wait_next_records(timeout=_ASK_AGAIN_S if self._unplaced else 1.0)
                for tp, chunk in [(TP(*tp), chunk) for tp, chunk in (records or {}).items()]:
                    moved = generations[tp] != self._generations[tp] or tp in self._unplaced
                    if moved or not self.flow_active or (active is not None and tp not in active):
                        self.read_again(tp)  # nobody knows whether they were read before the move or after
                    else:
                        await self._emit(tp, chunk, generations[tp])
                await asyncio.sleep(0)
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise

    async def _place(self) -> None:
        assigned = self.assignment()
        if not self._unplaced and assigned == self._owned:
            return
        unplaced, self._unplaced = self._unplaced & assigned, set()  # what is said from here on is heard the next time
        places = await cast("Transport", self.transport).place(assigned, unplaced)
        put_off = unplaced - places.keys()
        self._unplaced |= put_off
        self.pause_partitions(put_off)
        self.resume_partitions(places.keys() & self.assignment())
        self._generations.update(places.keys() - unplaced)
        for tp, offset in places.items():
            try:
                await self.seek(tp, offset)
            except IllegalStateError:  # it was taken from us meanwhile
                continue
        self._owned = assigned

    async def _emit(self, tp: TP, records: list[Any], generation: int) -> None:
        message = self._to_message(tp, records[-1])
        message.value = cast("Any", Chunk(records, generation))
        await self.wait_first(self.callback(message), self.suspend_flow.wait())

    def _new_offset(self, tp: TP) -> int | None:
        """A partition's chunks are acknowledged in order, so the last one acknowledged stands for all before it."""
        acked = self._acked[tp]
        if not acked:
            return None
        offset = int(max(acked)) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return offset


class Transport(driver.Transport):
    """Faust's aiokafka transport with our consumer."""

    Consumer = Consumer
    place: Place
    """Set where the app is wired."""
