"""What the worker does with a chunk: learn, keep for the lake, acknowledge; and what it does when it may not write."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from faust.types import TP

from contracts.errors import Fenced, MoodstreamError
from contracts.topics import EVENTS, ITEMS, Topic
from online.lake.write import LakeWriter
from online.learn.learner import Learner
from online.learn.outgoing import Raw
from online.store.protocol import Heartbeat, Store
from stream.items import CatalogueKeeper
from stream.transport import Chunk, Consumer

log = logging.getLogger("moodstream.stream")
_FIRST_WAIT_S = 0.05
_MAX_WAIT_S = 5.0


class Keeper:
    """The owner of this worker's partitions: the learner, the catalogue and the lake's files of each."""

    def __init__(  # wired once, by `stream.app`
        self,
        learner: Learner,
        catalogue: CatalogueKeeper,
        store: Store,
        lake: Callable[[str, int], LakeWriter],
        ids: Callable[[], dict[Topic, str]],
        namespace: str,
    ) -> None:
        self.learner = learner
        self._catalogue = catalogue
        self._store = store
        self._lake = lake
        self._ids = ids
        self._events = EVENTS.full_name(namespace)
        self._items = ITEMS.full_name(namespace)
        self._incarnations: dict[Topic, str] = {}
        self._writers: dict[int, LakeWriter] = {}
        self._ends: dict[int, int] = {}
        self._turn = 0

    async def assigned(self, tps: set[TP]) -> dict[TP, int]:
        """Own exactly these partitions; waits for the store, and returns where to read each from."""
        await self.flush()
        before, self._incarnations = self._incarnations, await asyncio.to_thread(self._ids)
        if before != self._incarnations:  # a topic was made again: its files go elsewhere
            self._writers.clear()
        mine = {tp.partition for tp in tps if tp.topic == self._events}
        self.learner.revoke(set(self._writers) - mine)
        self._writers = {number: self._writers[number] for number in mine & set(self._writers)}
        return {tp: await self._until_it_works(self._start_at, tp) for tp in tps}

    async def _start_at(self, tp: TP) -> int:
        if tp.topic == self._items:
            return await self._catalogue.start_at(tp.partition, self._incarnations[ITEMS])
        incarnation = self._incarnations[EVENTS]
        needed = await self.learner.assign(tp.partition, incarnation)
        if tp.partition not in self._writers:
            writer = await asyncio.to_thread(self._lake, incarnation, tp.partition)
            self._writers[tp.partition] = writer
            needed = min(needed, writer.position())
        log.info("partition %d: reading from %d, the first that states or lake need", tp.partition, needed)
        return needed

    async def _until_it_works(self, call: Callable[[TP], Awaitable[int]], tp: TP) -> int:
        wait = _FIRST_WAIT_S
        while True:
            try:
                return await call(tp)
            except MoodstreamError as error:
                if not error.retriable:
                    raise
                log.warning("partition %d waits: %s", tp.partition, error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _MAX_WAIT_S)

    async def take(self, consumer: Consumer, tp: TP, chunk: Chunk) -> None:
        """Take in a chunk; when the store says that we're not where we thought, read again from where it stands."""
        first = chunk.records[0].offset
        wait = _FIRST_WAIT_S
        while chunk.generation == consumer.generation:
            try:
                await self._take(tp, chunk)
                return
            except MoodstreamError as error:
                if not error.retriable:
                    raise
                log.warning("partition %d steps back: %s", tp.partition, error)
                self.learner.tally[type(error).__name__] += 1
            await asyncio.sleep(wait)
            wait = min(2 * wait, _MAX_WAIT_S)
            start = await self._until_it_works(self._start_at, tp)
            if start < first:
                self.learner.tally["seeks_back"] += 1
                await consumer.seek_back(tp, start)

    async def _take(self, tp: TP, chunk: Chunk) -> None:
        if tp.topic == self._items:
            raws = [Raw(ITEMS, tp.partition, r.offset, r.timestamp, r.value or b"") for r in chunk.records]
            await self._catalogue.keep(tp.partition, self._incarnations[ITEMS], raws, now())
        elif tp.partition in self._writers:
            raws = [Raw(EVENTS, tp.partition, r.offset, r.timestamp, r.value or b"") for r in chunk.records]
            rows = await self.learner.learn(tp.partition, raws)
            self._writers[tp.partition].add(rows, raws[-1].offset)
            self._ends[tp.partition] = max(chunk.end, raws[-1].offset + 1)

    async def beat(self) -> None:
        """Tell serving that this worker lives, and how far it is."""
        for number, position in self.learner.positions().items():
            end = max(self._ends.get(number, 0), position)
            await self._store.beat(Heartbeat(number, position, end, now()))

    async def sweep(self, consumer: Consumer) -> None:
        """Advance the idle shards of the next partition in turn, so that no event waits for a sweep of all.

        That also finds a store that went back while nothing happened: read from there.
        """
        if not self._writers:
            return
        number = sorted(self._writers)[self._turn % len(self._writers)]
        self._turn += 1
        try:
            await self.learner.sweep(number)
        except Fenced as error:
            tp = TP(self._events, number)
            log.warning("partition %d steps back: %s", number, error)
            await consumer.seek_back(tp, await self._until_it_works(self._start_at, tp))

    async def move_idle(self) -> None:
        """Make all idle users' states again for the bundle in force."""
        for number in list(self._writers):
            await self.learner.move_all(number)

    async def flush(self) -> None:
        """Write what the lake has not yet."""
        for writer in list(self._writers.values()):
            await asyncio.to_thread(writer.flush)


def now() -> int:
    return int(time.time() * 1000)
