"""A calibrator that is lost, or comes back older than it was, is made again from what the users' records keep."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from contracts.events import Impression, Shown
from online.learn.calibration import Fitted, unpack_fitted
from online.learn.impressions import KEPT, WINDOW_MS
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.protocol import Calibrator
from tests.online.learn.logs import START, TOPIC_ID, USERS, learner_of, random_log, records


async def clean_run(log: Sequence[Raw]) -> dict[str, object]:
    store = MemoryStore()
    learner = learner_of(store)
    await learner.assign(0, TOPIC_ID)
    for record in log:
        await learner.learn(0, [record])
    await learner.sweep(0)
    await learner.move_all(0)
    return await store.dump()


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
