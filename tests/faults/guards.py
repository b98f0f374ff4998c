"""Each guard of the scheme "Once", and how to take it out in a worker's process, to see that the harness notices."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from faust.types import TP

from online.learn.fold import Working
from online.learn.learner import Learner
from online.learn.partition import Partition
from online.store import scripts
from online.store.recent import RecentIds
from stream.agents import Keeper
from stream.transport import Chunk, Consumer
from tests.faults.calls import without_fence


def fence() -> None:
    """Nothing is compared: neither in the store before it's written, nor by the worker that reads."""
    for name in ("WRITE_SHARD", "ADD_COUNTS", "WRITE_CALIBRATOR"):
        setattr(scripts, name, without_fence(getattr(scripts, name)))

    def unchecked(self: Partition, *parts: Any) -> None:
        return

    Partition._check = unchecked  # type: ignore[method-assign, assignment]  # fails in the type check when the name moves
    Partition._check_calibrator = unchecked  # type: ignore[method-assign, assignment]


def window() -> None:
    """No id is remembered."""
    whole: Callable[..., None] = Working.__init__

    class Nothing(RecentIds):
        def __contains__(self, event_id: str) -> bool:
            return False

    def forgetful(self: Working, *parts: Any) -> None:
        whole(self, *parts)
        self._ids = Nothing()

    Working.__init__ = forgetful  # type: ignore[method-assign, assignment]


def seek() -> None:
    """Reading starts where the group committed, not where the store stands."""

    async def nowhere(self: Consumer, partition: TP, offset: int) -> None:
        return

    Consumer.seek = nowhere  # type: ignore[method-assign, assignment]


def sweep() -> None:
    """Idle shards are neither looked at nor moved up."""

    async def nothing(self: Learner, number: int) -> None:
        return

    Learner.sweep = nothing  # type: ignore[method-assign]


def acknowledgement() -> None:
    """A chunk is acknowledged when it comes, not when it's written."""
    take = Keeper.take
    running: set[asyncio.Task[bool]] = set()

    async def at_once(self: Keeper, consumer: Consumer, tp: TP, chunks: Sequence[Chunk]) -> bool:
        task = asyncio.create_task(take(self, consumer, tp, chunks))
        running.add(task)
        task.add_done_callback(running.discard)
        return True

    Keeper.take = at_once  # type: ignore[method-assign]


GUARDS: Final[Mapping[str, Callable[[], None]]] = {
    guard.__name__: guard for guard in (fence, window, seek, sweep, acknowledgement)
}
