"""A store made again from the lake, and from the log where the lake ends, is the lost one byte for byte."""

import asyncio
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from contracts import events
from contracts.events import Alias, Context, Erase, Interaction, MoodEvent
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from online.lake.replay import LakeLog, parts, ranges
from online.lake.write import LakeWriter
from online.learn.enrich import Enriched
from online.store.memory import MemoryStore
from tests.fakes.store import FaultyStore
from tests.online.learn.logs import (
    APART_MS,
    PARTITIONS,
    START,
    TOPIC_ID,
    USERS,
    Box,
    bundle_change,
    learner_of,
    random_log,
    records,
)

ELSEWHERE = next(f"x{n}" for n in range(10_000) if partition_of(f"x{n}", PARTITIONS) != 0)


def log_of(seed: int) -> list[events.Record | bytes]:
    """All that a partition may hold: moods nobody knows, misplaced events, aliases and erasures among the rest."""
    rng = random.Random(seed)
    log: list[events.Record | bytes] = [*random_log(rng, 150)]
    agent = Context(
        user_agent="Mozilla/5.0 (iPhone) Mobile", place="Oslo", mood="gloomy as hell", extra={"a": 2.0, "b": "x"}
    )
    strange: list[events.Record | bytes] = [
        b"no event",
        MoodEvent(event_id="klonk", time=START, user_id=USERS[0], mood="klonk"),
        Interaction(event_id="lost", time=START, user_id=ELSEWHERE, item_id="i1"),
        Interaction(event_id="rich", time=START, user_id=USERS[1], item_id="i2", context=agent),
        Interaction(event_id="rated", time=START, user_id=USERS[1], item_id="i3", kind="rating", value=3.5),
        Alias(event_id="alias", time=START, user_id=USERS[2], known_as=USERS[3]),
        Erase(event_id="erase", time=START, user_id=USERS[0]),
    ]
    for one in strange:
        log.insert(rng.randrange(20, len(log)), one)
    return [*log, bundle_change(rng.randrange(2)), *random_log(rng, 20)[1:]]


class Run:
    """A log learned as the stream does it, with its lake."""

    def __init__(self, folder: Path, log: list[events.Record | bytes], in_lake: int) -> None:
        self.folder = folder
        self.raws = records(log)
        self.in_lake = in_lake
        self.store, self.box = MemoryStore(), Box()
        asyncio.run(self._learn())

    async def _learn(self) -> None:
        learner, lake = learner_of(self.store, self.box), LakeWriter(str(self.folder), "ns", TOPIC_ID, 0)
        await learner.assign(0, TOPIC_ID)
        for start in range(0, len(self.raws), 17):
            batch = self.raws[start : start + 17]
            rows = await learner.learn(0, batch)
            upto = min(batch[-1].offset, self.in_lake - 1)
            lake.add([row for row in rows if row.offset <= upto], upto)
        lake.flush()
        await learner.sweep(0)
        await learner.move_all(0)

    async def again(self, store: MemoryStore, box: Box, size: int, cut: int) -> None:
        """Learn what is needed, from the lake and then from the log, and die at this offset."""
        learner, lake = learner_of(store, box), LakeLog(str(self.folder), "ns", 0)
        (life,) = lake.lives()
        assert life == (TOPIC_ID, self.in_lake)
        needed = await learner.assign(0, TOPIC_ID, life.end)
        for first, end in ranges(needed, min(cut, life.end)):
            rows: list[Enriched] = lake.read(TOPIC_ID, first, end)
            for part in parts(rows, size):
                await learner.relearn(0, part, part[-1].offset)
            await learner.relearn(0, [], end - 1)
        await learner.sweep(0)
        needed = await learner.assign(0, TOPIC_ID, life.end)
        left = [raw for raw in self.raws if needed <= raw.offset < cut]
        for start in range(0, len(left), size):
            await learner.learn(0, left[start : start + size])
        await learner.sweep(0)
        await learner.move_all(0)


