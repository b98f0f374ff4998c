"""Going on from a bundle: a short training on what has come since, kept only if the log's newest events bear it out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import torch

from batch import holdout
from batch.assemble import assemble, counts_of
from batch.epoch import fall, optimizer_of, run_epoch
from batch.guard import MOST, held_out, judged
from batch.log import Log
from batch.moods import Moods
from batch.network import Network
from batch.plan import DEFAULT, LARGE, Plan
from batch.progress import Progress, Tell
from batch.sequences import Sequences
from batch.training_set import training_set
from batch.warm_start import warm_start
from batch.world import World, device_of, world_of
from model.bundle import Bundle
from model.items import Item

RATE: Final = 0.3
"""The learning rate, as a share of the plan's."""
RECENT: Final = LARGE
"""Events, the newest: what users did who took part in them is learned from, and of a longer log nothing else."""


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
    worse than the bundle does, or if nothing is new, its weights stay as they were (`batch.guard`). Otherwise it learns
    from the newest, too. Of a long log the newer part alone is learned from. Catalogue, popularity and watermark are
    new in any case, the ranker stays; `metrics["fine_tune"]` says what was found. Raises `Misconfigured` for a log in
    which nothing can be learned.
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
    cut = held_out(log, everything, bundle.watermark.time)
    network = warm_start(bundle, items, counts_of(everything)).to(device_of(plan))
    run = _Run(plan, network, optimizer_of(network, plan), of.moods, tell, world)
    started = time.monotonic()
    before = holdout.ranks(network, everything, cut, repeats=plan.repeats, enough=MOST)
    untouched = network.held()
    if len(before):
        run.epoch(of.until(cut), 0, max(0, len(log.time) - RECENT))
    after = holdout.ranks(network, everything, cut, repeats=plan.repeats, enough=MOST)
    guard = world.first(lambda: judged(before, after))
    if guard.taken:
        run.epoch(everything, 1, cut)
    else:
        network.load_state_dict(untouched)
        run.end()
    said: dict[str, Any] = {**guard._asdict(), "from": bundle.version, "seconds": round(time.monotonic() - started, 1)}
    born = world.first(lambda: int(time.time() * 1000)) if now_ms is None else now_ms
    metrics = {**bundle.metrics, "fine_tune": said}
    return replace(assemble(network, items, log, everything, of.affects, metrics, born), ranker=bundle.ranker)


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

    def epoch(self, sequences: Sequences, number: int, since: int) -> None:
        """Over the users who did something from place `since` of the log on."""
        rate, seed = self.plan.rate * RATE, [self.plan.seed, number, 0]
        args = self.network, self.optimizer, sequences, self.moods, self.plan
        run_epoch(*args, fall(rate, 0, 1), seed, self._advance, self.world, since)
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
