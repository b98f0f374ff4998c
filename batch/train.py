"""Training, from top to bottom: a log in, a bundle out; on a CPU or a GPU, seeded, and resumed where it was killed.

The encoder foretells each next event of each user: a softmax over the catalogue without what the user has had. First
the log's end (a fifth, of a long log a tenth) is held out and says when to stop; replayed with the network that didn't
train on it, it fits the ranker; then another learns from everything, as long as the first one gained from it.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import Tensor

from batch import checkpoint, holdout
from batch.assemble import assemble, counts_of
from batch.catalogue import catalogue_of
from batch.dataset import UserEvent
from batch.epoch import Rate, cycle, optimizer_of, run_epoch
from batch.log import Log, events_of, of_events
from batch.moods import Moods
from batch.network import Network
from batch.plan import DEFAULT, Plan
from batch.progress import Progress, Tell
from batch.ranking import fit_ranker
from batch.sequences import Sequences
from batch.training_set import training_set
from batch.world import World, device_of, world_of
from contracts.events import ItemEvent
from model.bundle import Bundle
from model.items import Item

_WATCHED: Final = 8000
"""Events of the tail that say after each epoch whether it was a good one."""


def train(
    events: Iterable[UserEvent],
    items: Iterable[ItemEvent],
    plan: Plan = DEFAULT,
    tell: Tell = lambda progress: None,
    folder: Path | None = None,
) -> Bundle:
    """A bundle trained on a data set's events, which are in the order of the log; see `train_on`."""
    return train_on(of_events(events), catalogue_of(items), plan, tell, folder)


def train_on(
    log: Log,
    items: Sequence[Item],
    plan: Plan = DEFAULT,
    tell: Tell = lambda progress: None,
    folder: Path | None = None,
    now_ms: int | None = None,
) -> Bundle:
    """A bundle trained on a log. With a `folder` it leaves a checkpoint there after each epoch and resumes from it.

    Under torchrun all its processes train together and each of them returns the bundle; the first one alone writes
    checkpoints. Raises `Misconfigured` for a log in which nothing can be learned.
    """
    with world_of(plan) as world:
        return _trained(log, items, plan, tell, folder, now_ms, world)


def _trained(
    log: Log,
    items: Sequence[Item],
    plan: Plan,
    tell: Tell,
    folder: Path | None,
    now_ms: int | None,
    world: World,
) -> Bundle:
    device, plan = device_of(plan), plan.for_log(len(log.time))
    torch.set_num_threads(plan.threads)
    of = training_set(log, items, plan)
    everything, cut = of.sequences, int(len(log.time) * (1 - plan.tail))
    head = of.until(cut)

    def begin(sequences: Sequences) -> Network:
        torch.manual_seed(plan.seed)
        return Network(items, plan.hidden, plan.dim, counts_of(sequences)).to(device)

    network = begin(head)
    run = _Run(plan, network, optimizer_of(network, plan), of.moods, Progress(), tell, world, started=time.monotonic())
    run.resume(folder, log)
    world.agree(network)

    while run.progress.phase == "tail":
        run.epoch(head, cycle(plan.rate, run.progress.epoch, plan.epochs))
        run.judge(world.first(lambda: _quality(network, everything, cut, plan)))
        run.save(folder, log)
    if run.progress.phase == "ranker":
        run.ranking(0)
        if cut:
            early, late = log.part(0, cut), log.part(cut, len(log.time))
            frozen = assemble(network, items, early, head, of.affects, {}, now_ms=0)
            run.progress.ranker = world.first(
                lambda: fit_ranker(
                    frozen, events_of(early), events_of(late, cut), plan.seed, repeats=plan.repeats, tell=run.ranking
                )
            )
        run.progress.phase = "all" if plan.final_epochs else "done"
        if plan.final_epochs:
            run.network = network = begin(everything)
            run.optimizer = optimizer_of(network, plan)
            world.agree(network)
        run.save(folder, log)
    while run.progress.phase == "all":
        run.epoch(everything, cycle(plan.rate, run.progress.epoch, run.final_epochs))
        if run.progress.epoch == run.final_epochs:
            run.progress.phase = "done"
        run.save(folder, log)

    metrics = {
        "tail": {"hr@10": run.progress.hit_rate, "ndcg@10": run.progress.best, "epochs": run.progress.best_epoch},
        "train": {
            "seconds": round(run.progress.seconds, 1),
            "loss": round(run.progress.loss, 4),
            "device": str(device),
            "processes": world.size,
        },
        "ranker": run.progress.ranker.metrics(),
        "plan": asdict(plan),
    }
    born = world.first(lambda: int(time.time() * 1000)) if now_ms is None else now_ms
    bundle = assemble(network, items, log, everything, of.affects, metrics, born)
    return replace(bundle, ranker=run.progress.ranker.ranker())


