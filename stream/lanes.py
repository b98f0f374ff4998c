"""Partitions are taken in beside each other; what has come for one meanwhile is taken in together.

Faust hands over one chunk after the other, each as it was fetched: under load many small ones, which would wait for
each other longer than they take together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from faust.types import TP

T = TypeVar("T")
TOGETHER: Final = 2000
"""The weight of what waits of one partition from which on nothing is added: the fetcher holds back the rest."""


class Lanes(Generic[T]):
    """Takes what it's given partition by partition, each in its order; `weight` says how much one is."""

    def __init__(self, take: Callable[[TP, Sequence[T]], Awaitable[None]], weight: Callable[[T], int]) -> None:
        self._take = take
        self._weight = weight
        self._lanes: dict[TP, _Lane[T]] = {}
        self._work: list[asyncio.Task[None]] = []

    async def put(self, tp: TP, one: T) -> None:
        """Have it taken after all others of its partition; raises what taking raised."""
        for work in self._work:
            if work.done():
                work.result()
        if tp not in self._lanes:
            self._lanes[tp] = _Lane()
            self._work.append(asyncio.create_task(self._follow(tp, self._lanes[tp])))
        await self._lanes[tp].put(one, self._weight(one))

    async def _follow(self, tp: TP, lane: "_Lane[T]") -> None:
        while True:
            await self._take(tp, await lane.all())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)


class _Lane(Generic[T]):
    """What waits for one partition."""

    def __init__(self) -> None:
        self._waiting: list[T] = []
        self._weight = 0
        self._changed = asyncio.Condition()

    async def put(self, one: T, weight: int) -> None:
        """Waits while enough others do."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._weight < TOGETHER)
            self._waiting.append(one)
            self._weight += weight
            self._changed.notify_all()

    async def all(self) -> Sequence[T]:
        """All that wait; waits for one."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._waiting))
            found, self._waiting, self._weight = self._waiting, [], 0
            self._changed.notify_all()
            return found
