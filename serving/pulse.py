"""What the stream does, told once a second to all pages that watch: made once for all, and only while some do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec

from contracts.errors import KafkaUnavailable, StoreUnavailable
from online.answer.deadline import Deadline
from online.answer.library import Library
from online.store.protocol import Heartbeat, Store
from serving.heard import AT_ONCE, Heard, Tail, heard

STREAM: Final = "/v1/live/stream"
EVERY_S: Final = 1.0
WATCHERS: Final = 64
"""Pages that may watch one process at once."""
TOLD: Final = 6
"""Events that one beat tells of."""
_SILENT_MS: Final = 10_000
_log = logging.getLogger(__name__)


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """The stream at one moment, all partitions together."""

    time: int
    """UTC ms."""
    bundle: str
    """The current one's version."""
    partitions: int = 0
    """Of which a worker was ever heard."""
    silent: int = 0
    """Of these, those of which nothing was heard for ten seconds."""
    lag: int | None = None
    """Records that the stream has yet to take in; None where the store is away or no worker was heard of."""
    rate: float | None = None
    """Records taken in a second, impressions too, between the workers' last two words."""
    watching: int = 0
    degraded: list[str] = []
    heard: list[Heard] = []
    """Some of what was taken in since the beat before."""


class Rate:
    """Records a second, from where the workers say that they are."""

    def __init__(self) -> None:
        self._last: dict[int, Heartbeat] = {}
        self._rates: dict[int, float] = {}

    def of(self, beats: list[Heartbeat], now: int) -> float | None:
        """All partitions together; None before each was heard of twice."""
        for beat in beats:
            last = self._last.setdefault(beat.partition, beat)
            if beat.time > last.time:
                self._rates[beat.partition] = max(0, beat.position - last.position) / (beat.time - last.time) * 1000
                self._last[beat.partition] = beat
            elif now - beat.time > _SILENT_MS:
                self._rates[beat.partition] = 0.0
        return round(sum(self._rates.values()), 1) if self._rates else None


class Pulse:
    """Server-sent events for any number of pages, at the price of one."""

    def __init__(
        self, store: Store, library: Library, tail: Tail | None, clock: Callable[[], int], wait_s: float
    ) -> None:
        self._store = store
        self._library = library
        self._tail = tail
        self._clock = clock
        self._wait_s = wait_s
        self._rate = Rate()
        self._told: dict[int, int] = {}
        """Up to where in each partition was told of what was heard."""
        self._frame = b""
        self._fresh = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self._ended = False
        self.watching = 0

    @property
    def is_full(self) -> bool:
        """Whether one more would be too many."""
        return self.watching >= WATCHERS

    async def frames(self) -> AsyncIterator[bytes]:
        """The newest beat whenever there is one, until `end`; who reads slowly misses some, and holds up nobody."""
        self.watching += 1
        try:
            if self._beating is None or self._beating.done():
                self._frame = b""
                self._beating = asyncio.create_task(self._beat())
            seen = b""
            while not self._ended:
                if self._frame != seen:
                    seen = self._frame
                    yield seen
                else:
                    await self._fresh.wait()
        finally:
            self.watching -= 1

    def end(self) -> None:
        """No more beats: every stream ends, so that the server can."""
        self._ended = True
        self._fresh.set()

    async def close(self) -> None:
        """End, and let go of what was read from."""
        self.end()
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        if self._tail is not None:
            await self._tail.close()

    async def _beat(self) -> None:
        """While somebody watches."""
        self._rate, self._told = Rate(), {}
        while self.watching and not self._ended:
            try:
                self._frame = b"data: " + msgspec.json.encode(await self._now()) + b"\n\n"
            except Exception:
                _log.exception("a beat of the live page failed; the next one is tried")
            fresh, self._fresh = self._fresh, asyncio.Event()
            fresh.set()
            await asyncio.sleep(EVERY_S)

    async def _now(self) -> Beat:
        now, reasons = self._clock(), self._library.reasons()
        beats: list[Heartbeat] | None = None
        try:
            beats = await Deadline(self._wait_s).read(self._store.heartbeats())
        except StoreUnavailable as error:
            reasons.append(f"store: {error}")
        return Beat(
            time=now,
            bundle=self._library.current.version,
            partitions=len(beats or ()),
            silent=sum(now - beat.time > _SILENT_MS for beat in beats or ()),
            lag=sum(max(0, beat.end - beat.position) for beat in beats) if beats else None,
            rate=self._rate.of(beats, now) if beats else None,
            watching=self.watching,
            heard=await self._heard(beats or [], reasons),
            degraded=reasons,
        )

    async def _heard(self, beats: list[Heartbeat], reasons: list[str]) -> list[Heard]:
        """A few of what was taken in since the last beat, of the partitions that moved."""
        moved = {beat.partition: beat.position for beat in beats if beat.position > self._told.get(beat.partition, 0)}
        places = dict(sorted(moved.items(), key=lambda one: self._told.get(one[0], 0) - one[1])[:AT_ONCE])
        if self._tail is None or not places:
            return []
        try:
            records = await self._tail.read(places, {partition: self._told.get(partition, 0) for partition in places})
        except KafkaUnavailable as error:
            reasons.append(f"kafka: {error}")
            return []
        if records:  # else the log had no time: it is looked at again
            self._told |= moved
        return heard(records, self._library.current)[-TOLD:]
