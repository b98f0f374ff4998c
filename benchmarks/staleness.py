"""What an hour of staleness costs: `make bench-staleness`.

Monolith's protocol (Liu et al., 2022, "Monolith: Real Time Recommendation System With Collisionless Embedding Table"):
the first 80% of a log train a bundle, the rest is replayed and all of it learned from, but answers come from the state
as it was synchronised last: at the split, each midnight, every 5 hours, every hour, every 5 minutes, with every event.
States, histories and counts are all as old as that; what a user has had since isn't asked for, since whoever asks
knows it.

And what each kind of learning is worth: `nightly fine-tune` has states of last night and a bundle fine-tuned last
night (at most eight nights, evenly spread); `both` learns with every event besides. All others keep their bundle.

On MovieLens-100K and two of the worlds of `benchmarks.worlds`, or on `--events FILE --items FILE`. NDCG@10 and HR@10
on the same events for all, with the paired 95% interval of what is lost against every event (users drawn again).
`--out` is the folder for staleness.html, .svg and .json.
"""

import argparse
import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from threadpoolctl import threadpool_limits

from batch import movielens
from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from batch.evaluate.protocol import Protocol
from batch.evaluate.schedule import schedule
from batch.evaluate.split import Split, split
from batch.evaluate.systems import Frozen, Live
from batch.evaluate.training import Training
from batch.log import of_events
from batch.measures import GAINS, Drawn, gains
from batch.plan import Plan, Repeats
from batch.replay import Replay
from batch.train import train_on
from benchmarks import worlds
from benchmarks.staleness_shown import (
    BOTH,
    EVERY_EVENT,
    FINE_TUNED,
    INTERVALS,
    METRICS,
    NEVER,
    NIGHTLY,
    Found,
    Lost,
    figure,
    page,
    table,
)
from benchmarks.synchronised import Synchronised
from contracts.events import Interaction
from model import bundle as bundles
from model.bundle import Bundle
from online.store.memory import MemoryStore

SYSTEMS: Final = (*INTERVALS, FINE_TUNED, BOTH)
NIGHTS: Final = 8
SCORED: Final = 6000
WORLDS: Final = ("news", "music")
_REPEATS: Final[dict[str, Repeats]] = {"shop": "collapsed", "music": "kept"}
_MINUTE_MS: Final = 60_000


class Data(NamedTuple):
    """A log in the plain form, and how it is asked."""

    name: str
    events: Path
    items: Path | None
    repeats: Repeats = "never"

    def split(self, scored: int) -> Split:
        """The same in each process."""
        return split(read_events(self.events), Protocol(repeats=self.repeats, max_events=scored))

    def training(self) -> Training:
        items = catalogue_of(read_items(self.items)) if self.items else ()
        return Training(items, Plan(repeats=self.repeats, threads=1))


def measure(data: Data, scored: int, workers: int) -> Found:
    """All systems on one data set, so many at a time."""
    cut = data.split(scored)
    nights = _nights(cut)
    with tempfile.TemporaryDirectory(prefix="moodstream-") as folder:
        training = data.training()
        bundle = train_on(of_events(cut.head), training.catalogue(cut.head), training.plan)
        bundles.write(bundle, Path(folder) / "bundle")
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context) as pool:
            jobs = {name: pool.submit(ranks_of, name, data, scored, Path(folder) / "bundle") for name in SYSTEMS}
            ranks = {name: np.array(job.result(), np.int64) for name, job in jobs.items()}
    users = np.unique([event.user_id for event, _ in cut.targets], return_inverse=True)[1].astype(np.int64)
    drawn = Drawn(
        ((f"{name} {metric}", gains(of)[:, GAINS.index(metric)]) for name, of in ranks.items() for metric in METRICS),
        users,
    )
    times = [event.time for event, _ in cut.targets]
    return Found(
        data.name,
        len(users),
        int(users.max()) + 1,
        round((times[-1] - times[0]) / (24 * 60 * _MINUTE_MS), 1),
        len(nights),
        {
            name: Lost(
                {metric: drawn.mean(f"{name} {metric}") for metric in METRICS},
                {metric: drawn.difference(f"{EVERY_EVENT} {metric}", f"{name} {metric}") for metric in METRICS},
            )
            for name in SYSTEMS
        },
    )


