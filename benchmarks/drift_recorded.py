"""The timelines of logs with a known drift and of logs without, recorded once for each."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.bend.bend import bend
from batch.bend.told import KINDS, Bend
from batch.prequential import records_of
from batch.replay import Replay
from benchmarks.drift_world import log
from model import bundle as bundles
from online.learn.batch import Batch
from online.learn.drift.block import Pace
from online.learn.drift.drift import Drift
from online.learn.drift.kept import timeline_of
from online.learn.drift.timeline import Timeline
from online.learn.outgoing import Raw

NOTHING: Final = "nothing"
BUNDLE: Final = "bundle"
"""Its folder in the folder of recordings."""
EVENTS: Final = 5_600
BENT_AT: Final = 4_000
PACE: Final = Pace(64, 0)
STRENGTHS: Final = (0.15, 0.25, 0.4)
"""By seed."""


class Recorded(NamedTuple):
    """One log's timeline: a row a block, a column a signal."""

    seed: int
    what: str
    values: NDArray[np.float32]
    since: int
    """The first block that has anything of the drift in it."""
    days: float
    """Of the whole log, by arrival."""
    minutes: float
    """Of a block, on average."""


def record_all(seeds: Sequence[int], folder: Path, processes: int, tell: Callable[[int], None]) -> list[Recorded]:
    """Every seed with every kind of drift, and without, by the bundle in the folder; `tell` hears of each seed.

    Those that the folder has from before are taken from there.
    """
    missing = [seed for seed in seeds if not _file(folder, seed).exists()]
    tell(len(seeds) - len(missing))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_record, seed, folder) for seed in missing]):
            done.result()
            tell(1)
    return sorted((one for seed in seeds for one in _read(folder, seed)), key=lambda one: (one.what, one.seed))


def _file(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.npz"


def _record(seed: int, folder: Path) -> None:
    # no detector has a say: each is fed afterwards, from what is recorded here; and nothing here depends on the counts,
    # which are half of the work of learning
    without = patch.object(Drift, "_see", lambda *_: None), patch.object(Batch, "_count", lambda *_: None)
    with threadpool_limits(1), without[0], without[1]:
        found = asyncio.run(_replayed(seed, bundles.read(folder / BUNDLE)))
    arrays: dict[str, Any] = {}
    for one in found:
        arrays |= {one.what: one.values, f"{one.what} at": np.array([one.since, one.days, one.minutes])}
    new = folder / f"{seed}.part.npz"
    np.savez(new, **arrays)
    new.replace(_file(folder, seed))


def _read(folder: Path, seed: int) -> list[Recorded]:
    with np.load(_file(folder, seed)) as arrays:
        ats = {what: arrays[f"{what} at"].tolist() for what in (NOTHING, *KINDS)}
        return [Recorded(seed, what, arrays[what], int(at[0]), at[1], at[2]) for what, at in ats.items()]


async def _replayed(seed: int, bundle: bundles.Bundle) -> list[Recorded]:
    """What comes before the drift is learned once, and gone on from for each kind."""
    whole = list(records_of(log(seed, EVENTS)))
    before, after = whole[:BENT_AT], whole[BENT_AT:]
    replay = await Replay.on(bundle)
    replay.learner.pace = PACE
    await replay.learner.assign(0, "replay")
    await replay.take(before)
    head = replay.head()
    found = []
    for what in (None, *KINDS):
        bent: Sequence[Raw] = after
        if what is not None:
            one = Bend(what, after[0].time, STRENGTHS[seed // 2 % len(STRENGTHS)])
            bent = bend(whole, [one], seed)[BENT_AT:]
        tail = await Replay.behind(head, bundle)
        tail.learner.pace = PACE
        await tail.take(bent)
        kept = timeline_of((await tail.store.drifts())[0]) or Timeline()
        since = sum(row.offset <= BENT_AT for row in kept.rows)
        days = (bent[-1].time - whole[0].time) / 86_400_000
        values = np.array([row.columns() for row in kept.rows], np.float32)
        found.append(Recorded(seed, what or NOTHING, values, since, days, days * 1440 / len(values)))
    return found
