"""One shard, read in order: asked no oftener than it may be, and not at all while Kafka doesn't take what was read."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from contracts.errors import IteratorExpired, SourceThrottled, SourceUnavailable
from stream.sources.kinesis import place
from stream.sources.kinesis.aws import Aws
from stream.sources.kinesis.held import Held
from stream.sources.kinesis.metrics import Metrics
from stream.sources.kinesis.onward import Onward
from stream.sources.kinesis.parcels import parcels
from stream.sources.kinesis.patience import pauses
from stream.sources.kinesis.shards import Stream
from stream.sources.kinesis.taken import Origin

log = logging.getLogger("moodstream.kinesis")
LEAST_S: Final = 0.25
"""Between two requests: a shard answers five a second to all who read it, so one is left to others."""
_MOST_S: Final = 1.0
"""Between two requests of an idle shard."""
_BYTES_A_SECOND: Final = 2 * 1024 * 1024
"""What a shard gives before it throttles."""
_AT_ONCE: Final = 10_000
_CHECKPOINT_S: Final = 1.0


class Reader:
    """Reads from the lease's place until the shard ends, another has it, or it's to be given away."""

    def __init__(
        self, aws: Aws, stream: Stream, held: Held, onward: Onward, metrics: Metrics, now: Callable[[], int]
    ) -> None:
        self._aws = aws
        self._stream = stream
        self._held = held
        self._onward = onward
        self._metrics = metrics
        self._now = now
        self._origin = Origin(stream, held.shard)
        self._iterator: str | None = None
        self._idle_s = LEAST_S
        self._checkpointed = time.monotonic()

    async def run(self) -> bool:
        """Whether the shard was read to its end; raises `LeaseLost`, `SourceGone`."""
        waits = pauses()
        while not self._held.wanted.is_set():
            self._held.check()
            began = time.monotonic()
            try:
                answer = await self._ask()
            except IteratorExpired:
                self._iterator = None
                self._metrics.reads["expired"] += 1
                continue
            except SourceUnavailable as error:
                self._tell(error)
                await self._rest(next(waits))
                continue
            waits = pauses()
            self._metrics.tell(self._held.shard, answer.get("MillisBehindLatest", 0))
            if not await self._take(answer["Records"]):
                return False
            self._iterator = answer.get("NextShardIterator")
            if self._iterator is None:
                return True
            await self._rest(self._pause(answer) - (time.monotonic() - began))
        return False

    async def _ask(self) -> dict[str, Any]:
        if self._iterator is None:
            where = place.iterator(self._held.place)
            found = await self._aws.kinesis(
                "get_shard_iterator", StreamName=self._stream.name, ShardId=self._held.shard, **where
            )
            self._iterator = found["ShardIterator"]
        return await self._aws.kinesis("get_records", ShardIterator=self._iterator, Limit=_AT_ONCE)

    async def _take(self, records: Sequence[dict[str, Any]]) -> bool:
        """Hand records on, with checkpoints; False where the shard is to be given away before all of them were."""
        self._metrics.reads["records" if records else "empty"] += 1
        start, now = self._held.place, self._now()
        taken = (one for record in records for one in self._origin.take(record, start, now))
        for parcel in parcels(taken, lambda key: self._held.since[key]):
            await self._onward([one.outgoing for one in parcel.taken], self._held.check)
            self._held.advance(parcel.taken)
            letters = sum(one.is_letter for one in parcel.taken)
            self._metrics.records["handed on"] += len(parcel.taken) - letters
            self._metrics.records["dead letter"] += letters
            if parcel.is_full or time.monotonic() - self._checkpointed > _CHECKPOINT_S:
                await self._held.checkpoint_surely()
                self._checkpointed = time.monotonic()
            if self._held.wanted.is_set():
                return False
        return True

    def _pause(self, answer: dict[str, Any]) -> float:
        """Seconds between two requests: by how much the last one brought, and longer each time that it's nothing."""
        if answer["Records"] or answer.get("MillisBehindLatest", 0):
            self._idle_s = LEAST_S
            return max(LEAST_S, sum(len(record["Data"]) for record in answer["Records"]) / _BYTES_A_SECOND)
        self._idle_s = min(1.5 * self._idle_s, _MOST_S)
        return self._idle_s

    def _tell(self, error: SourceUnavailable) -> None:
        self._metrics.reads["throttled" if isinstance(error, SourceThrottled) else "failed"] += 1
        if not isinstance(error, SourceThrottled):
            log.warning("%s waits: %s", self._held.shard, error)

    async def _rest(self, seconds: float) -> None:
        """Wait so long, but not for who is to give the shard away."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._held.wanted.wait()
            except TimeoutError:
                return
