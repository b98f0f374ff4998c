"""What the worker does with a chunk: learn, keep for the lake, acknowledge; and what it does when it may not write."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from aiokafka.errors import KafkaError
from faust.types import TP

from contracts.errors import EpochEnded, Fenced, LogWentBack, MoodstreamError, Unavailable
from contracts.request import request_of
from contracts.topics import EVENTS, ITEMS, Topic
from online.lake.replay import Life
from online.lake.write import LakeWriter
from online.learn.course import Course, Stretch
from online.learn.learner import Learner
from online.learn.outgoing import Raw
from online.store.protocol import Heartbeat, Store
from stream.items import CatalogueKeeper
from stream.look import Look
from stream.metrics import Metrics
from stream.refill import Refills
from stream.transport import Chunk, Consumer
from stream.waits import Waits

log = logging.getLogger("moodstream.stream")
_OWED: Final = 300_000
"""Rows that the lake may owe, of all partitions: some 200 MB."""


class Keeper:
    """The owner of this worker's partitions: the learner, the catalogue and the lake's files of each."""

    def __init__(  # wired once, by `stream.app`
        self,
        learner: Learner,
        catalogue: CatalogueKeeper,
        store: Store,
        lake: Callable[[Stretch], LakeWriter],
        refills: Refills,
        look: Callable[[], Look],
        namespace: str,
        metrics: Metrics,
    ) -> None:
        self.learner = learner
        self._catalogue = catalogue
        self._store = store
        self._lake = lake
        self._refills = refills
        self._look = look
        self._metrics = metrics
        account = learner.account
        metrics.events, metrics.items, metrics.tally = account.events, catalogue.tally, learner.tally
        metrics.letters, metrics.alarms = (account.letters, catalogue.letters), learner.alarms
        metrics.quality = account.quality
        self._events = EVENTS.full_name(namespace)
        self._items = ITEMS.full_name(namespace)
        self._incarnations: dict[Topic, str] = {}
        self._course = Course.of("", 1)
        self._writers: dict[int, LakeWriter] = {}
        self._stretches: dict[int, Stretch] = {}
        """What each of the writers' partitions is in."""
        self._expected: dict[TP, int] = {}
        """No chunk begins before this offset, unless Kafka lost what it had or the topic was made again."""
        self._waits = Waits()
        self._turn = 0

    async def place(self, assigned: set[TP], unplaced: set[TP]) -> dict[TP, int]:
        """Own exactly the assigned partitions, and say where to read the unplaced ones from.

        Those are left out, and asked for again, whose lost states are being made again from the lake, and those that
        can't be read for now: of a store that doesn't answer, or whose states newer code has written.
        """
        mine = {tp.partition for tp in assigned if tp.topic == self._events}
        unplaced = {tp for tp in unplaced if tp.topic != self._events or not self._refills.is_under_way(tp.partition)}
        if not unplaced and mine == set(self._writers):
            return {}
        due, before = self._waits.due(unplaced), self._incarnations
        if not due and mine >= set(self._writers):
            return {}
        self._catalogue.own({tp.partition for tp in assigned if tp.topic == self._items})
        self.learner.revoke(set(self._writers) - mine)
        self._refills.keep_only(mine)
        await self.flush_quietly()
        self._writers = {number: self._writers[number] for number in mine & set(self._writers)}
        if due and not await self._works(self._look_at_topics, due):
            return {}
        if before and before != self._incarnations:
            due = sorted(assigned)
        places: dict[TP, int] = {}
        for tp in due:
            await self._works(partial(self._place, tp, places), [tp])
        return places

    async def _works(self, work: Callable[[], Awaitable[None]], tps: Iterable[TP]) -> bool:
        """Whether it could be done for these partitions; where it couldn't, they wait."""
        try:
            await work()
        except MoodstreamError as error:
            for tp in tps:
                self._waits.put_off(tp)
                log.warning("%s partition %d must wait: %s", tp.topic, tp.partition, error)
            return False
        return True

    async def _look_at_topics(self) -> None:
        before, seen = self._incarnations, await asyncio.to_thread(self._look)
        self._incarnations, self._course = seen.ids, seen.course
        if before and before != self._incarnations:  # its files go elsewhere, its offsets start anew
            log.warning("a topic was made again")
            self.learner.revoke(list(self._writers))
            self._refills.keep_only(set())
            self._writers.clear()

    async def look_again(self, consumer: Consumer) -> None:
        """See whether a topic was made again under us: then all is read from where the store has the new one."""
        if self._incarnations and (await asyncio.to_thread(self._look)).ids != self._incarnations:
            consumer.read_again(*consumer.assignment())

    async def _place(self, tp: TP, places: dict[TP, int]) -> None:
        self._see_that_the_lake_follows(tp)
        if await self._is_whole(tp):
            self._expected[tp] = places[tp] = await self._start_at(tp)

    async def _is_whole(self, tp: TP) -> bool:
        """Whether Kafka has all that the partition's states lack; else they're made again from the lake from now on."""
        if tp.topic == self._items:
            return True
        if not self._refills.has_read(tp.partition):  # what it read is one epoch's: look whether it's the last
            await self._enter(tp.partition)
        stretch, writer = self._stretches[tp.partition], self._writers[tp.partition]
        whole = await self._refills.is_whole(tp.partition, Life(stretch.incarnation, writer.position()), stretch)
        return whole and not stretch.is_gone

    async def _enter(self, number: int) -> None:
        """Go to the epoch that the partition is in; raises `EpochEnded` where it must wait for others."""
        if number >= self._course.present.partitions:
            raise EpochEnded("it isn't open yet: moodstream topics scale opens what was added")
        stretch = await self.learner.due(self._course, number)
        if stretch is None:
            raise EpochEnded(self._course.too_few or "its users are still on their way in another partition")
        for earlier in self._course.stretches(number):
            if earlier.at < stretch.at and not earlier.is_gone and not await self._is_kept(earlier):
                stretch = earlier
                break
        if number not in self._writers or self._stretches[number].incarnation != stretch.incarnation:
            self._writers[number] = await asyncio.to_thread(self._lake, stretch)
        self._stretches[number] = stretch

    async def _is_kept(self, stretch: Stretch) -> bool:
        """Whether the lake has all of an epoch that is over."""
        return (await asyncio.to_thread(self._lake, stretch)).position() > stretch.last

    async def _start_at(self, tp: TP) -> int:
        if tp.topic == self._items:
            return await self._catalogue.start_at(tp.partition, self._incarnations[ITEMS])
        kept = self._writers[tp.partition].position()
        needed = min(await self.learner.assign(tp.partition, self._stretches[tp.partition], kept), kept)
        log.info("partition %d: reading from %d, the first that states or lake need", tp.partition, needed)
        return needed

    async def take(self, consumer: Consumer, tp: TP, chunks: Sequence[Chunk]) -> bool:
        """Take in consecutive chunks that are wanted. False when it failed: the partition is read again then, from the
        store's place.

        Never raises: an exception would end Faust's agent, which acknowledges what it had.
        """
        if not chunks:
            return True
        try:
            await self._take(tp, chunks)
        except Exception as error:
            if isinstance(error, MoodstreamError) and error.retriable:
                log.warning("partition %d is read again: %s", tp.partition, error)
            else:
                log.warning("partition %d is read again", tp.partition, exc_info=error)
            self._metrics.read_again(error)
            self._waits.put_off(tp)
            consumer.read_again(tp)
            return False
        self._waits.forget(tp)
        return True

    async def _take(self, tp: TP, chunks: Sequence[Chunk]) -> None:
        records = [record for chunk in chunks for record in chunk.records]
        first = records[0].offset
        if first < self._expected.get(tp, first + 1):
            raise LogWentBack(f"the log gives {first} where {self._expected.get(tp)} comes next, or was made again")
        self._expected[tp] = records[-1].offset + 1
        topic = ITEMS if tp.topic == self._items else EVENTS
        raws = [_raw(topic, one) for one in records]
        began = time.perf_counter()
        self._see_that_the_lake_follows(tp)
        if topic is ITEMS:
            await self._catalogue.keep(tp.partition, self._incarnations[ITEMS], raws, now())
        else:
            known = self.learner.taken_before(tp.partition)
            rows = await self.learner.learn(tp.partition, raws)
            cut, writer = self.learner.cut(tp.partition), self._writers[tp.partition]
            fresh = [raw.time for raw in raws if raw.offset > known and (cut is None or raw.offset < cut)]
            self._metrics.learned(fresh, now())
            self._metrics.batch(len(raws), time.perf_counter() - began)
            writer.add(rows, raws[-1].offset if cut is None else cut - 1)
            if cut is not None:
                await asyncio.to_thread(writer.flush)
                raise EpochEnded(f"the topic got more partitions at {cut}: it goes on once all of them are there")

    def _see_that_the_lake_follows(self, tp: TP) -> None:
        """What it owes is in memory: above some rows learning waits for it, and memory is bounded."""
        owed = sum(map(len, self._writers.values()))
        if tp.topic == self._events and owed > _OWED:
            raise Unavailable(f"the lake owes {owed:,} rows, and takes none")

    async def beat(self, consumer: Consumer) -> None:
        """Tell Prometheus and serving that this worker lives, and how far it is."""
        ends = await _ends(consumer)
        beats = [self._heartbeat(consumer, ends, *one) for one in self.learner.positions().items()]
        self._metrics.partitions = {beat.partition: (beat.position, beat.end) for beat in beats}
        told = {**self._metrics.levels, **self.learner.levels()}  # one that is at work just now doesn't say
        self._metrics.levels = {number: levels for number, levels in told.items() if number in self._metrics.partitions}
        for beat in beats:
            await self._store.beat(beat)

    def _heartbeat(self, consumer: Consumer, ends: Mapping[TP, int], number: int, learned: int) -> Heartbeat:
        position = self._refills.position(number, learned)
        lost = self._refills.lost(number, position)
        tp = TP(self._events, number)
        end = ends.get(tp) or (consumer.highwater(tp) or 0 if tp in consumer.assignment() else 0)
        return Heartbeat(number, position, max(end, position, lost or 0), now(), lost, self._course.present.partitions)

    async def sweep(self, consumer: Consumer) -> None:
        """Advance the idle shards of the next partition in turn, so that no event waits for a sweep of all.

        That also finds a store that went back while nothing happened: read from there.
        """
        for number in await self._catalogue.lost():
            log.warning("partition %d of items is read again: the store went back", number)
            consumer.read_again(TP(self._items, number))
        if not self._writers:
            return
        number = sorted(self._writers)[self._turn % len(self._writers)]
        self._turn += 1
        try:
            await self.learner.sweep(number)
            due = await self.learner.due(self._course, number)
            if due is None or due.at < self._stretches[number].at:
                raise Fenced("the store went back behind the last change of the number of partitions")
        except Fenced as error:
            log.warning("partition %d is read again: %s", number, error)
            self._metrics.read_again(error)
            consumer.read_again(TP(self._events, number))

    async def look_at_store(self) -> None:
        """See how much memory it has left."""
        self._metrics.memory = await self._store.memory()

    async def move_idle(self) -> None:
        """Make all idle users' states again for the bundle in force."""
        for number in list(self._writers):
            await self.learner.move_all(number)

    async def flush(self) -> None:
        """Write what the lake has not yet."""
        for writer in list(self._writers.values()):
            await asyncio.to_thread(writer.flush)

    async def flush_quietly(self) -> None:
        """The same where nothing may wait for the lake: what it doesn't take now is read from Kafka again."""
        try:
            await self.flush()
        except MoodstreamError as error:
            log.warning("the lake waits: %s", error)


async def _ends(consumer: Consumer) -> Mapping[TP, int]:
    try:
        return await asyncio.wait_for(consumer.ends(), 1.0)
    except (KafkaError, TimeoutError):
        return {}


def _raw(topic: Topic, one: Any) -> Raw:
    request = request_of(one.headers) if one.headers else ""
    return Raw(topic, one.partition, one.offset, one.timestamp, one.value or b"", request)


def now() -> int:
    return int(time.time() * 1000)
