"""A store, a log and two workers who both believe that they own all of it; and what a clean run makes of the log."""

import asyncio
from typing import Any, Final, NamedTuple

import msgspec

from contracts.dead_letter import DeadLetter
from contracts.topics import DEAD_LETTER, ENRICHED
from online.learn.enrich import Enriched
from online.store.history import History
from online.store.memory import MemoryStore
from online.store.protocol import Counter, Store
from online.store.state import unpack_state
from tests.once.kafka import ADDED, NUMBERS, SHARDS, USERS, Kafka
from tests.once.past import Past
from tests.once.worker import Worker
from tests.online.learn.logs import Box, learner_of

_MOST_STEPS: Final = 50_000
EVERYONE: Final = 100_000


class World:
    """Faults are injected between the steps of the workers; `settle` lets one survivor run to quiet."""

    def __init__(self, loop: asyncio.AbstractEventLoop, store: Store, past: Past, batch: int = 3) -> None:
        self.loop = loop
        self.store = store
        self.past = past
        self.kafka = Kafka()
        self.workers = [self._start(batch), self._start(batch)]

    def _start(self, batch: int) -> Worker:
        return Worker(self.loop, self.kafka, self.store, self.past, batch)

    def kill(self, which: int, batch: int) -> None:
        """This worker dies, and starts again with batches of this size."""
        self.workers[which].kill()
        self.workers[which] = self._start(batch)

    def settle(self, survivor: int) -> None:
        """One worker runs until nothing is left to do, the other one stands still; a change that was begun is ended."""
        self.end_change()
        worker = self.workers[survivor]
        worker.idle = 0
        for _ in range(_MOST_STEPS):
            worker.step()
            if worker.idle > 1:
                return
        raise AssertionError("the survivor finds no end")

    def recreate(self) -> None:
        """The topic is made again when all that it held is taken in; a store can't fall back behind that."""
        self.settle(0)
        self.past.writes.clear()
        self.kafka.recreate()

    def end_change(self) -> None:
        """The command that adds partitions is run once more, and to its end."""
        if self.kafka.has_more and len(self.kafka.course.epochs) == 1:
            for number in NUMBERS:
                self.kafka.cut(number)
            assert self.kafka.note()

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()


class Ends(NamedTuple):
    """What a run leaves, to be compared."""

    store: dict[str, Any]
    """Everything, byte for byte."""
    effects: dict[str, Any]
    """Without the watermarks and the states: which events users have, and the counts."""
    enriched: set[tuple[int, int, int]]
    """Partition, offset and arrival of each event that was sent on."""
    letters: set[tuple[int, int, bytes]]
    """Partition, offset and content of each record that was set aside."""


async def clean_run(kafka: Kafka) -> tuple[MemoryStore, Kafka]:
    """The same logs taken in record by record, each life of the topic by itself; and what that sent."""
    store, box, out = MemoryStore(), Box(), Kafka()
    for life, logs in enumerate(kafka.lives):
        learner = learner_of(store, box)
        for number, at in [(number, at) for at in range(len(kafka.courses[life].epochs)) for number in logs]:
            if number >= kafka.courses[life].epochs[at].partitions:
                continue
            due = await learner.due(kafka.courses[life], number)
            assert due
            begin = await learner.assign(number, due)
            for raw in logs[number][begin:]:
                await learner.learn(number, [raw])
                if learner.cut(number) is not None:
                    break
            await learner.sweep(number)
            await learner.move_all(number)
    out.publish(box)
    return store, out


async def ends(store: Store, kafka: Kafka, counters: list[Counter]) -> Ends:
    """What is in the store and what was sent to other topics."""
    users = {user: (await store.user(user))[1] for user in USERS}
    counts = {
        str(c): sorted(members)
        for c, members in zip(counters, await store.top_counts(counters, EVERYONE), strict=True)
        if members
    }
    calibrators = {str(number): await store.calibrator(number) for number in (*NUMBERS, *ADDED)}
    marks = {str(number): await store.count_watermarks(number) for number in (*NUMBERS, *ADDED)}
    told = [msgspec.json.decode(o.value, type=Enriched) for o in kafka.sent if o.topic is ENRICHED]
    letters = [msgspec.json.decode(o.value, type=DeadLetter) for o in kafka.sent if o.topic is DEAD_LETTER]
    return Ends(
        {"shards": await store.shards(SHARDS), "users": users, "counts": counts, "marks": marks, "c": calibrators},
        {
            "users": {user: _taken_in(record) for user, record in users.items() if record},
            "counts": counts,
            "calibrators": {number: calibrator[1:] for number, calibrator in calibrators.items()},
        },
        {(row.partition, row.offset, row.arrival) for row in told},
        {(letter.partition, letter.offset, letter.raw) for letter in letters},
    )


def _taken_in(record: Any) -> tuple[int, str, bool, list[int]]:
    state = unpack_state(record.state)
    return state.count, state.forward, state.erased, list(History.unpack(record.history).ids)


def counters_of(store: MemoryStore) -> list[Counter]:
    """All that there are."""
    return sorted(store._counts)
