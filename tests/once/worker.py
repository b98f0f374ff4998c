"""A worker that runs a step at a time: it learns, sweeps and moves idle users by the product's own learner."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

from contracts.errors import Fenced
from contracts.topics import EVENTS
from online.learn.course import Course, Stretch
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing
from online.store.protocol import Store
from tests.once.kafka import Kafka
from tests.once.past import Past
from tests.once.steps import Steps
from tests.online.learn.logs import PACE, PARTITIONS, SHELF, START, Ready

SWEPT_AFTER: Final = 6
"""Records: the product sweeps every few seconds."""


class Worker:
    """Believes that it owns all partitions; others may believe the same. Dies at any step by `kill`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, kafka: Kafka, store: Store, past: Past, batch: int) -> None:
        self._loop = loop
        self._kafka = kafka
        self._batch = batch
        self._go = asyncio.Event()
        self._stands = asyncio.Event()
        steps = cast("Any", Steps(store, past, self._turn))
        self._learner = Learner(steps, Ready(SHELF), Enricher(), self._send, PARTITIONS, lambda: START, PACE)
        self._life = ""
        self._at: dict[int, int] = {}
        self._in: dict[int, Stretch] = {}
        """What it learns of each partition."""
        self._unswept: dict[int, int] = {}
        self.idle = 0
        """Rounds in a row that found nothing to do."""
        self.stepped_back = 0
        """Refused writes and readings, and what was read again for them."""
        self._task = loop.create_task(self._work())
        self._task.add_done_callback(lambda _: self._stands.set())

    def step(self) -> None:
        """Let it go on to its next step; raises what it fell over."""
        self._loop.run_until_complete(self._step())

    def kill(self) -> None:
        """As kill -9: nothing that it had in hand is done."""
        self._task.cancel()
        self._loop.run_until_complete(asyncio.wait([self._task]))

    async def _step(self) -> None:
        self._stands.clear()
        self._go.set()
        await self._stands.wait()
        if self._task.done():
            self._task.result()

    async def _turn(self) -> None:
        self._stands.set()
        await self._go.wait()
        self._go.clear()

    async def _send(self, outgoing: Sequence[Outgoing]) -> None:
        for out in outgoing:
            if out.topic is EVENTS:
                await self._turn()
            self._kafka.publish([out], self._kafka.course.present.partitions)

    async def _work(self) -> None:
        while True:
            await self._turn()
            busy = [await self._round(number) for number in list(self._kafka.logs)]
            self.idle = 0 if any(busy) else self.idle + 1

    async def _round(self, number: int) -> bool:
        """A batch, and the rest where that is due; whether there was anything to do."""
        if self._life != self._kafka.incarnation:
            self._life = self._kafka.incarnation
            self._at.clear()
        log = self._kafka.logs.get(number, [])
        try:
            course = self._kafka.course
            if not await self._has(number, course):
                return False
            at = self._at[number]
            batch = log[at : at + self._batch]
            if batch:
                await self._learner.learn(number, batch)
                if self._learner.cut(number) is not None:  # on in the next epoch, once that is noted
                    del self._at[number]
                    return True
                self._at[number] += len(batch)
                self._unswept[number] += len(batch)
            if not batch or self._unswept[number] >= SWEPT_AFTER:
                await self._learner.sweep(number)
                self._unswept[number] = 0
                due = await self._learner.due(course, number)
                if due is None or due.at < self._in[number].at:  # others lost what is to be learned here
                    raise Fenced("an earlier epoch fell back")
            if not batch:
                await self._learner.move_all(number)
        except Fenced:
            self.stepped_back += 1
            self._at.pop(number, None)
            return True
        return bool(batch)

    async def _has(self, number: int, course: Course) -> bool:
        """Whether it has the partition, or gets it; not while the partition's shards are on their way elsewhere."""
        if number >= course.present.partitions:
            return False
        if number not in self._at:
            await self._turn()  # what it knows of the course may be old from here on
            due = await self._learner.due(course, number)
            if due is None:
                return False
            self._at[number] = await self._learner.assign(number, due)
            if self._life != self._kafka.incarnation:  # a topic that is gone gives nobody any records
                del self._at[number]
                return False
            self._in[number] = due
            self._unswept[number] = 0
        return True
