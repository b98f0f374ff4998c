"""An answer says how far the stream is behind, and that lost states are being made again."""

import asyncio

from online.answer.deadline import Deadline
from online.answer.lag import Lag, Stream
from online.store.memory import MemoryStore
from online.store.protocol import Heartbeat


def lag_of(beat: Heartbeat, now: int = 1000) -> Lag:
    async def work() -> Lag:
        store = MemoryStore()
        await store.beat(beat)
        return await Stream(store, lambda: now).of(beat.partition, Deadline(60.0))

    return asyncio.run(work())


def test_a_worker_that_is_behind_says_by_how_many_events() -> None:
    assert lag_of(Heartbeat(1, 5, 8, 1000)) == Lag(3, [])


def test_while_lost_states_are_made_again_the_answer_is_degraded_and_says_how_far() -> None:
    lag = lag_of(Heartbeat(1, 1500, 9000, 1000, lost=8000))
    assert lag == Lag(7500, ["state: being made again, 1,500 of 8,000 events"])


def test_a_worker_that_is_silent_is_named() -> None:
    assert "20 s ago" in lag_of(Heartbeat(1, 5, 8, 1000), 21_000).degraded[0]
