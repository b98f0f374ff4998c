"""What watching for drift adds to learning an event, in CPU time, turn by turn with and without.

`python -m benchmarks.drift_cost`: blocks end by their number of events; with `--busy` they don't end, as on a stream of
thousands of events a second, where a block is a minute.
"""

import argparse
import asyncio
import gc
import time
from statistics import median
from unittest.mock import patch

from threadpoolctl import threadpool_limits

from benchmarks.in_memory import InMemory
from benchmarks.made_up import World, world
from online.learn import fold, learner
from online.learn.drift.block import Pace

_TURNS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--busy", action="store_true")
    given = parser.parse_args()
    events, pace = given.events, Pace(ms=10**12 if given.busy else 0)
    made = world(events=events)
    with threadpool_limits(1):
        asyncio.run(_learned(made, pace))
        turns = [(asyncio.run(_learned(made, pace)), asyncio.run(_unwatched(made, pace))) for _ in range(_TURNS)]
    watched, without = (1e6 * median(times) / events for times in zip(*turns, strict=True))
    added = 1e6 * median(one - other for one, other in turns) / events
    print(f"an event: {watched:.1f} µs of CPU watched, {without:.1f} µs without; watching adds {added:.1f} µs")


async def _learned(made: World, pace: Pace) -> float:
    """CPU seconds."""
    place = InMemory(made.bundle)
    place.learner.pace = pace
    await place.begin()
    raws = place.placed(made.log)
    gc.collect()
    began = time.process_time()
    await place.learn(raws)
    return time.process_time() - began


async def _unwatched(made: World, pace: Pace) -> float:
    async def nothing(*_: object) -> None:
        return None

    with patch.object(learner.Learner, "_watch", nothing), patch.object(fold, "is_asked", lambda _: False):
        return await _learned(made, pace)


if __name__ == "__main__":
    main()