def ranks_of(name: str, data: Data, scored: int, bundle: Path) -> list[int]:
    """Where each scored event's item stood in this system's answer."""
    with threadpool_limits(1):
        return asyncio.run(_ranks(name, data, data.split(scored), bundles.read(bundle)))


async def _ranks(name: str, data: Data, cut: Split, bundle: Bundle) -> list[int]:
    learned = MemoryStore()
    learning = await Replay.on(bundle, learned)
    await learning.learn(cut.head)
    system = _system(name, learning, learned, cut.repeats)
    if isinstance(system, Synchronised):
        await system.answer_with(bundle)
    nights = _nights(cut) if name in (FINE_TUNED, BOTH) else ()
    ranks: list[int] = []
    for place, step in enumerate(cut.steps):
        if place in nights:
            bundle = data.training().retrain(bundle, cut.before(place))
            await learning.publish(bundle)
            await learning.learner.move_all(0)
            if isinstance(system, Synchronised):
                await system.answer_with(bundle)
        if step.scored and isinstance(step.event, Interaction):
            (placed,) = (await system.answers(step.event, step)).values()
            ranks.append(placed.rank)
        await system.learn(step.event)
    return ranks


def _system(name: str, learning: Replay, learned: MemoryStore, repeats: Repeats) -> Frozen | Live | Synchronised:
    if name == NEVER:
        return Frozen(name, learning, repeats)
    if name in (EVERY_EVENT, BOTH):
        return Live(name, learning, repeats)
    return Synchronised(name, learning, learned, repeats, INTERVALS.get(name, INTERVALS[NIGHTLY]) * _MINUTE_MS)


def _nights(cut: Split) -> Sequence[int]:
    """The places of at most `NIGHTS` midnights, evenly spread."""
    places = sorted(schedule("nightly", cut.steps).places)
    return places[:: -(-len(places) // NIGHTS)] if places else []


def _data(chosen: argparse.Namespace, folder: Path) -> Iterator[Data]:
    if chosen.events:
        yield Data(chosen.events.stem, chosen.events, chosen.items, chosen.repeats)
        return
    if "ml-100k" in chosen.on:
        movielens_folder = Path(os.environ.get("MOODSTREAM_HOME", ".moodstream")) / "data" / "ml-100k"
        if not movielens.is_there(movielens_folder):
            print(movielens.fetch(movielens_folder, print))
        yield Data("ml-100k", movielens_folder / movielens.EVENTS, movielens_folder / movielens.ITEMS)
    for name in worlds.WORLDS:
        if name in chosen.on:
            worlds.write(name, folder / name)
            yield Data(name, folder / name / "events.csv", None, _REPEATS.get(name, "never"))


def main() -> None:
    """Every data set: replay, print, draw."""
    parser = argparse.ArgumentParser(
        prog="make bench-staleness ARGS=…", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--on", nargs="+", default=["ml-100k", *WORLDS], choices=["ml-100k", *worlds.WORLDS])
    parser.add_argument("--events", type=Path, help="instead, a data set in the plain form")
    parser.add_argument("--items", type=Path, help="its catalogue")
    parser.add_argument("--repeats", default="never", choices=["never", "kept", "collapsed"])
    parser.add_argument("--scored", type=int, default=SCORED, help="events that are foretold")
    parser.add_argument("--out", type=Path, default=Path("bench"))
    chosen = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="moodstream-") as folder:
        for data in _data(chosen, Path(folder)):
            found.append(measure(data, chosen.scored, os.cpu_count() or 1))
            print(table(found[-1]), flush=True)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "staleness.json").write_bytes(msgspec.json.encode(found))
    (chosen.out / "staleness.html").write_text(page(found))
    (chosen.out / "staleness.svg").write_text(figure(found))
    print(f"written to {chosen.out}/staleness.html, .svg and .json")


if __name__ == "__main__":
    main()