@pytest.mark.parametrize("seed", range(6))
def test_a_lost_store_is_made_again_byte_for_byte(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    log = log_of(seed)
    run = Run(tmp_path, log, rng.randrange(len(log) // 2, len(log) + 1))
    store, box = MemoryStore(), Box()
    for cut in (rng.randrange(len(log)), rng.randrange(len(log)), len(log), len(log)):  # killed twice, and run twice
        asyncio.run(run.again(store, box, rng.choice((1, 7, 500)), cut))
    assert asyncio.run(store.dump()) == asyncio.run(run.store.dump())


def test_what_the_lake_has_is_sent_to_nobody_again(tmp_path: Path) -> None:
    log = log_of(3)
    run = Run(tmp_path, log, len(log))
    assert {out.topic for out in run.box} >= {EVENTS}
    box = Box()
    asyncio.run(run.again(MemoryStore(), box, 50, len(log)))
    assert not box


def test_without_the_lake_an_alias_of_long_ago_is_sent_on_twice(tmp_path: Path) -> None:
    log = log_of(3)
    run = Run(tmp_path, log, len(log))

    async def from_the_log() -> Box:
        box = Box()
        learner = learner_of(MemoryStore(), box)
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, run.raws)
        return box

    assert [out for out in asyncio.run(from_the_log()) if out.topic is EVENTS]


def test_two_lives_of_a_topic_are_told_apart_in_the_order_of_their_births(tmp_path: Path) -> None:
    raws = records(log_of(1)[:30])

    async def learn(incarnation: str, later_ms: int, partition: int) -> None:
        learner, lake = learner_of(MemoryStore()), LakeWriter(str(tmp_path), "ns", incarnation, partition)
        await learner.assign(0, incarnation)
        rows = await learner.learn(0, [raw._replace(time=raw.time + later_ms) for raw in raws])
        lake.add(rows, raws[-1].offset)
        lake.flush()

    asyncio.run(learn("b-first", 0, 0))
    asyncio.run(learn("a-second", 10 * APART_MS, 0))
    asyncio.run(learn("other-partition", 10 * APART_MS, 1))
    lives = LakeLog(str(tmp_path), "ns", 0).lives()
    assert lives == [("b-first", 30), ("a-second", 30)]


def test_a_lake_that_lacks_a_file_says_so(tmp_path: Path) -> None:
    run = Run(tmp_path, log_of(2), 100)
    lake = LakeLog(str(run.folder), "ns", 0)
    lake.lives()
    assert lake.gaps(TOPIC_ID, 5, 100) == []
    for file in tmp_path.rglob("*.parquet"):
        file.unlink()
    lake.lives()
    assert lake.gaps(TOPIC_ID, 5, 100) == [(5, 100)]
    assert lake.gaps("another", 5, 25_000) == [(5, 10_000), (10_000, 20_000), (20_000, 25_000)]
    assert lake.read("another", 5, 10_000) == []


def test_offsets_are_cut_where_files_are() -> None:
    assert ranges(5, 5) == ranges(10, 5) == []
    assert ranges(5, 10_000) == [(5, 10_000)]
    assert ranges(9_999, 20_001) == [(9_999, 10_000), (10_000, 20_000), (20_000, 20_001)]


@pytest.mark.parametrize("seed", range(12))
def test_killed_between_any_two_steps_it_is_gone_on_with(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    log = log_of(seed)
    run = Run(tmp_path, log, len(log) - rng.randrange(10))
    store = FaultyStore()
    for _ in range(6):
        dies_after(run.again(store, Box(), rng.choice((7, 50)), rng.randrange(len(log) + 1)), rng.randrange(300))
    dies_after(run.again(store, Box(), 50, len(log)), 1_000_000)
    assert asyncio.run(store.dump()) == asyncio.run(run.store.dump())


def dies_after(work: Coroutine[Any, Any, None], steps: int) -> None:
    """So many steps of the store, then a kill."""
    try:
        for _ in range(steps):
            work.send(None)
    except StopIteration:
        return
    work.close()
