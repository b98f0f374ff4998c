"""Going on from a bundle: a short training on what has come since, kept only if the log's newest events bear it out."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import torch

from batch import checkpoint, holdout
from batch.assemble import assemble, counts_of
from batch.epoch import Behind, fall, optimizer_of, run_epoch
from batch.guard import MOST, Guard, held_out, judged
from batch.interruption import Interruption, heard
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
"""Events, the newest: what users did who took part in them is learned from, and of a longer log little else."""
REPLAYED: Final = 1.0
"""Of a longer log, what some of the other users did is learned from again, so that it isn't forgotten: as many windows
as those users have, drawn at random (docs/nightly.md)."""


def fine_tune(
    bundle: Bundle,
    log: Log,
    items: Sequence[Item],
    plan: Plan = DEFAULT,
    tell: Tell = lambda progress: None,
    now_ms: int | None = None,
    folder: Path | str | None = None,
) -> Bundle:
    """The bundle, taken further over a log that goes beyond the one it was trained on, for a catalogue that may differ.

    First the newest events are held out and the network learns from those before: if it then foretells the newest
    worse than the bundle does, or if nothing is new, its weights stay as they were (`batch.guard`). Otherwise it learns
    from the newest, too. Of a long log the newer part is learned from, and as much drawn from the rest. Catalogue,
    popularity and watermark are new in any case, the ranker stays; `metrics["fine_tune"]` says what was found. With a
    `folder` (or any URL) it leaves checkpoints there, each minute and when SIGTERM comes, upon which it ends; and it
    goes on from one. Raises `Misconfigured` for a log in which nothing can be learned.
    """
    with world_of(plan) as world, heard() if folder else nullcontext(Interruption()) as interruption:
        return _tuned(bundle, log, items, plan, tell, now_ms, folder, world, interruption)


def _tuned(
    bundle: Bundle,
    log: Log,
    items: Sequence[Item],
    plan: Plan,
    tell: Tell,
    now_ms: int | None,
    folder: Path | str | None,
    world: World,
    interruption: Interruption,
) -> Bundle:
    torch.set_num_threads(plan.threads)
    of = training_set(log, items, plan)
    everything = of.sequences
    cut = held_out(log, everything, bundle.watermark.time)
    network = warm_start(bundle, items, counts_of(everything)).to(device_of(plan))
    identity: dict[str, object] = {"from": bundle.version, "plan": asdict(plan), "log": log.mark()}
    optimizer = optimizer_of(network, plan)
    run = _Run(plan, network, optimizer, of.moods, tell, world, interruption, folder, identity)
    started = time.monotonic()
    before = holdout.ranks(network, everything, cut, repeats=plan.again, enough=MOST)
    untouched = network.held()
    run.resume()
    if len(before) and run.progress.epoch == 0:
        run.epoch(of.until(cut), 0, max(0, len(log.time) - RECENT), REPLAYED)
    if run.guard is None:
        after = holdout.ranks(network, everything, cut, repeats=plan.again, enough=MOST)
        run.guard = world.first(lambda: judged(before, after))
        run.save()
    guard = run.guard
    if not guard.taken:
        network.load_state_dict(untouched)
    elif run.progress.epoch == 1:
        run.epoch(everything, 1, cut)
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
    interruption: Interruption
    folder: Path | str | None
    identity: dict[str, object]
    guard: Guard | None = None
    """Once it has judged the first epoch."""
    progress: Progress = field(default_factory=lambda: Progress(phase="fine-tune"))
    started: float = field(default_factory=time.monotonic)
    behind: Behind | None = None
    """How far the first epoch is that is run here."""

    def epoch(self, sequences: Sequences, number: int, since: int, replayed: float = 0.0) -> None:
        """Over the users who did something from place `since` of the log on, and some of the others."""
        rate, seed = self.plan.rate * RATE, [self.plan.seed, number, 0]
        args = self.network, self.optimizer, sequences, self.moods, self.plan
        run_epoch(*args, fall(rate, 0, 1), seed, self._advance, self.world, since, self.behind, replayed)
        self.behind, self.progress.batch = None, 0
        self.progress.epoch += 1

    def end(self) -> None:
        """There is nothing more to do."""
        self.progress.share, self.progress.left = 1.0, 0.0
        self.tell(self.progress)

    def save(self) -> None:
        """Leave a checkpoint, if there is a folder for it."""
        if self.folder is not None and self.world.rank == 0:
            state = {**self.identity, "epoch": self.progress.epoch, "batch": self.progress.batch, "guard": self.guard}
            checkpoint.save(self.folder, self.network, self.optimizer, {}, state)
        self.interruption.saved = time.monotonic()

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if it is of the same bundle, plan and log."""
        folder = self.folder
        raw = self.world.first(lambda: checkpoint.read(folder) if folder is not None else b"")
        if found := checkpoint.load(raw, self.network, self.optimizer, self.identity):
            self.progress.epoch, batches = found.state["epoch"], found.state["batch"]
            self.guard = msgspec.convert(found.state["guard"], Guard | None)
            self.behind = Behind(batches, found.chance) if batches else None

    def _advance(self, number: int, count: int, loss: float) -> None:
        progress = self.progress
        progress.batch, progress.batches, progress.loss = number, count, loss
        progress.seconds = time.monotonic() - self.started
        progress.share = (progress.epoch + number / count) / 2
        progress.left = progress.seconds * (1 / progress.share - 1)
        self.tell(progress)
        self.interruption.heed(self.save)