_RANKER: Final = 0.8
"""How long the ranker's part takes beside the epochs on the tail, about, for the progress bar."""


@dataclass
class _Run:
    plan: Plan
    network: Network
    optimizer: torch.optim.AdamW
    moods: Moods
    progress: Progress
    tell: Tell
    world: World
    started: float
    before: float = 0.0
    """Seconds of the run that was killed."""
    best: dict[str, Tensor] = field(default_factory=dict)

    @property
    def final_epochs(self) -> int:
        """Epochs over everything."""
        return self.plan.final_epochs if self.plan.final_epochs >= 0 else self.progress.best_epoch

    def epoch(self, sequences: Sequences, rate: Rate) -> None:
        """One pass over the sequences; the same for the same seed, phase and number, whoever ran the ones before."""
        progress = self.progress
        seed = [self.plan.seed, progress.epoch, len(progress.phase)]
        args = self.network, self.optimizer, sequences, self.moods, self.plan
        run_epoch(*args, rate, seed, self._advance, self.world)
        progress.epoch += 1
        progress.batch = 0

    def judge(self, found: holdout.Quality) -> None:
        """Keep the best network on the tail; after the last epoch, or without progress, go back to it and go on."""
        progress, plan = self.progress, self.plan
        if found.ndcg > progress.best:
            progress.best, progress.hit_rate, progress.best_epoch = found.ndcg, found.hit_rate, progress.epoch
            self.best = self.network.held()
        if progress.epoch >= plan.epochs or progress.epoch - progress.best_epoch >= plan.patience:
            self.network.load_state_dict(self.best)
            progress.phase, progress.epoch = "ranker", 0

    def save(self, folder: Path | None, log: Log) -> None:
        """Leave a checkpoint."""
        if folder is not None and self.world.rank == 0:
            state = {"plan": asdict(self.plan), "log": _identity(log), "progress": asdict(self.progress)}
            checkpoint.save(folder, self.network, self.optimizer, self.best, state)

    def resume(self, folder: Path | None, log: Log) -> None:
        """Go on from the folder's checkpoint, if it is of the same plan and log."""
        wanted = {"plan": asdict(self.plan), "log": _identity(log)}
        raw = self.world.first(lambda: checkpoint.read(folder) if folder is not None else b"")
        if found := checkpoint.load(raw, self.network, self.optimizer, wanted):
            self.best = found.best
            self.progress = msgspec.convert(found.state["progress"], Progress)
            self.before = self.progress.seconds

    def _advance(self, number: int, count: int, loss: float) -> None:
        progress = self.progress
        progress.batch, progress.batches = number, count
        progress.loss = loss if progress.loss == 0 else 0.98 * progress.loss + 0.02 * loss
        progress.seconds = self.before + time.monotonic() - self.started
        self._say(progress.epoch + number / progress.batches)

    def ranking(self, share: float) -> None:
        """Say how much of the ranker's part is done, in [0, 1]."""
        self.progress.seconds = self.before + time.monotonic() - self.started
        self._say(share * _RANKER * self.progress.best_epoch)

    def _say(self, done: float) -> None:
        """After so many epochs of this phase; the ranker's part counts in epochs, too."""
        progress = self.progress
        of_tail = self.plan.epochs if progress.phase == "tail" else progress.best_epoch
        final = self.final_epochs if progress.best_epoch else max(self.final_epochs, of_tail)
        before = {"tail": 0.0, "ranker": of_tail, "all": (1 + _RANKER) * of_tail}.get(progress.phase, 0.0)
        total = (1 + _RANKER) * of_tail + final
        progress.share = max(progress.share, min(1.0, (before + done) / total))
        progress.left = progress.seconds / max(before + done, 1e-9) * max(0.0, total - before - done)
        self.tell(progress)


def _quality(network: Network, sequences: Sequences, cut: int, plan: Plan) -> holdout.Quality:
    return holdout.quality(holdout.ranks(network, sequences, cut, repeats=plan.repeats, enough=_WATCHED))


def _identity(log: Log) -> list[int]:
    return [len(log.time), int(log.time.sum()), int(log.kind.sum())]
