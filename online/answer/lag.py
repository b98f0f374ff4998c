"""How far the stream is behind, as its workers last said of themselves."""

from collections.abc import Callable
from typing import Final, NamedTuple

from contracts.errors import StoreUnavailable
from online.answer.deadline import Deadline
from online.store.protocol import Heartbeat, Store

SILENCE_MS: Final = 10_000
_CACHED_MS: Final = 1000


class Lag(NamedTuple):
    """Events behind (None: unknown) and, where a worker is silent, why that makes the answer worse."""

    events: int | None
    degraded: list[str]


class Stream:
    """The workers' heartbeats, read at most once a second."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._read_at = -_CACHED_MS
        self._beats: dict[int, Heartbeat] = {}

    async def of(self, partition: int, deadline: Deadline) -> Lag:
        """One partition's; of a store that is away it says what whoever reads the user says, too."""
        try:
            await self._refresh(deadline)
        except StoreUnavailable as error:
            return Lag(None, [f"store: {error}"])
        beat = self._beats.get(partition)
        if beat is None:
            return Lag(None, ["stream: no worker has been heard of yet"])
        silent = self._clock() - beat.time
        late = (
            [f"stream: partition {partition} was last heard of {silent // 1000} s ago"] if silent > SILENCE_MS else []
        )
        lost = [] if beat.lost is None else [f"state: being made again, {beat.position:,} of {beat.lost:,} events"]
        return Lag(max(0, beat.end - beat.position), [*late, *lost])

    async def whole(self, deadline: Deadline) -> Lag:
        """Of all partitions together."""
        try:
            await self._refresh(deadline)
        except StoreUnavailable as error:
            return Lag(None, [f"store: {error}"])
        parts = [await self.of(partition, deadline) for partition in self._beats]
        reasons = [reason for part in parts for reason in part.degraded]
        return Lag(sum(part.events or 0 for part in parts) if parts else None, reasons)

    async def _refresh(self, deadline: Deadline) -> None:
        if not 0 <= self._clock() - self._read_at < _CACHED_MS:
            self._beats = {beat.partition: beat for beat in await deadline.read(self._store.heartbeats())}
            self._read_at = self._clock()
