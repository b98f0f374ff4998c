"""Shared counts as a process remembers them."""

import asyncio
from collections.abc import Sequence

import pytest

from online.answer import counted as module
from online.answer.counted import Counted
from online.answer.deadline import Deadline
from online.answer.numbers import Numbers
from online.learn.counts import COVISITATION, TRENDING
from online.store.memory import MemoryStore
from online.store.protocol import Counter


class _Emptied(MemoryStore):
    """The same buckets as ever, whose counters are empty from some moment on."""

    def __init__(self) -> None:
        super().__init__()
        self.members: list[tuple[str, int]] = [("b", 3)]

    async def buckets(self, family: str, n: int) -> list[int]:
        return [7]

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[tuple[int, list[tuple[str, int]]] | None]:
        return [(0, self.members) for _ in counters]


def test_counts_that_the_store_no_longer_has_are_gone() -> None:
    async def scene() -> None:
        store, numbers = _Emptied(), Numbers()
        counted = Counted(store, numbers, lambda: 0, stale_ms=0)
        (found,) = await counted.read([(COVISITATION, "a")], Deadline(1.0))
        assert (found.numbers.tolist(), found.times.tolist()) == ([0], [3.0])
        store.members = []
        (found,) = await counted.read([(COVISITATION, "a")], Deadline(1.0))
        assert not len(found.numbers)

    asyncio.run(scene())


def test_memory_is_bounded_by_counters_and_what_was_wanted_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 100)

    async def scene() -> None:
        counted = Counted(_Emptied(), Numbers(), lambda: 0)
        for number in range(200):
            await counted.read([(COVISITATION, "often"), (TRENDING, f"place={number}")], Deadline(1.0))
            assert counted._held == sum(len(block.counters) for block in counted._blocks.values()) <= 100 + 17
        assert (COVISITATION, "often") in counted._blocks

    asyncio.run(scene())
