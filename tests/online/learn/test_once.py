"""The scheme "Once", explored at random on the product's own learner, with a clean run to compare with, byte for byte.

Two workers both believe that they own the partition, crash at any step, and single shards fall back in time.
"""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from contracts.errors import Fenced
from contracts.events import Impression, Shown
from online.learn.calibration import Fitted, unpack_fitted
from online.learn.impressions import KEPT, WINDOW_MS
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.protocol import Calibrator
from tests.fakes.store import FaultyStore, Pause
from tests.online.learn.logs import START, TOPIC_ID, USERS, learner_of, random_log, records

SEEDS = range(120)


async def work(store: MemoryStore, log: Sequence[Raw], rng: random.Random) -> None:
    """A worker that never ends: learns, sweeps, moves idle users, and steps back when it is refused."""
    learner = learner_of(store)
    at = await learner.assign(0, TOPIC_ID)
    while True:
        try:
            if batch := log[at : at + rng.randint(1, 4)]:
                await learner.learn(0, batch)
                at += len(batch)
            if not batch or rng.random() < 0.3:
                await learner.sweep(0)
            if not batch or rng.random() < 0.1:
                await learner.move_all(0)
            await Pause()
        except Fenced:
            at = await learner.assign(0, TOPIC_ID)


def explore(seed: int, store: FaultyStore) -> tuple[dict[str, object], dict[str, object]]:
    """The store after faults and after one survivor has run to quiet, and the clean run's."""
    rng = random.Random(seed)
    log = records(random_log(rng, rng.randint(5, 14)))
    workers: list[Coroutine[Any, Any, None]] = [work(store, log, rng) for _ in range(2)]
    for _ in range(rng.randint(50, 400)):
        which, what = rng.randrange(2), rng.random()
        if what < 0.02:
            workers[which].close()
            workers[which] = work(store, log, rng)
        elif what < 0.03:
            store.fall_back(rng)
        else:
            workers[which].send(None)
    workers[0].close()
    for _ in range(3000):
        workers[1].send(None)
    workers[1].close()
    return asyncio.run(store.dump()), asyncio.run(clean_run(log))


async def clean_run(log: Sequence[Raw]) -> dict[str, object]:
    store = MemoryStore()
    learner = learner_of(store)
    await learner.assign(0, TOPIC_ID)
    for record in log:
        await learner.learn(0, [record])
    await learner.sweep(0)
    await learner.move_all(0)
    return await store.dump()


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_faults_the_store_equals_a_clean_run(seed: int) -> None:
    got, clean = explore(seed, FaultyStore())
    assert got == clean


def test_the_runs_are_about_impressions_too() -> None:
    """Many end with outcomes, so that the calibrators can go wrong."""
    dumps: list[Any] = [explore(seed, FaultyStore())[1] for seed in SEEDS]
    assert sum(bool(dump["calibrators"]["0"][1]) for dump in dumps) > len(SEEDS) / 3


@pytest.mark.parametrize("seed", range(40))
def test_a_calibrator_that_is_lost_is_made_again_from_the_users_last_outcomes(seed: int) -> None:
    log = records(random_log(random.Random(seed), 14))

    async def lost() -> MemoryStore:
        store = MemoryStore()
        for calibrator in (None, Calibrator()):
            learner = learner_of(store)
            if calibrator is not None:
                store._calibrators[0] = calibrator
            at = await learner.assign(0, TOPIC_ID)
            await learner.learn(0, log[at:])
            await learner.sweep(0)
            await learner.move_all(0)
        return store

    assert asyncio.run(asyncio.run(lost()).dump()) == asyncio.run(clean_run(log))


def pages(n: int) -> list[Impression]:
    """One user, shown one thing each time that they come."""
    return [
        Impression(
            event_id=f"p{at}",
            user_id=USERS[0],
            time=START + 2 * WINDOW_MS * at,
            request_id=f"p{at}",
            bundle="",
            shown=[Shown("i1", 0, 1.0, 1.0)],
        )
        for at in range(n)
    ]


def test_outcomes_older_than_are_kept_are_lost_with_a_calibrator_but_never_counted_twice() -> None:
    store = MemoryStore()
    log = records(pages(3 * KEPT + 1), apart_ms=2 * WINDOW_MS)

    async def work() -> tuple[Fitted, Fitted]:
        learner = learner_of(store)
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, log)
        before = (await store.calibrators())[0]
        store._calibrators[0] = Calibrator()
        again = learner_of(store)
        assert await again.assign(0, TOPIC_ID) == 0
        await again.learn(0, log)
        return unpack_fitted(before), unpack_fitted((await store.calibrators())[0])

    before, after = asyncio.run(work())
    assert (before.shown, after.shown) == (3 * KEPT, KEPT)


def test_without_the_fence_it_does_not() -> None:
    outcomes = [explore(seed, FaultyStore(fenced=False)) for seed in SEEDS]
    assert any(got != clean for got, clean in outcomes)
