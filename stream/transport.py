"""Faust's Kafka transport in chunks: one message holds many records of a partition, and reading starts where we say.

Faust starts four asyncio tasks a message; a chunk a message takes that cost off each record. It uses Faust's private
names, so Faust is pinned, and `tests/stream/test_transport.py` fails loudly when they move.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, cast

from aiokafka import ConsumerRecord
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

SeekTo = Callable[[set[TP]], Awaitable[Mapping[TP, int]]]


class Chunk(NamedTuple):
    """Consecutive records of one partition, as one Faust message's value."""

    records: list[ConsumerRecord[bytes, bytes]]
    end: int
    """The log's end when they were fetched."""
    generation: int
    """How often reading had been set back by then: an older chunk's records come again."""


class Consumer(driver.Consumer):
    """Emits chunks, and starts each partition where `Transport.seek_to` says."""

    generation = 0

    def on_init(self) -> None:
        self._fetching = asyncio.Lock()

    async def perform_seek(self) -> None:
        """After each rebalance: Faust goes to the committed offsets, then we to the store's watermarks."""
        await super().perform_seek()
        self.generation += 1
        for tp, offset in (await cast("Transport", self.transport).seek_to(self.assignment())).items():
            await self.seek(tp, offset)

    async def seek_back(self, tp: TP, offset: int) -> None:
        """Read this partition from `offset` again; chunks that were fetched before are of an older generation."""
        async with self._fetching:
            await self.seek(tp, offset)
            self.generation += 1

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                async with self._fetching:
                    generation = self.generation
                    records, active = await self._wait_next_records(timeout=1.0)
                if not self.flow_active:
                    await self.perform_seek()
                    continue
                for tp, chunk in (records or {}).items():
                    if active is None or tp in active:
                        await self._emit(TP(tp.topic, tp.partition), chunk, generation)
                await asyncio.sleep(0)
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise

    async def _emit(self, tp: TP, records: list[Any], generation: int) -> None:
        message = self._to_message(tp, records[-1])
        message.value = cast("Any", Chunk(records, self.highwater(tp) or 0, generation))
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
    seek_to: SeekTo
    """Given the assigned partitions, the offset to read each from; set where the app is wired."""
