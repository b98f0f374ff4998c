"""What counting adds to learning an event, in CPU time, with and without: `python -m benchmarks.counting_cost`.

With: kinds and outcomes, what followed what was shown, outcomes, a stopwatch on the store, histograms, and the id of a
request in each record's header. Of each batch its quickest turn counts, so that a busy machine spoils little.
"""

import argparse
import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.in_memory import InMemory
from benchmarks.made_up import World, world
from contracts import events
from contracts.events import Impression, Interaction, Shown
from contracts.topics import EVENTS
from online.learn import account, fold
from online.learn.outgoing import Raw
from online.store.timed import timed
from stream import agents
from stream.metrics import Metrics

_PAGES: Final = 5
"""Every so many events the user was shown ten items just before."""
_TURNS: Final = 8
_HEADERS: Final = (("request-id", b"884b59bfdb79424c98b32a246333fc5d"),)


class Record(NamedTuple):
    """As Kafka's client hands it over."""

    partition: int
    offset: int
    timestamp: int
    value: bytes
    headers: Any


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3_000)
    parser.add_argument("--at-once", type=int, default=500, help="events of a batch")
    given = parser.parse_args()
    made = world(events=given.events)
    log = list(_with_pages(made.log))
    counted: list[list[float]] = []
    plain: list[list[float]] = []
    with threadpool_limits(1):
        for turn in range(_TURNS):
            for one in ((counted, plain), (plain, counted))[turn % 2]:  # neither always has the other's caches
                learned = _learned if one is counted else _uncounted
                one.append(asyncio.run(learned(made, log, given.at_once)))
    with_, without = (1e6 * float(np.min(turns, axis=0).sum()) / len(log) for turns in (counted, plain))
    print(f"an event: {with_:.1f} µs of CPU counted, {without:.1f} µs without: {with_ / without:.3f} times as much")


def _with_pages(log: Sequence[Interaction]) -> Iterator[Interaction | Impression]:
    for number, event in enumerate(log):
        if number % _PAGES == 0:
            beside = log[number : number + 10]
            shown = [Shown(one.item_id, place, 1.0 - place / 10, 1.0) for place, one in enumerate(beside)]
            yield Impression(
                event_id=f"page-{number}",
                user_id=event.user_id,
                time=event.time,
                bundle="",
                request_id=f"r{number}",
                shown=shown,
            )
        yield event


async def _learned(made: World, log: Sequence[events.Event], at_once: int, *, counted: bool = True) -> list[float]:
    """CPU seconds of each batch."""
    place, metrics, took = InMemory(made.bundle), Metrics(), []
    await place.begin()
    if counted:
        place.learner._store = timed(place.store, metrics.called)
    await place.learner.assign(0, "topic")
    headers = _HEADERS if counted else ()
    found = [Record(0, at, event.time, events.encode(event), headers) for at, event in enumerate(log, 1)]
    left = iter(found)
    gc.collect()
    gc.freeze()  # a full collection in one of the two would be all that is seen
    while some := list(islice(left, at_once)):
        began = time.process_time()
        raws = [agents._raw(EVENTS, one) if counted else _plain(one) for one in some]
        await place.learner.learn(0, raws)
        metrics.learned([raw.time for raw in raws], raws[-1].time)
        if counted:
            metrics.batch(len(raws), 0.1)
        took.append(time.process_time() - began)
    return took


async def _uncounted(made: World, log: Sequence[events.Event], at_once: int) -> list[float]:
    with patch.object(account.Account, "learned", lambda *_: None), patch.object(fold, "followed", lambda *_: None):
        return await _learned(made, log, at_once, counted=False)


def _plain(one: Record) -> Raw:
    return Raw(EVENTS, one.partition, one.offset, one.timestamp, one.value or b"")


if __name__ == "__main__":
    main()
