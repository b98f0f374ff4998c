"""Going on from a bundle: a short training on what has come since, kept only if the log's newest events bear it out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from batch import holdout
from batch.assemble import assemble, counts_of
from batch.epoch import fall, optimizer_of, run_epoch
from batch.log import Log
from batch.moods import Moods
from batch.network import Network
from batch.plan import DEFAULT, Plan
from batch.progress import Progress, Tell
from batch.sequences import Sequences
from batch.training_set import training_set
from batch.warm_start import warm_start
from batch.world import World, device_of, world_of
from model.bundle import Bundle
from model.items import Item

RATE: Final = 0.3
"""The learning rate, as a share of the plan's."""
_HELD: Final = 0.25
"""The share of the new events that is held out for the guard."""
_LEAST, _MOST = 100, 4000
"""Events held out at least, and at most."""


class Guard(NamedTuple):
    """NDCG@10 on the newest events, which the fine-tune didn't see, before and after it; and whether it was taken."""

    before: float
    after: float
    taken: bool
    events: int


def fine_tune(
    bundle: Bundle,
    log: Log,
    items: Sequence[Item],
    plan: Plan = DEFAULT,
    tell: Tell = lambda progress: None,
    now_ms: int | None = None,
) -> Bundle:
    """The bundle, taken further over a log that goes beyond the one it was trained on, for a catalogue that may differ.

    First the newest events are held out and the network learns from those before: if it then foretells the newest
    worse than the bundle does, its weights stay as they were. Otherwise it learns from the newest, too. Catalogue,
    popularity and watermark are new in any case, the ranker stays; `metrics["fine_tune"]` says what was found.
    Raises `Misconfigured` for a log in which nothing can be learned.
    """
    with world_of(plan) as world:
        return _tuned(bundle, log, items, plan, tell, now_ms, world)


def _tuned(
    bundle: Bundle,
    log: Log,
    items: Sequence[Item],
    plan: Plan,
    tell: Tell,
    now_ms: int | None,
    world: World,
) -> Bundle:
    torch.set_num_threads(plan.threads)
    of = training_set(log, items, plan)
    everything = of.sequences
    cut = _cut(log, everything, bundle)
    network = warm_start(bundle, items, counts_of(everything)).to(device_of(plan))
    run = _Run(plan, network, optimizer_of(network, plan), of.moods, tell, world)
    started = time.monotonic()
    before = holdout.ranks(network, everything, cut, repeats=plan.repeats, enough=_MOST)
    untouched = network.held()
    run.epoch(of.until(cut), 0)
    after = holdout.ranks(network, everything, cut, repeats=plan.repeats, enough=_MOST)
    guard = world.first(lambda: judged(before, after))
    if guard.taken:
        run.epoch(everything, 1)
    else:
        network.load_state_dict(untouched)
        run.end()
    said: dict[str, Any] = {**guard._asdict(), "from": bundle.version, "seconds": round(time.monotonic() - started, 1)}
    born = world.first(lambda: int(time.time() * 1000)) if now_ms is None else now_ms
    metrics = {**bundle.metrics, "fine_tune": said}
    return replace(assemble(network, items, log, everything, of.affects, metrics, born), ranker=bundle.ranker)


def judged(before: NDArray[np.int64], after: NDArray[np.int64]) -> Guard:
    """Whether ranks that were found `after` are no worse, on the whole, than those `before`.

    By NDCG over all ranks, not the first ten alone: every event tells something then, and some hundred are enough.
    """
    gained = 1 / np.log2(after + 2.0) - 1 / np.log2(before + 2.0)
    taken = not len(gained) or float(gained.mean()) >= 0
    return Guard(holdout.quality(before).ndcg, holdout.quality(after).ndcg, taken, len(gained))


@dataclass
class _Run:
    plan: Plan
    network: Network
    optimizer: torch.optim.AdamW
    moods: Moods
    tell: Tell
    world: World
    progress: Progress = field(default_factory=lambda: Progress(phase="fine-tune"))
    started: float = field(default_factory=time.monotonic)

    def epoch(self, sequences: Sequences, number: int) -> None:
        rate, seed = self.plan.rate * RATE, [self.plan.seed, number, 0]
        args = self.network, self.optimizer, sequences, self.moods, self.plan
        run_epoch(*args, fall(rate, 0, 1), seed, self._advance, self.world)
        self.progress.epoch += 1

    def end(self) -> None:
        """There is nothing more to do."""
        self.progress.share, self.progress.left = 1.0, 0.0
        self.tell(self.progress)

    def _advance(self, number: int, count: int, loss: float) -> None:
        progress = self.progress
        progress.batch, progress.batches, progress.loss = number, count, loss
        progress.seconds = time.monotonic() - self.started
        progress.share = (progress.epoch + number / count) / 2
        progress.left = progress.seconds * (1 / progress.share - 1)
        self.tell(progress)


def _cut(log: Log, sequences: Sequences, bundle: Bundle) -> int:
    """Where in the log the events begin that are held out: a part of those that are newer than the bundle's."""
    places = np.sort(sequences.place[sequences.target])
    new = int((log.time[places] > bundle.watermark.time).sum())
    held = min(max(_LEAST, min(int(new * _HELD), _MOST)), len(places) // 2)
    return int(places[len(places) - held]) if held else len(log.time)
