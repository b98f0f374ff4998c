"""What a night holds in memory, step by step: `python -m benchmarks.night_memory [--events 1e5 1e6] [--hold 5e5]`.

Each step has a process of its own, over a made-up lake: its peak of resident memory less what it had before it read
anything. The log is read row by row as well, all of the lake at once, as nights did it before they were bounded: that
is what to compare with. Nothing is started; a million events take some minutes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec.structs import replace as changed

from batch.fine_tune import fine_tune
from batch.log import Log
from batch.nightly import lake, measured
from batch.nightly.data import looked_at
from batch.nightly.night import Begun
from batch.nightly.terms import Terms
from batch.nightly.training import cut_of
from batch.plan import MOST, Plan
from benchmarks.event_log import made_up
from contracts.events import Context, Impression, Interaction, MoodEvent, Shown
from contracts.settings import Settings
from model.bundle import Watermark
from online.lake.write import LakeWriter
from online.learn.enrich import Enriched, Enricher
from tests.batch import whole_lake
from tests.fakes.bundle import random_bundle

_PARTITIONS: Final = 8
_OF_A_USER: Final = 25
"""Events, on average."""
_ITEMS: Final = 2_000
_PAGES: Final = 10
"""So many events to an impression."""
_FLUSH: Final = 50_000
_APART_S: Final = 0.5
"""Between two events of `made_up`."""
STEPS: Final = ("checks", "log, row by row", "log", "fine-tune", "proof")


def make(folder: Path, count: int) -> None:
    """A lake of so many events, half a second apart, with sessions, requests and impressions."""
    writers = [LakeWriter(str(folder), "default", "life", partition) for partition in range(_PARTITIONS)]
    offsets, enricher = [0] * _PARTITIONS, Enricher()
    events = _events(count)
    while part := list(islice(events, _FLUSH)):
        rows: list[list[Enriched]] = [[] for _ in writers]
        for event in part:
            partition = _number(event.user_id) % _PARTITIONS
            rows[partition].append(
                enricher.enrich(event, partition=partition, offset=offsets[partition], arrival=event.time)
            )
            offsets[partition] += 1
        for partition, writer in enumerate(writers):
            writer.add(rows[partition], offsets[partition] - 1)
            writer.flush()


def _number(user: str) -> int:
    return int(user.rpartition("-")[2])


def _events(count: int) -> Iterator[Interaction | MoodEvent | Impression]:
    for number, event in enumerate(made_up(count, users=max(100, count // _OF_A_USER), items=_ITEMS)):
        request = f"{number // _PAGES:032x}"
        if number % _PAGES == 0:
            shown = [Shown(f"i{(number + place) % _ITEMS}", place, 0.5, 0.9) for place in range(10)]
            yield Impression(
                event_id=f"p{number}",
                time=event.time,
                user_id=event.user_id,
                request_id=request,
                bundle="20260101T000000-00000000",
                shown=shown,
            )
        context = event.context or Context()
        yield changed(event, context=changed(context, request_id=request))


def step(name: str, folder: Path, hold: int) -> dict[str, float]:
    """Do this step of a night on this lake, of which the newer half is new; what it took."""
    settings, terms = Settings(lake=str(folder), namespace="default"), Terms(hold=hold, events=200)
    now, before = int(time.time() * 1000), lake.positions(settings)
    begun = Begun(time=now, asked="", base="", how="", why="", before=before, terms=terms, bounded=True)
    half = Watermark(time=int(folder.joinpath("half").read_text()), count=0)
    bundle = replace(random_bundle(_ITEMS, hidden=16, dim=8), watermark=half)

    def log() -> tuple[Log, int]:
        found = lake.log_of(settings, begun).log
        return found, cut_of(found, bundle, terms, terms.held_out)

    def tuned() -> object:
        found, cut = log()
        plan = Plan(hidden=16, dim=8, tokens=16_384, device="cpu")
        return fine_tune(bundle, found.part(0, cut), bundle.catalogue, plan)

    steps: dict[str, Callable[[], object]] = {
        "checks": lambda: looked_at(partial(lake.rows_of, settings, begun), begun, bundle, [], []),
        "log, row by row": lambda: whole_lake.log_of(settings.lake_url, settings.namespace),
        "log": log,
        "fine-tune": tuned,
        "proof": lambda: measured.measured(bundle, bundle, *log(), True, terms, lambda *said: None),
    }
    first, cpu = _resident(), time.process_time()
    kept = steps[name]()
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = {"peak": peak - first, "kept": _resident() - first, "cpu_s": time.process_time() - cpu}
    del kept
    return said


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(count: int, hold: int, names: Sequence[str]) -> None:
    """Each step in a process of its own, one after the other."""
    with TemporaryDirectory() as folder:
        make(Path(folder), count)
        Path(folder, "half").write_text(str(int((time.time() - count * _APART_S / 2) * 1000)))
        for name in names:
            words = [sys.executable, "-m", "benchmarks.night_memory", "--step", name, "--lake", folder]
            done = subprocess.run([*words, "--hold", str(hold)], capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            peak = f"peak {found['peak'] / 1e6:6.0f} MB, {found['peak'] / count:6.0f} bytes an event"
            kept = f"kept {found['kept'] / 1e6:6.0f} MB; {found['cpu_s']:6.1f} s of CPU"
            print(f"{count:>10,} events  {name:<15}  {peak}; {kept}", flush=True)


def main() -> None:
    """All of it, or the one step of a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, nargs="+", default=[1e5, 1e6])
    parser.add_argument("--hold", type=float, default=MOST)
    parser.add_argument("--steps", nargs="+", default=STEPS, choices=STEPS)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--lake", type=Path)
    chosen = parser.parse_args()
    if chosen.step:
        print(json.dumps(step(chosen.step, chosen.lake, int(chosen.hold))))
        return
    for count in chosen.events:
        measure(int(count), int(chosen.hold), chosen.steps)


if __name__ == "__main__":
    main()
