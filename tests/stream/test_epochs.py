"""A keeper across a change of the number of partitions: it holds at the cut, goes on, and makes lost states again."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from faust.types import TP

from contracts import events
from contracts.events import BundleChange, PartitionChange
from contracts.sharding import partition_of
from contracts.topics import EVENTS, ITEMS
from online.lake.folder import Folder
from online.lake.partitions import Note, Opening, course_of, note
from online.lake.read import read_table
from online.lake.replay import LakeLog
from online.lake.write import LakeWriter
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from stream.agents import Keeper
from stream.items import CatalogueKeeper
from stream.look import Look
from stream.metrics import Metrics
from stream.refill import Refills
from stream.transport import Chunk
from tests.online.learn.logs import APART_MS, PARTITIONS, START, USERS, Box, learner_of, random_log

MORE = 2 * PARTITIONS
NUMBERS = (0, PARTITIONS)
"""Where the records lie: the second is added, and gets one of the two shards of the first."""


class Consumer:
    """What a keeper asks of one."""

    def __init__(self) -> None:
        self.again: set[TP] = set()

    def read_again(self, *tps: TP) -> None:
        self.again.update(tps)


class Place:
    """The logs, the lake and a store, and a keeper that owns both partitions."""

    def __init__(self, folder: Path, logs: dict[int, list[Raw]]) -> None:
        self.logs, self.folder, self.topic_id, self.partitions = logs, folder, "topic-1", PARTITIONS
        self.begin(MemoryStore())

    def begin(self, store: MemoryStore) -> None:
        """A worker starts."""
        self.store, self.box, self.consumer = store, Box(), Consumer()
        self.learner = learner_of(store, self.box)

        async def first_of(number: int) -> int:
            return 0

        url = str(self.folder)
        self.refills = Refills(self.learner, lambda number: LakeLog(url, "ns", number), first_of)
        self.keeper = Keeper(
            self.learner,
            CatalogueKeeper(store, self.box),
            store,
            lambda at: LakeWriter(url, "ns", at.incarnation, at.number, at.first),
            self.refills,
            lambda: Look(
                {EVENTS: self.topic_id, ITEMS: "items"},
                course_of(url, "ns", self.topic_id, self.partitions),
                {EVENTS: PARTITIONS, ITEMS: 1},
            ),
            "ns",
            Metrics(),
        )

    def note(self, new: Note) -> None:
        note(Folder(str(self.folder), "ns"), self.topic_id, new)

    async def work(self, rounds: int = 12) -> dict[int, int]:
        """Place, read to the end, and again what must be; returns where each partition was read from last."""
        assigned = {TP("ns.events", number) for number in NUMBERS}
        unplaced, last = set(assigned), dict[int, int]()
        for _ in range(rounds):
            places = await self.keeper.place(assigned, unplaced)
            unplaced -= places.keys()
            for tp, offset in places.items():
                last[tp.partition] = offset
                await self.read(tp, offset)
            unplaced |= self.consumer.again
            self.consumer.again.clear()
            self.keeper._waits._until.clear()
            while any(map(self.refills.is_under_way, NUMBERS)):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.001)
        for number in NUMBERS:
            if number in self.learner.positions():
                await self.keeper.sweep(self.consumer)  # type: ignore[arg-type]
        await self.keeper.move_idle()
        await self.keeper.flush()
        return last

    async def read(self, tp: TP, offset: int) -> None:
        for start in range(offset, len(self.logs[tp.partition]), 7):
            records: Any = [Record(raw) for raw in self.logs[tp.partition][start : start + 7]]
            if not await self.keeper.take(self.consumer, tp, [Chunk(records, 0)]):  # type: ignore[arg-type]
                return


class Record:
    """As the consumer gives it."""

    headers = ()

    def __init__(self, raw: Raw) -> None:
        self.partition, self.offset, self.timestamp, self.value = raw.partition, raw.offset, raw.time, raw.value


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def logs_of(seed: int, n: int) -> dict[int, list[Raw]]:
    """A log of which the middle is the cut; behind it some records are placed by the old number still."""
    rng = random.Random(seed)
    logs: dict[int, list[Raw]] = {number: [] for number in NUMBERS}
    for at, event in enumerate(random_log(rng, 2 * n)):
        number = 0
        if isinstance(event, BundleChange):
            put(logs, at, event, NUMBERS if at > n else NUMBERS[:1])
            continue
        if at == n:
            put(logs, at, PartitionChange(event_id="cut", time=START, partitions=MORE), [0])
        if at > n - 10 and not isinstance(event, bytes) and rng.random() < 0.8:
            number = partition_of(event.key, MORE)
        put(logs, at, event, [number])
    return logs


def put(logs: dict[int, list[Raw]], at: int, event: Any, numbers: Sequence[int]) -> None:
    for number in numbers:
        log = logs[number]
        log.append(Raw(EVENTS, number, len(log), START + at * APART_MS, events.encode(event)))


def cut_of(logs: dict[int, list[Raw]]) -> list[int]:
    at = next(raw.offset for raw in logs[0] if b'"cut"' in raw.value)
    return [at] + [0] * (PARTITIONS - 1)


def changed(folder: Path, seed: int = 1) -> Place:
    """A place after the change, with all learned."""
    place = Place(folder, logs_of(seed, 60))
    place.note(Note([PARTITIONS, MORE], [cut_of(place.logs)]))
    run(place.work())
    return place


def test_a_partition_holds_at_its_cut_until_the_change_is_noted(tmp_path: Path) -> None:
    place = Place(tmp_path, logs_of(1, 60))
    cut = cut_of(place.logs)
    place.note(Note([PARTITIONS], opening=Opening(MORE, [0] * PARTITIONS)))
    assert run(place.work()) == {0: cut[0]}  # what was added isn't read
    marks = {meta.watermark.text() for meta in run(place.store.shards([0, PARTITIONS])).values()}
    assert marks == {f"topic-1:{cut[0] - 1}"}

    place.note(Note([PARTITIONS, MORE], [cut]))
    assert run(place.work()) == {0: cut[0] + 1, PARTITIONS: 0}
    metas = run(place.store.shards([0, PARTITIONS]))
    ends = {number: len(place.logs[number]) - 1 for number in NUMBERS}
    assert {shard: meta.watermark.text() for shard, meta in metas.items()} == {
        number: f"topic-1.1024:{end}" for number, end in ends.items()
    }


def test_what_lies_behind_the_cut_in_the_old_partition_is_sent_to_the_new_one(tmp_path: Path) -> None:
    place = changed(tmp_path)
    cut = cut_of(place.logs)[0]
    wrong = [
        raw.value
        for raw in place.logs[0][cut + 1 :]
        if not isinstance(event := events.decode(raw.value), BundleChange) and partition_of(event.key, MORE) != 0
    ]
    assert wrong
    assert [out.value for out in place.box if out.topic is EVENTS] == wrong


def test_a_lost_store_is_made_again_from_the_lake_over_the_change(tmp_path: Path) -> None:
    place = changed(tmp_path)
    before = run(place.store.dump())
    place.begin(MemoryStore())
    run(place.work(40))
    after = run(place.store.dump())
    assert after == before
    assert not [out for out in place.box if out.topic is EVENTS]


def test_it_is_made_again_though_the_topic_was_deleted_since(tmp_path: Path) -> None:
    place = changed(tmp_path)
    users = run(place.store.dump())
    place.topic_id, place.logs = "topic-2", {number: [] for number in NUMBERS}
    place.begin(MemoryStore())
    assert PARTITIONS not in run(place.work(10))  # made again with fewer: what the others had waits, nothing is lost
    place.partitions = MORE
    place.begin(place.store)
    assert run(place.work(40)) == dict.fromkeys(NUMBERS, 0)
    after = run(place.store.dump())
    assert after["users"] == users["users"]
    assert after["counts"] == users["counts"]


def test_the_lake_gives_each_event_once_though_it_was_sent_on_both_sides_of_the_cut(tmp_path: Path) -> None:
    place = changed(tmp_path)
    ids = read_table(str(tmp_path), "ns", columns=["event_id", "type"]).to_pylist()
    steps = [row["event_id"] for row in ids if row["type"] in ("interaction", "mood")]
    assert len(steps) == len(set(steps))
    taken = run(place.store.dump())["users"]
    assert set(taken) <= set(USERS)
