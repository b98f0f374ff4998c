"""Shared counts as a process remembers them."""

import asyncio
from collections.abc import Sequence

import pytest

from contracts.errors import StoreUnavailable
from online.answer import counted as module
from online.answer.counted import Counted
from online.answer.deadline import Deadline
from online.answer.numbers import Numbers
from online.learn.counts import COVISITATION, TRENDING
from online.store.memory import MemoryStore
from online.store.protocol import Changed, Counter


class _Emptied(MemoryStore):
    """The same buckets as ever, whose counters are empty from some moment on."""

    def __init__(self) -> None:
        super().__init__()
        self.members = {"b": 3}

    async def buckets(self, family: str, n: int) -> list[int]:
        return [7]

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[Changed | None]:
        return [Changed(0, list(self.members), list(self.members.values())) for _ in counters]


def test_counts_that_the_store_no_longer_has_are_gone() -> None:
    async def scene() -> None:
        store, numbers = _Emptied(), Numbers()
        counted = Counted(store, numbers, lambda: 0, stale_ms=0)
        (found,) = await counted.read([(COVISITATION, "a")], Deadline(1.0))
        assert (found.numbers.tolist(), found.times.tolist()) == ([0], [3.0])
        store.members = {}
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


class _Watched(_Emptied):
    """Has ten buckets, says what was read, and can be away."""

    away = False

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    async def buckets(self, family: str, n: int) -> list[int]:
        return list(range(10, 10 - n, -1))

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[Changed | None]:
        if self.away:
            raise StoreUnavailable("away")
        self.asked.append(len(counters))
        return await super().changed_counts(counters, n, versions)


def test_nobody_waits_for_counts_that_are_some_seconds_old() -> None:
    async def scene() -> None:
        store, now = _Watched(), 0
        counted = Counted(store, Numbers(), lambda: now)

        async def most() -> float:
            (found,) = await counted.read([(COVISITATION, "a")], Deadline(1.0))
            return float(found.times.max())

        assert await most() == 3
        store.members = {"b": 5}
        assert await most() == 3
        now = 1000
        assert await most() == 3, "it was read anew in the answer"
        await counted.settled()
        assert await most() == 5
        store.away, now = True, 9000
        assert await most() == 5
        await counted.settled()
        assert await most() == 5
        now = 11_000
        with pytest.raises(StoreUnavailable):
            await most()

    asyncio.run(scene())


def test_what_is_long_over_is_read_rarely() -> None:
    async def scene() -> None:
        store, now = _Watched(), 0
        counted = Counted(store, Numbers(), lambda: now)
        for now in range(0, 40_000, 1000):
            store.members = {"b": 2 ** (now // 1000)}
            await counted.read([(COVISITATION, "a")], Deadline(1.0))
            await counted.settled()
        assert (store.asked[0], set(store.asked[1:30]), store.asked[30]) == (8, {2}, 8)

    asyncio.run(scene())


def test_what_hardly_changes_is_read_less_and_less_often_until_it_moves() -> None:
    async def scene() -> None:
        store, now, read_at = _Watched(), 0, list[int]()
        counted = Counted(store, Numbers(), lambda: now)
        for now in range(0, 300_000, 1000):
            store.members = {"b": 1000} if now < 200_000 else {"b": now}
            read = len(store.asked)
            await counted.read([(COVISITATION, "a")], Deadline(1.0))
            await counted.settled()
            read_at += [now // 1000] * (len(store.asked) - read)
        assert read_at[:8] == [0, 1, 3, 7, 15, 31, 63, 127], "twice as long each time, 64 s at most"
        assert read_at[8:11] == [191, 255, 256], "it moved, so it's looked at again after a second"

    asyncio.run(scene())


def test_a_reading_that_takes_long_is_followed_by_a_rest() -> None:
    async def scene() -> None:
        store, now, asked_at = _Watched(), 0, list[int]()

        def clock() -> int:
            return now + 500 * (len(store.asked) > 1)  # the reading behind the first answer takes half a second

        counted = Counted(store, Numbers(), clock)
        for now in range(0, 6000, 500):
            store.members = {"b": 2 ** (now // 500)}
            asked = len(store.asked)
            await counted.read([(COVISITATION, "a")], Deadline(1.0))
            await counted.settled()
            asked_at += [now] * (len(store.asked) - asked)
        assert asked_at[:2] == [0, 1000]
        assert asked_at[2] >= 1500 + 4 * 500 - 500, "not before four times as long has passed"

    asyncio.run(scene())
