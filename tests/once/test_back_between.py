"""A server that goes back between a batch's counts and its users, who are written as if nothing had happened.

The users' histories alone can tell then what is to be counted again, so no batch may also empty them.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from contracts import events
from contracts.events import Alias, Erase, Interaction, UserEvent
from online.store.memory import MemoryStore
from online.store.state import HISTORY
from tests.once.kafka import NUMBERS, USERS
from tests.once.past import MemoryContents, Past
from tests.once.world import World, clean_run, counters_of, ends
from tests.online.learn.logs import START, bundle_change

USER, KNOWN, *_ = USERS
TAKEN = [Interaction(event_id=f"e{n}", user_id=USER, time=START + n, item_id=f"i{n % 12}") for n in range(HISTORY + 40)]
GONE: dict[str, Any] = {"event_id": "gone", "user_id": USER, "time": START}


@pytest.mark.parametrize(
    ("log", "drift"),
    [
        pytest.param([*TAKEN[:5], Alias(**GONE, known_as=KNOWN), *TAKEN[5:9]], True, id="alias"),
        pytest.param([*TAKEN[:5], Erase(**GONE), *TAKEN[5:9]], True, id="erase"),
        # of so many events of one user in a batch, a state keeps how well the last ones were foretold
        pytest.param(TAKEN, False, id="more than a history"),
    ],
)
def test_counts_that_went_back_after_any_write_are_made_again(log: Sequence[UserEvent], drift: bool) -> None:
    writes = 0
    while _went_back(log, after=writes, drift=drift):
        writes += 1
    assert writes > 5


def _went_back(log: Sequence[UserEvent], after: int, *, drift: bool) -> bool:
    """The server loses all of the log, once so many writes of it are done; False where it doesn't take so many."""
    with asyncio.Runner() as runner:
        store = MemoryStore()
        past = Past(MemoryContents(store))
        world = World(runner.get_loop(), store, past, batch=len(log))
        for number in NUMBERS:
            world.kafka.append(number, events.encode(bundle_change(0)))
        world.settle(0)
        past.writes.clear()
        for event in log:
            world.kafka.append(NUMBERS[0], events.encode(event))
        worker = world.workers[0]
        worker.idle = 0
        while len(past.writes) < after and not worker.idle:
            worker.step()
        enough = not worker.idle
        runner.run(past.lose(after))
        world.settle(0)
        clean_store, clean_kafka = runner.run(clean_run(world.kafka))
        counters = counters_of(clean_store)
        clean = runner.run(ends(clean_store, clean_kafka, counters)).effects
        found = runner.run(ends(store, world.kafka, counters)).effects
        if not drift:
            clean, found = _undrifted(clean), _undrifted(found)
        assert found == clean, f"lost after {after} writes"
        world.close()
        return enough


def _undrifted(effects: dict[str, Any]) -> dict[str, Any]:
    """But for what is watched for drift."""
    return {**effects, "calibrators": {part: state for part, (state, *_) in effects["calibrators"].items()}}
