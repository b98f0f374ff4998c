"""Events a second of the whole worker beside stock Faust doing nothing and a bare aiokafka loop: `make bench-stream`.

All read the same topic, filled beforehand, as processes of their own, one after the other and again. Ours is the
product's own command from an empty store on: decode, validate, enrich, learn, write to Redis, pass on to Kafka and to
the lake, acknowledge. What is counted are records by their offsets, from the first look that found
something taken in to the last record; starting is not in it. Stock Faust only notes each event's offset; the loop
decodes each event too. With `--workers` also by the number of workers, and what limits them.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.filled import Filled, filled, servers
from benchmarks.references.window import Window
from benchmarks.result import REPEATS, Measured
from benchmarks.shown import show
from benchmarks.workers import Taken, take_in
from contracts.errors import Unavailable
from moodstream.console import bar, say
from moodstream.written import write_json

EVENTS: Final = 40_000
CREW: Final = (2, 4)
_US: Final = "CPU µs an event"
_LAPS: Final = 10
_OURS: Final = ("workers", "redis", "kafka")
_READ_WITHIN_S: Final = 120.0
_FULL: Final = 0.9
"""A core, or all of them, so busy is what limits."""


def measure(
    topic: Filled,
    repeats: int,
    told: Callable[[int, str], None],
    crew: Sequence[int] = (),
    within_s: float = math.inf,
) -> list[Measured]:
    """One worker, the two references, and as many workers as in `crew`, in turn; fewer times where time runs out."""
    crews: dict[int, list[Taken]] = {count: [] for count in (1, *crew)}
    faust, loop = list[Window](), list[Window]()
    started = [time.monotonic()]
    for number in range(repeats):
        crews[1].append(take_in(topic))
        faust.append(beside("stock_faust", topic))
        loop.append(beside("aiokafka_loop", topic, str(_LAPS)))
        for count in [count for count in crews if count > 1]:
            try:
                crews[count].append(take_in(topic, count))
            except Unavailable as error:  # on a fast machine they may be done before all have a part
                say(f"no figure of {count} workers: {error}")
                del crews[count]
        all_of = [found[-1].window for found in crews.values()] + [faust[-1], loop[-1]]
        told(number + 1, f"{', '.join(f'{one.per_s:,.0f}' for one in all_of)} events/s")
        started.append(time.monotonic())
        longest = max(after - before for before, after in pairwise(started))
        if started[-1] - started[0] + longest > within_s:
            break
    return [*_beside_others(crews[1], faust, loop), *(_by_workers(topic, crews, count) for count in crews if count > 1)]


def _beside_others(ours: Sequence[Taken], faust: Sequence[Window], loop: Sequence[Window]) -> Iterator[Measured]:
    windows = [one.window for one in ours]
    for name, what, reference in (
        ("stock faust", "stock Faust doing nothing", faust),
        ("aiokafka", "a bare aiokafka loop that decodes", loop),
    ):
        yield Measured(
            name=f"stream over {name}",
            what=f"events a second of the whole worker, beside {what}",
            unit="events/s",
            ours=[one.per_s for one in windows],
            beside=what,
            reference=[one.per_s for one in reference],
            notes={**_shares(ours), "limit": limit(ours, 1, os.cpu_count() or 1)},
        )
        yield Measured(
            name=f"cpu of an event over {name}",
            what=f"CPU µs of an event of the whole worker, beside {what}",
            unit="µs",
            better="lower",
            ours=[one.cpu_us for one in windows],
            beside=what,
            reference=[one.cpu_us for one in reference],
        )


def _by_workers(topic: Filled, crews: Mapping[int, Sequence[Taken]], count: int) -> Measured:
    found = crews[count]
    return Measured(
        name=f"stream by {count} workers",
        what=f"events a second of {count} workers over {topic.settings.partitions} partitions, beside one",
        unit="events/s",
        ours=[taken.window.per_s for taken in found],
        beside="one worker",
        reference=[taken.window.per_s for taken in crews[1]],
        notes={
            _US: _median_us([taken.window for taken in found]),
            **_shares(found),
            "limit": limit(found, count, os.cpu_count() or 1),
        },
    )


def beside(module: str, topic: Filled, *more: str) -> Window:
    """A reference's window; raises `Unavailable` where it doesn't come to its end."""
    command = [sys.executable, "-m", f"benchmarks.references.{module}", topic.settings.kafka or "", topic.topic]
    try:
        ended = subprocess.run(
            [*command, f"{module}-{uuid.uuid4().hex[:8]}", json.dumps(topic.ends), *more],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_READ_WITHIN_S,
            check=False,
        )
        return Window.said(ended.stdout)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{module} has not read all within {_READ_WITHIN_S:.0f} s") from error
    except ValueError as error:
        raise Unavailable(f"{module}: {error}: {ended.stderr[-1000:]}") from error


def limit(found: Sequence[Taken], workers: int, cores: int) -> str:
    """What held them back: whatever was busy nearly all the time."""
    shares = {name: statistics.median(one.cores[name] for one in found) for name in found[0].cores}
    if shares["workers"] > _FULL * workers:
        return f"the interpreter: each worker keeps {shares['workers'] / workers:.2f} of a core busy, one is all it can"
    if shares["redis"] > _FULL:
        return f"Redis: its one thread is busy {shares['redis']:.0%} of the time"
    if shares["all"] > _FULL * cores:
        return f"the machine: {shares['all']:.1f} of {cores} cores were busy, {shares['others']:.1f} with others' work"
    return f"waiting: of {cores} cores {shares['all']:.1f} were busy"


def _median_us(windows: Sequence[Window]) -> float:
    return round(statistics.median(one.cpu_us for one in windows), 1)


def _shares(found: Sequence[Taken]) -> dict[str, float | str]:
    names = (*_OURS, "others")
    return {f"cores, {name}": round(statistics.median(one.cores[name] for one in found), 2) for name in names}


def run(
    repeats: int = REPEATS, events: int = EVENTS, crew: Sequence[int] = CREW, within_s: float = math.inf
) -> list[Measured]:
    """On servers of its own; `within_s` bounds the repeats, but not the first."""
    with servers(say) as stack:
        say(f"filling a topic with {events:,} events")
        topic = filled(stack, events)
        take_in(topic)  # what a server does only once, it has done
        with bar("the worker and its references", repeats, "repeats") as told:
            return measure(topic, repeats, told, crew, within_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-stream ARGS=…", description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--workers", action="store_true", help="also 2 and 4 workers")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    found = run(chosen.repeats, chosen.events, CREW if chosen.workers else ())
    show(found)
    write_json(chosen.json, found)


if __name__ == "__main__":
    main()
