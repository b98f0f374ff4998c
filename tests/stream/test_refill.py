"""Which lost states come from the lake, and that they come back whole: over two lives of the topic, or cut off."""

import asyncio
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import StateUnreadable, Unavailable
from online.lake.layout import RANGE
from online.lake.replay import LakeLog, Life
from online.lake.write import LakeWriter
from online.learn.learner import Learner
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from stream.need import Need
from stream.refill import Refills
from tests.online.learn.logs import APART_MS, Box, learner_of, random_log, records

FIRST, SECOND = Life("first", 60), Life("second", 40)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def raws(seed: int, n: int, later_ms: int = 0) -> list[Raw]:
    log = records(random_log(random.Random(seed), n - 1))
    return [raw._replace(time=raw.time + later_ms) for raw in log]


LOGS = {FIRST: raws(1, FIRST.end), SECOND: raws(2, SECOND.end, 100 * APART_MS)}


async def live(life: Life, learner: Learner, folder: Path) -> None:
    """One life of the topic, learned and kept."""
    lake = LakeWriter(str(folder), "ns", life.incarnation, 0)
    await learner.assign(0, life.incarnation, lake.position())
    lake.add(await learner.learn(0, LOGS[life]), life.end - 1)
    lake.flush()
    await learner.sweep(0)
    await learner.move_all(0)


def lived(folder: Path) -> MemoryStore:
    """The store after both lives."""
    store = MemoryStore()

    async def work() -> None:
        learner = learner_of(store)
        for life in (FIRST, SECOND):
            await live(life, learner, folder)

    run(work())
    return store


class Worker:
    """What the keeper does about one partition."""

    def __init__(self, store: MemoryStore, folder: Path, first: int = 0) -> None:
        async def first_of(number: int) -> int:
            return first

        self.box = Box()
        self.learner = learner_of(store, self.box)
        self.refills = Refills(self.learner, lambda number: LakeLog(str(folder), "ns", number), first_of)

    async def until_whole(self) -> int:
        """How often it had to be asked."""
        asked = 1
        while not await self.refills.is_whole(0, SECOND):
            while self.refills.is_under_way(0):
                assert self.refills.lost(0, 0) == SECOND.end
                await asyncio.sleep(0)
            asked += 1
        await self.learner.assign(0, SECOND.incarnation, SECOND.end)
        await self.learner.sweep(0)
        await self.learner.move_all(0)
        return asked


def test_a_lost_store_is_made_again_over_both_lives_of_the_topic(tmp_path: Path) -> None:
    before = lived(tmp_path)
    store = MemoryStore()
    worker = Worker(store, tmp_path)
    assert run(worker.until_whole()) == 2
    assert run(store.dump()) == run(before.dump())
    assert not worker.box
    assert worker.refills.lost(0, SECOND.end) is None
    assert run(worker.until_whole()) == 1  # nothing is lost any more


@pytest.mark.parametrize("seed", range(5))
def test_one_that_is_cut_off_is_gone_on_with(seed: int, tmp_path: Path) -> None:
    before, store, rng = lived(tmp_path), MemoryStore(), random.Random(seed)

    async def cut_off() -> None:
        refills = Worker(store, tmp_path).refills
        await refills.is_whole(0, SECOND)
        for _ in range(rng.randrange(200)):
            await asyncio.sleep(0)
        refills.keep_only(set())
        assert not refills.is_under_way(0)

    for _ in range(3):
        run(cut_off())
    run(Worker(store, tmp_path).until_whole())
    assert run(store.dump()) == run(before.dump())


def test_a_damaged_file_is_told_and_tried_again(tmp_path: Path) -> None:
    lived(tmp_path)
    files = sorted(tmp_path.rglob("*.parquet"))
    whole = {file: file.read_bytes() for file in files}
    for file in files[1:]:
        file.write_bytes(b"PAR1")
    store = MemoryStore()
    worker = Worker(store, tmp_path)

    async def work() -> None:
        with pytest.raises((StateUnreadable, Unavailable)):
            await worker.until_whole()
        for file, content in whole.items():
            file.write_bytes(content)
        await worker.until_whole()

    run(work())


@pytest.mark.parametrize(
    ("standing", "needed", "first", "of_the_lake", "nowhere"),
    [
        ({"now"}, 900, 0, False, 0),  # Kafka has it
        ({"now"}, 900, 950, True, 0),  # only the lake has it
        ({"now", ""}, 0, 0, True, 0),  # shards have nothing
        ({"now"}, 1000, 0, False, 0),  # nothing is lacking
        ({"now"}, 1000, 1200, False, 200),
        ({""}, 0, 1200, True, 200),
    ],
)
def test_the_lake_is_read_where_kafka_forgot_or_the_store_lost(
    standing: set[str], needed: int, first: int, of_the_lake: bool, nowhere: int
) -> None:
    need = Need(Life("now", 1000), standing, needed, first)
    assert (need.of_the_lake, need.nowhere) == (of_the_lake, nowhere)


def test_what_is_far_behind_comes_from_the_lake_too() -> None:
    assert not Need(Life("now", 10 * RANGE), {"now"}, 9 * RANGE, 0).of_the_lake
    assert Need(Life("now", 10 * RANGE), {"now"}, 9 * RANGE - 1, 0).of_the_lake


@pytest.mark.parametrize(
    ("standing", "earlier", "mixed"),
    [
        ({""}, ["a", "b"], False),
        ({"", "a"}, ["a", "b"], False),
        ({"a", "b"}, ["b"], False),
        ({"b"}, ["b"], False),
        ({"b", "now"}, [], False),
        ({"", "b"}, ["b"], True),
        ({"", "now"}, [], True),
    ],
)
def test_earlier_lives_are_learned_from_the_last_one_that_any_shard_stands_in(
    standing: set[str], earlier: list[str], mixed: bool
) -> None:
    lives = [Life("a", 5), Life("b", 6), Life("now", 7)]
    need = Need(lives[-1], standing, 0, 0)
    assert [life.incarnation for life in need.earlier(lives)] == earlier
    assert need.is_mixed(lives) == mixed


def test_a_topic_of_one_life_is_never_mixed() -> None:
    assert not Need(Life("now", 7), {"", "now"}, 0, 0).is_mixed([Life("now", 7)])
