"""One bundle's whole way along the log, from where it was left; what it leaves when it arrives, or is stopped."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from threadpoolctl import threadpool_limits

from batch.digest import digest_of
from batch.evaluate.targets import Targets
from batch.prequential import Along, Known
from contracts.settings import Settings
from model.bundle import Bundle
from model.shelf import Shelf
from model.whole_file import write_whole
from moodstream.replay.kept import InMemory, InRedis, Kept, Start
from moodstream.replay.outcomes import Findings
from moodstream.replay.pace import Pace
from moodstream.replay.plan import Plan
from moodstream.replay.spool import Spooled, records
from online.learn.enrich import Enricher
from online.store.redis import connect

CHECKPOINT: Final = "checkpoint"
_DONE: Final = "done.json"
_TELL: Final = 100
_NAP_S: Final = 0.2
"""How long at most nobody looks whether it's to be stopped."""


class Arrived(msgspec.Struct, frozen=True):
    """What a bundle that came to the log's end left, beside its outcomes."""

    state_digest: str
    refused: int
    """Records that are no events."""
    records: int
    """That were learned in this run of the command, and not before it was stopped."""
    seconds: float
    asking_s: float
    """Of them, what went into answers."""


class Work(NamedTuple):
    """What the processes of one replay work on."""

    settings: Settings
    plan: Plan
    folder: Path
    log: Spooled
    speed: float


Tell = Callable[[int], None]
"""Hears how many records lie behind."""
Stopped = Callable[[], bool]


def go(work: Work, number: int, tell: Tell, stopped: Stopped) -> Arrived | None:
    """Replay with the so many-th bundle; None where it was stopped. Arriving again costs nothing."""
    folder = work.folder / f"{number}"
    folder.mkdir(exist_ok=True)
    try:
        arrived = msgspec.json.decode((folder / _DONE).read_bytes(), type=Arrived)
    except FileNotFoundError:
        with threadpool_limits(1):
            found = asyncio.run(_Way(work, number, folder, tell, stopped).go())
        if found is not None:
            write_whole(folder / _DONE, msgspec.json.encode(found))
        return found
    tell(work.log.records)
    return arrived


class _Way:
    def __init__(self, work: Work, number: int, folder: Path, tell: Tell, stopped: Stopped) -> None:
        self._work = work
        self._number = number
        self._folder = folder
        self._tell = tell
        self._stopped = stopped

    async def go(self) -> Arrived | None:
        bundle = Shelf(self._work.settings.bundles_url).load(self._work.plan.bundles[self._number])
        with Findings(self._folder) as found:
            async with self._kept(found.known) as kept:
                return await self._go(bundle, kept, found)

    async def _go(self, bundle: Bundle, kept: Kept, found: Findings) -> Arrived | None:
        plan, began = self._work.plan, time.monotonic()
        replay, start = await kept.begin(bundle, Enricher(self._work.settings.geoip))
        found.keep(start.known)
        along = Along(replay, Targets(plan.repeats, every=plan.every), start.known)
        whole = await self._along(along, start, kept, found)
        await along.learn()
        if not whole:
            await kept.stand(replay, Start(along.place, found.known))
            return None
        await replay.learner.sweep(0)
        digest, seconds = await digest_of(replay.store), time.monotonic() - began
        return Arrived(digest, along.refused, along.place - start.place, round(seconds, 3), round(along.asking_s, 3))

    async def _along(self, along: Along, start: Start, kept: Kept, found: Findings) -> bool:
        """To the end, or until it's stopped: False then."""
        pace, log = Pace(self._work.speed), self._work.log
        for raw in records(self._work.folder):
            scored = raw.offset >= log.scored_from
            if raw.offset < start.place:
                along.pass_over(raw, scored=scored)
                continue
            if raw.offset % _TELL == 0:
                self._tell(raw.offset)
            if kept.due:
                await along.learn()
                await kept.stand(along.replay, Start(along.place, found.known))
            if (scored and not await self._due(along, pace, raw.time)) or self._stopped():
                return False
            if one := await along.step(raw, scored=scored):
                found.add(one)
        self._tell(log.records)
        return True

    async def _due(self, along: Along, pace: Pace, arrival: int) -> bool:
        """Wait until the next record is due, everything before it learned; False where it was stopped meanwhile."""
        if pace.wait_s(arrival):
            await along.learn()
        while wait := pace.wait_s(arrival):
            if self._stopped():
                return False
            await asyncio.sleep(min(wait, _NAP_S))
        return True

    @asynccontextmanager
    async def _kept(self, known: Known) -> AsyncIterator[Kept]:
        settings, namespace = self._work.settings, self._work.plan.namespace_of(self._number)
        if not namespace:
            yield InMemory(self._folder / CHECKPOINT, known)
            return
        store = connect(settings.redis or "", namespace, cluster=settings.redis_cluster)
        try:
            yield InRedis(store, known)
        finally:
            await store.close()
