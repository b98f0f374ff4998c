"""Between Faust's agent and the learner: each partition by itself and in order, and what waits is taken together."""

import asyncio
from collections.abc import Sequence

import pytest
from faust.types import TP

from stream.lanes import TOGETHER, Lanes

ONE, TWO = TP("t", 0), TP("t", 1)


def test_partitions_wait_for_themselves_only_and_what_came_meanwhile_is_taken_together() -> None:
    async def scene() -> None:
        taken: list[tuple[TP, list[int]]] = []
        goes_on = asyncio.Event()

        async def take(tp: TP, chunks: Sequence[range]) -> None:
            if tp == ONE:
                await goes_on.wait()
            taken.append((tp, [number for chunk in chunks for number in chunk]))

        async with Lanes(take, len) as lanes:
            for start in (0, 3, 6):
                await lanes.put(ONE, range(start, start + 3))
                await lanes.put(TWO, range(start, start + 3))
                await _others()
            assert taken == [(TWO, [0, 1, 2]), (TWO, [3, 4, 5]), (TWO, [6, 7, 8])]
            goes_on.set()
            await _others()
            assert taken[3:] == [(ONE, [0, 1, 2]), (ONE, [3, 4, 5, 6, 7, 8])]

    asyncio.run(scene())


def test_a_batch_is_bounded() -> None:
    async def scene() -> None:
        taken: list[int] = []

        async def take(tp: TP, chunks: Sequence[range]) -> None:
            taken.append(sum(map(len, chunks)))
            await asyncio.sleep(0)

        async with Lanes(take, len) as lanes:
            for _ in range(60):
                await lanes.put(ONE, range(100))
            while sum(taken) < 6000:
                await _others()
        assert max(taken) == TOGETHER

    asyncio.run(scene())


def test_what_goes_wrong_is_told_and_nothing_is_left_at_work() -> None:
    async def scene() -> None:
        async def take(tp: TP, chunks: Sequence[range]) -> None:
            raise ValueError("wrong")

        async with Lanes(take, len) as lanes:
            await lanes.put(ONE, range(1))
            await _others()
            with pytest.raises(ValueError, match="wrong"):
                await lanes.put(TWO, range(1))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scene())


async def _others() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
