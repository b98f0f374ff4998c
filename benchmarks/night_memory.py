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
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.event_log import made_up
from contracts.events import Context, Impression, Shown
from contracts.settings import Settings

_PARTITIONS: Final = 8
_OF_A_USER: Final = 25
"""Events, on average."""
_ITEMS: Final = 2_000
_PAGES: Final = 10
"""So many events to an impression."""
_FLUSH: Final = 50_000


def make(folder: Path, count: int) -> None:
    """A lake of so many events, half a second apart, with sessions, requests and impressions."""
    from online.lake.write import LakeWriter
    from online.learn.enrich import Enricher

    writers = [LakeWriter(str(folder), "default", "life", partition) for partition in range(_PARTITIONS)]
    offsets, enricher = [0] * _PARTITIONS, Enricher()
    events = _events(count)
    while part := list(islice(events, _FLUSH)):
        rows: list[list[Any]] = [[] for _ in writers]
        for event in part:
            partition = hash_of(event.user_id) % _PARTITIONS
            rows[partition].append(
                enricher.enrich(event, partition=partition, offset=offsets[partition], arrival=event.time)
            )
            offsets[partition] += 1
        for partition, writer in enumerate(writers):
            writer.add(rows[partition], offsets[partition] - 1)
            writer.flush()


def hash_of(user: str) -> int:
    """The same in each process."""
    return int(user.rpartition("-")[2])


def _events(count: int) -> Iterator[Any]:
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
        yield replaced(event, context=replaced(context, request_id=request))


def replaced(struct: Any, **changes: object) -> Any:
    """A changed copy."""
    from msgspec.structs import replace as changed

    return changed(struct, **changes)


def step(name: str, folder: Path) -> dict[str, float]:
    """Do this step of a night on this lake, and say what it took."""
    from batch.nightly import lake, measured
    from batch.nightly.data import looked_at
    from batch.nightly.night import Begun
    from batch.nightly.terms import Terms
    from batch.nightly.training import cut_of
    from batch.plan import Plan
    from model.bundle import Watermark
    from tests.fakes.bundle import random_bundle

    import batch.fine_tune  # isort: skip

    settings = Settings(lake=str(folder), namespace="default")
    begun = Begun(
        time=int(time.time() * 1000),
        asked="",
        base="",
        how="",
        why="",
        before=lake.positions(settings),
        terms=Terms(),
        bounded=True,
    )
    bundle = random_bundle(_ITEMS, hidden=16, dim=8)
    half = int(folder.joinpath("half").read_text())
    bundle = replace(bundle, watermark=Watermark(time=half, count=0))
    before, cpu = _rss(), time.process_time()

    def log() -> Any:
        return lake.log_of(settings, begun).log

    def tuned() -> object:
        plan = Plan(hidden=16, dim=8, tokens=16_384, device="cpu")
        found = log()
        return batch.fine_tune.fine_tune(bundle, found.part(0, cut_of(found, bundle, Terms())), bundle.catalogue, plan)

    def proof() -> object:
        found = log()
        cut = cut_of(found, bundle, Terms())
        return measured.measured(bundle, bundle, found, cut, True, Terms(events=200), lambda *said: None)

    steps: dict[str, Callable[[], object]] = {
        "checks": lambda: looked_at(partial(lake.rows_of, settings, begun), begun, bundle, [], []),
        "log": log,
        "fine-tune": tuned,
        "proof": proof,
    }
    kept = steps[name]()
    said = {"mb": (_peak() - before) / 1e6, "kept_mb": (_rss() - before) / 1e6, "cpu_s": time.process_time() - cpu}
    del kept
    return said


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


STEPS: Final = ("checks", "log", "fine-tune", "proof")


def measure(count: int, names: list[str], trees: dict[str, Path]) -> None:
    """Each step in each tree, one after the other."""
    with TemporaryDirectory() as folder:
        make(Path(folder), count)
        Path(folder, "half").write_text(str(int((time.time() - count / 4) * 1000)))
        for name in names:
            for tree, where in trees.items():
                environment = {
                    **os.environ,
                    "PYTHONPATH": str(where),
                    "OMP_NUM_THREADS": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                }
                words = [sys.executable, "-P", __file__, "--step", name, "--lake", folder]
                done = subprocess.run(words, env=environment, cwd=where, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(done.stderr)
                found = json.loads(done.stdout.splitlines()[-1])
                print(
                    f"{count:>10,} events  {name:<10} {tree:<7} peak {found['mb']:8.0f} MB = "
                    f"{1e6 * found['mb'] / count:7.0f} bytes an event, kept {found['kept_mb']:7.0f} MB, "
                    f"{found['cpu_s']:7.1f} s of CPU",
                    flush=True,
                )


def main() -> None:
    """All of it, or the one step of a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--events", type=float, nargs="+", default=[1e5, 1e6])
    parser.add_argument("--steps", nargs="+", default=list(STEPS))
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--lake", type=Path)
    chosen = parser.parse_args()
    if chosen.step:
        print(json.dumps(step(chosen.step, chosen.lake)))
        return
    trees = {"here": Path(__file__).parents[1]}
    if chosen.beside:
        trees = {"beside": chosen.beside.resolve(), **trees}
    for count in chosen.events:
        measure(int(count), chosen.steps, trees)


if __name__ == "__main__":
    main()
