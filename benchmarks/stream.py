"""Events a second of the whole worker beside stock Faust doing nothing and a bare aiokafka loop: `make bench-stream`.

All read the same topic, filled beforehand, as processes of their own, one after the other and again. Ours is the
product's own command from an empty store on: decode, validate, enrich, learn, write to Redis, pass on to Kafka and to
the lake, acknowledge. What is counted are records by their offsets, from the first look that found
something taken in to the last record; starting is not in it. Stock Faust only notes each event's offset, the loop decodes each event
too. With `--workers` also by the number of workers, and what limits them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.filled import Filled, filled, servers
from benchmarks.references.window import Window
from benchmarks.result import REPEATS, Measured
from benchmarks.workers import Taken, take_in
from contracts.errors import Unavailable
from moodstream.console import bar, say
from moodstream.written import write_json

EVENTS: Final = 40_000
CREW: Final = (1, 2, 4)
_LAPS: Final = 10
_READ_WITHIN_S: Final = 120.0
_FULL: Final = 0.9
"""A core, or all of them, so busy is what limits."""


def measure(topic: Filled, repeats: int, told: Callable[[int, str], None]) -> list[Measured]:
    """One worker and the two references in turn."""
    ours, faust, loop = list[Taken](), list[Window](), list[Window]()
    for number in range(repeats):
        ours.append(take_in(topic))
        faust.append(beside("stock_faust", topic))
        loop.append(beside("aiokafka_loop", topic, str(_LAPS)))
        per_s = (ours[-1].window.per_s, faust[-1].per_s, loop[-1].per_s)
        told(number + 1, "{:,.0f} beside {:,.0f} and {:,.0f} events/s".format(*per_s))
    windows = [one.window for one in ours]
    notes: dict[str, float | str] = {"CPU µs an event": _median_us(windows), **_shares(ours)}
    return [
        Measured(
            name="stream over stock faust",
            what="the whole worker, beside stock Faust doing nothing",
            unit="events/s",
            ours=[one.per_s for one in windows],
            beside="stock Faust doing nothing",
            reference=[one.per_s for one in faust],
            notes={**notes, "CPU µs an event, stock Faust": _median_us(faust)},
        ),
        Measured(
            name="stream over aiokafka",
            what="the whole worker, beside a bare aiokafka loop that decodes",
            unit="events/s",
            ours=[one.per_s for one in windows],
            beside="aiokafka getmany and decode",
            reference=[one.per_s for one in loop],
            notes={**notes, "CPU µs an event, aiokafka": _median_us(loop)},
        ),
    ]


def by_workers(topic: Filled, repeats: int, told: Callable[[int, str], None]) -> list[Measured]:
    """Two and four workers, each beside one in the same round."""
    found: dict[int, list[Taken]] = {count: [] for count in CREW}
    for number in range(repeats):
        for count in CREW:
            found[count].append(take_in(topic, count))
        told(number + 1, ", ".join(f"{count}: {found[count][-1].window.per_s:,.0f}/s" for count in CREW))
    one = [taken.window.per_s for taken in found[1]]
    return [
        Measured(
            name=f"stream by {count} workers",
            what=f"{count} workers over {topic.settings.partitions} partitions, beside one",
            unit="events/s",
            ours=[taken.window.per_s for taken in found[count]],
            beside="one worker",
            reference=one,
            notes={
                "CPU µs an event": _median_us([taken.window for taken in found[count]]),
                **_shares(found[count]),
                "limit": limit(found[count], count, os.cpu_count() or 1),
            },
        )
        for count in CREW[1:]
    ]


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
    if sum(shares.values()) > _FULL * cores:
        return f"the machine: {sum(shares.values()):.1f} of its {cores} cores were busy with workers, Kafka and Redis"
    if shares["workers"] > _FULL * workers:
        return f"the interpreter: each worker keeps {shares['workers'] / workers:.2f} of a core busy, one is all it can"
    if shares["redis"] > _FULL:
        return f"Redis: its one thread is busy {shares['redis']:.0%} of the time"
    return f"waiting: of {cores} cores {sum(shares.values()):.1f} were busy with workers, Kafka and Redis"


def _median_us(windows: Sequence[Window]) -> float:
    return round(statistics.median(one.cpu_us for one in windows), 1)


def _shares(found: Sequence[Taken]) -> dict[str, float | str]:
    return {f"cores, {name}": round(statistics.median(one.cores[name] for one in found), 2) for name in found[0].cores}


def run(repeats: int = REPEATS, events: int = EVENTS, *, workers: bool = True) -> list[Measured]:
    """On servers of its own."""
    with servers(say) as stack:
        say(f"filling a topic with {events:,} events")
        topic = filled(stack, events)
        take_in(topic)  # what a server does only once, it has done
        with bar("stream beside its references", repeats, "repeats") as told:
            found = measure(topic, repeats, told)
        if workers:
            with bar("by workers", repeats, "repeats") as told:
                found += by_workers(topic, repeats, told)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-stream ARGS=…", description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--workers", action="store_true", help="also 2 and 4 workers")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    found = run(chosen.repeats, chosen.events, workers=chosen.workers)
    for one in found:
        ratio = one.ratio
        say(f"{one.what}: {ratio.said() if ratio else ''}; {statistics.median(one.ours):,.0f} {one.unit}; {one.notes}")
    write_json(chosen.json, found)


if __name__ == "__main__":
    main()
