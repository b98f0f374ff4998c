"""Shared counts as a process remembers them."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from contracts.errors import StoreUnavailable
from online.answer import counted as module
from online.answer.counted import Counted
from online.answer.deadline import Deadline
from online.answer.numbers import Numbers
from online.learn.counts import COVISITATION, TRENDING, Family
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
        (found,) = await counted.read([(COVISITATION, "a")], Deadline(60.0))
        assert (found.numbers.tolist(), found.times.tolist()) == ([0], [3.0])
        store.members = {}
        (found,) = await counted.read([(COVISITATION, "a")], Deadline(60.0))
        assert not len(found.numbers)

    asyncio.run(scene())


def test_memory_is_bounded_by_counters_and_what_was_wanted_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 100)

    async def scene() -> None:
        counted = Counted(_Emptied(), Numbers(), lambda: 0)
        for number in range(200):
            await counted.read([(COVISITATION, "often"), (TRENDING, f"place={number}")], Deadline(60.0))
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
            (found,) = await counted.read([(COVISITATION, "a")], Deadline(60.0))
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
            await counted.read([(COVISITATION, "a")], Deadline(60.0))
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
            await counted.read([(COVISITATION, "a")], Deadline(60.0))
            await counted.settled()
            read_at += [now // 1000] * (len(store.asked) - read)
        assert read_at[:8] == [0, 1, 3, 7, 15, 31, 63, 127], "twice as long each time, 64 s at most"
        assert read_at[8:11] == [191, 255, 256], "it moved, so it's looked at again after a second"

    asyncio.run(scene())


def test_what_grows_by_little_is_read_at_an_even_pace() -> None:
    async def scene() -> None:
        store, now, read_at = _Watched(), 0, list[int]()
        counted = Counted(store, Numbers(), lambda: now)
        for now in range(0, 100_000, 1000):
            store.members = {"b": round(10_000 * 1.016 ** (now / 1000))}
            read = len(store.asked)
            await counted.read([(COVISITATION, "a")], Deadline(60.0))
            await counted.settled()
            read_at += [now // 1000] * (len(store.asked) - read)
        assert {later - at for at, later in pairwise(read_at[4:])} == {8}, "by 14%"

    asyncio.run(scene())


def test_a_reading_is_followed_by_a_rest_and_what_is_met_meanwhile_is_read_by_the_next() -> None:
    async def scene() -> None:
        store, now, took = _Watched(), 0, 20
        counted = Counted(store, Numbers(), lambda: now + took * len(store.asked))
        names = [(COVISITATION, f"i{number}") for number in range(100)]
        await counted.read(names, Deadline(60.0))

        async def met(at: int, *some: tuple[Family, str]) -> list[int]:
            nonlocal now
            now = at
            store.asked.clear()
            for one in some:
                await counted.read([one], Deadline(60.0))
                await counted.settled()
            return list(store.asked)

        assert await met(2000, *names) == [2], "the first alone: it rests for four times as long as it took"
        assert await met(2079, names[0]) == []
        assert await met(2101, names[0]) == [2 * 64], "and what comes next isn't as much as there is"
        took = 5000
        assert await met(2201, names[0]) == [2 * 35]
        assert await met(7300, names[0]) == [], "not long over"
        assert await met(7302, names[0]) == [2], "however long it took, a tenth of a second"

    asyncio.run(scene())
