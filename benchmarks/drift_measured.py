"""River's detectors over recorded timelines: thresholds chosen on one half of the seeds, measured on the other."""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import isnan
from statistics import median
from typing import Final, NamedTuple

from benchmarks.drift_recorded import NOTHING, Recorded
from online.learn.drift.change import change_of
from online.learn.drift.drift import FLOOR
from online.learn.drift.signals import ALL, FIRST_MIX, Method, Watch
from online.learn.drift.watching import Watching

THRESHOLDS: Final[dict[Method, tuple[float, ...]]] = {
    "adwin": (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.0005, 0.0001),
    "page-hinkley": (4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0),
    "kswin": (0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0001, 0.00001),
}
"""The first is the easiest to convince."""
FOUND: Final = 0.5
"""A signal is said to tell of a kind of drift where it finds this share of the logs."""


class Measured(NamedTuple):
    """One detector on one signal and one kind of drift."""

    logs: int
    found: int
    delay: float
    """Median, in blocks, of those that were found."""


def alarms(column: int, watch: Watch, values: Sequence[float]) -> Iterator[int]:
    """The blocks at which this detector would alarm: as `online.learn.drift.drift` goes about it."""
    signal, floor = ALL[column].signal, ALL[column].signal.least * FLOOR
    ring: list[tuple[int, float]] = []
    watching = Watching(watch, floor)
    for block, value in enumerate(values):
        if isnan(value):
            continue
        ring.append((block, value))
        if not watching.see(value):
            continue
        change = change_of([one for _, one in ring])
        if change.size < signal.least:
            continue
        ring = [] if column >= FIRST_MIX else ring[change.at :]
        watching = Watching(watch, floor, [one for _, one in ring])
        if signal.way == "both" or change.after > change.before:
            yield block


def all_alarms(column: int, watch: Watch, logs: Sequence[Recorded]) -> dict[tuple[str, int], list[int]]:
    """By kind of drift and seed, the blocks."""
    return {(one.what, one.seed): list(alarms(column, watch, one.values[:, column].tolist())) for one in logs}


def first_within(found: Sequence[int], since: int) -> int | None:
    """The first alarm from this block on."""
    return next((block for block in found if block >= since), None)


def false_alarms(found: dict[tuple[str, int], list[int]], logs: Sequence[Recorded]) -> int:
    """On logs without a drift, and before it in the others, which have the same beginning: so of those without only."""
    return sum(len(found[one.what, one.seed]) for one in logs if one.what == NOTHING)


def measured(found: dict[tuple[str, int], list[int]], logs: Sequence[Recorded], what: str) -> Measured:
    """Of one kind of drift."""
    some = [one for one in logs if one.what == what]
    firsts = [(first_within(found[what, one.seed], one.since), one.since) for one in some]
    delays = [first - since + 1 for first, since in firsts if first is not None]
    return Measured(len(some), len(delays), median(delays) if delays else float("nan"))


def chosen(column: int, method: Method, logs: Sequence[Recorded], allowed: int) -> Watch:
    """The threshold that is easiest to convince of those with no more false alarms than allowed on these logs."""
    watches = [Watch(method, threshold) for threshold in THRESHOLDS[method]]
    without = [one.values[:, column].tolist() for one in logs if one.what == NOTHING]
    for watch in watches[:-1]:
        false = (block for values in without for block in alarms(column, watch, values))
        if len(list(islice(false, allowed + 1))) <= allowed:
            return watch
    return watches[-1]
