"""A store under a stopwatch does what it did."""

import asyncio

import pytest

from contracts.errors import StoreUnavailable
from online.store.memory import MemoryStore
from online.store.protocol import Heartbeat
from online.store.timed import timed


def test_each_call_is_told_by_its_name_also_one_that_fails() -> None:
    told: list[str] = []

    class Away(MemoryStore):
        async def heartbeats(self) -> list[Heartbeat]:
            raise StoreUnavailable("away")

    store = timed(Away(), lambda call, seconds: told.append(call) if seconds >= 0 else None)

    async def work() -> None:
        assert await store.items_watermark(3) == await MemoryStore().items_watermark(3)
        assert await store.memory() is None
        with pytest.raises(StoreUnavailable):
            await store.heartbeats()
        await store.items_watermark(4)

    asyncio.run(work())
    assert told == ["items_watermark", "memory", "heartbeats", "items_watermark"]
