"""How soon drift is seen, how often it's missed, and how often there is none: `make bench-drift`.

Each seed is a log of a made-up world (`benchmarks/drift_world.py`), once as it is and once with each kind of drift put
upon its last third (`batch/bend/`), replayed through the learner in memory. What the signals come to is recorded, and
every detector is fed from the recording. On every second seed the threshold of each detector and signal is chosen: the
one that is easiest to convince without a false alarm. Figures are of the other seeds.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from batch.bend.told import KINDS
from batch.log import of_events
from batch.plan import Plan
from batch.train import train_on
from benchmarks.drift_measured import THRESHOLDS, all_alarms, chosen, false_alarms, first_within, measured
from benchmarks.drift_recorded import BUNDLE, NOTHING, Recorded, record_all
from benchmarks.drift_world import catalogue, log
from contracts.events import Impression
from model import bundle as bundles
from moodstream.bars import bars
from moodstream.training_bar import training_bar
from online.learn.drift.signals import ALL, Watch

_PAST: Final = 12_000
"""Events of the same world that the bundle is trained on."""


def main() -> None:
    """Record, choose, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench-drift ARGS=…", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="half of them choose thresholds, half are measured")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write all figures to this file, too")
    parser.add_argument("--recorded", type=Path, help="keep bundle and recordings in this folder, and go on with them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = report(_logs(given.seeds, given.processes, given.recorded or Path(folder)))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


def _logs(seeds: int, processes: int, folder: Path) -> list[Recorded]:
    began, done = time.monotonic(), 0
    if not (folder / BUNDLE).exists():
        bundles.write(_trained(), folder / BUNDLE)
    with bars("seeds") as tell:

        def more(n: int) -> None:
            nonlocal done
            done += n
            tell("recording", done, seeds)

        logs = record_all(range(seeds), folder, processes, more)
    print(f"recorded {len(logs):,} logs in {time.monotonic() - began:,.0f} s")
    return logs


def _trained() -> bundles.Bundle:
    past: Any = [event for event in log(-1, _PAST) if not isinstance(event, Impression)]
    with training_bar() as tell:
        return train_on(of_events(past), catalogue(), Plan(epochs=4, final_epochs=0, hidden=48, dim=24, seed=0), tell)


def report(logs: Sequence[Recorded]) -> dict[str, Any]:
    """Everything that is printed, for a program."""
    choosing, held = ([one for one in logs if one.seed % 2 == half] for half in (0, 1))
    figures: dict[str, Any] = {"signals": {}, "system": {}}
    for column, one in enumerate(ALL):
        # a segment's signal is watched as the whole's is; KSWIN takes a minute for each
        methods = [method for method in THRESHOLDS if not one.segment or method != "kswin"]
        figures["signals"][one.about] = {
            method: _figures(column, chosen(column, method, choosing, 0), held) for method in methods
        }
        print(f"  {one.about}", end="", flush=True)
    _print_signals(figures["signals"])
    figures["system"] = system(held)
    _print_system(figures["system"])
    return figures


def _figures(column: int, watch: Watch, logs: Sequence[Recorded]) -> dict[str, Any]:
    found = all_alarms(column, watch, logs)
    days = sum(one.days for one in logs if one.what == NOTHING)
    kinds = {what: measured(found, logs, what)._asdict() for what in KINDS}
    return {"threshold": watch.threshold, "false_a_day": false_alarms(found, logs) / days, "kinds": kinds}


def system(logs: Sequence[Recorded]) -> dict[str, Any]:
    """All signals with their own detectors, as the product has them: any alarm counts."""
    found: dict[tuple[str, int], list[int]] = {}
    for column, one in enumerate(ALL):
        if one.signal.watch.method:
            for name, blocks in all_alarms(column, one.signal.watch, logs).items():
                found[name] = sorted([*found.get(name, []), *blocks])
    without = [one for one in logs if one.what == NOTHING]
    days = sum(one.days for one in without)
    quiet = sum(not found[one.what, one.seed] for one in without)
    minutes = sum(one.minutes for one in without) / len(without)
    kinds = {what: measured(found, logs, what)._asdict() for what in KINDS}
    for what in KINDS:  # by chance something may alarm after that block of a log without a drift, too
        some = [one for one in logs if one.what == what]
        by_chance = sum(first_within(found[NOTHING, one.seed], one.since) is not None for one in some)
        kinds[what]["by_chance"] = by_chance
    return {
        "logs": len(without),
        "quiet": quiet,
        "false_a_day": false_alarms(found, logs) / days,
        "minutes_a_block": minutes,
        "kinds": kinds,
    }


def _print_signals(signals: dict[str, Any]) -> None:
    print(f"\n{'signal':22s}{'detector':14s}{'threshold':>10s}{'false/day':>11s}   found % (median blocks to it)")
    print(f"{'':57s}   " + "".join(f"{what:>15s}" for what in KINDS))
    for about, methods in signals.items():
        for method, one in methods.items():
            kinds = "".join(_share(one["kinds"][what]) for what in KINDS)
            print(f"{about:22s}{method:14s}{one['threshold']:>10g}{one['false_a_day']:>11.3f}   {kinds}")


def _share(one: dict[str, Any]) -> str:
    said = f"{100 * one['found'] / one['logs']:.0f} ({one['delay']:.0f})" if one["found"] else "·"
    return f"{said:>15s}"


def _print_system(found: dict[str, Any]) -> None:
    print(
        f"\nall signals together: {found['false_a_day']:.2f} false alarms a day, none in {found['quiet']} of "
        f"{found['logs']} logs; a block is {found['minutes_a_block']:.0f} minutes"
    )
    for what, one in found["kinds"].items():
        print(
            f"  {what:15s} found {one['found']} of {one['logs']} after {one['delay']:.0f} blocks (median); "
            f"by chance {one['by_chance']}"
        )


if __name__ == "__main__":
    main()
