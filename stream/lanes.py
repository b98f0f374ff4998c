"""Partitions are taken in beside each other; what has come for one meanwhile is taken in together.

Faust hands over one chunk after the other, each as it was fetched: under load many small ones, which would wait for
each other longer than they take together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Sized
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from faust.types import TP

T = TypeVar("T")
_WAITING: Final = 64
"""Chunks of one partition; more are left with the fetcher, which makes larger ones of them."""
TOGETHER: Final = 500
"""Records from which on nothing is added to them."""


class Lanes(Generic[T]):
    """Takes what it's given partition by partition, each in its order; `records` are those that one holds."""

    def __init__(self, take: Callable[[TP, Sequence[T]], Awaitable[None]], records: Callable[[T], Sized]) -> None:
        self._take = take
        self._records = records
        self._queues: dict[TP, asyncio.Queue[T]] = {}
        self._work: list[asyncio.Task[None]] = []

    async def put(self, tp: TP, one: T) -> None:
        """Have it taken after all others of its partition; raises what taking raised."""
        for work in self._work:
            if work.done():
                work.result()
        if tp not in self._queues:
            self._queues[tp] = asyncio.Queue(_WAITING)
            self._work.append(asyncio.create_task(self._follow(tp, self._queues[tp])))
        await self._queues[tp].put(one)

    async def _follow(self, tp: TP, queue: asyncio.Queue[T]) -> None:
        while True:
            together = [await queue.get()]
            while not queue.empty() and sum(len(self._records(one)) for one in together) < TOGETHER:
                together.append(queue.get_nowait())
            await self._take(tp, together)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
