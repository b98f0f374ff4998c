"""Training, from top to bottom: a log in, a bundle out; on a CPU or a GPU, seeded, and resumed where it was killed.

The encoder foretells each next event of each user: a softmax over the catalogue without what the user has had. First
the log's end (a fifth, of a long log a tenth) is held out and says when to stop; then another network learns from
everything, as long as the first one gained from it, or, of a long log, the first one goes on. The ranker is fitted on
that end, replayed with the network that didn't train on it: of a log that isn't short beside the second network, in a
process of its own.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import Tensor

from batch import beginning, checkpoint, holdout
from batch.assemble import assemble, counts_of
from batch.beside import Beside, beside
from batch.catalogue import catalogue_of
from batch.clock import Clock
from batch.dataset import UserEvent
from batch.epoch import Behind, Rate, cycle, fall, optimizer_of, run_epoch
from batch.fitting import Fitting, last_of
from batch.interruption import Interruption, heard
from batch.log import Log, of_events
from batch.moods import Moods
from batch.network import Network
from batch.plan import DEFAULT, Plan
from batch.progress import PHASES, Progress, Tell
from batch.ranking import Fitted, default
from batch.sequences import Sequences
from batch.training_set import training_set
from batch.world import World, device_of, world_of
from contracts.events import ItemEvent
from model.bundle import Bundle
from model.items import Item

_ONWARD: Final = 0.6
"""The learning rate where the tail's network goes on over everything, as a share of the plan's."""
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
    folder: Path | str | None = None,
    now_ms: int | None = None,
) -> Bundle:
    """A bundle trained on a log. With a `folder` (or any URL) it leaves checkpoints there and resumes from one.

    That is after each epoch, each minute, and when SIGTERM comes, upon which it ends. Under torchrun all its processes
    train together and each of them returns the bundle; the first one alone writes checkpoints. Raises `Misconfigured`
    for a log in which nothing can be learned.
    """
    with world_of(plan) as world, heard() if folder else nullcontext(Interruption()) as interruption:
        return _trained(log, items, plan, tell, folder, now_ms, world, interruption)


def _trained(
    log: Log,
    items: Sequence[Item],
    plan: Plan,
    tell: Tell,
    folder: Path | str | None,
    now_ms: int | None,
    world: World,
    interruption: Interruption,
) -> Bundle:
    device, plan = device_of(plan), plan.for_log(len(log.time))
    torch.set_num_threads(plan.threads)
    of = training_set(log, items, plan)
    everything, cut = of.sequences, int(len(log.time) * (1 - plan.tail))
    head = of.until(cut)

    def begin(sequences: Sequences) -> Network:
        torch.manual_seed(plan.seed)
        return Network(items, plan.hidden, plan.dim, counts_of(sequences)).to(device)

    def fitting() -> Fitting:
        network = begin(head)
        network.load_state_dict(run.best)
        frozen = assemble(network.eval(), items, log.part(0, cut), head, of.affects, {}, now_ms=0)
        return Fitting(frozen, *last_of(log, cut), plan.seed, plan.repeats)

    network = begin(head)
    beginning.begin(network, head, plan.seed)
    optimizer = optimizer_of(network, plan)
    run = _Run(plan, log, folder, network, optimizer, of.moods, Progress(), tell, world, interruption)
    run.resume()
    world.agree(network)

    while run.progress.phase == "tail":
        run.epoch(head, cycle(plan.rate, run.progress.epoch, plan.epochs))
        run.judge(world.first(lambda: _quality(run.network, everything, cut, plan)))
        if run.progress.phase == "all":
            last = begin(everything)
            if plan.onward:
                last.load_state_dict(run.best)
            else:
                beginning.begin(last, everything, plan.seed)
            run.go_on_with(last)
        run.save()
    with run.ranking(fitting):
        while run.progress.phase == "all":
            run.epoch(everything, run.final_rate)
            if run.progress.epoch == run.final_epochs:
                run.progress.phase = "ranker"
            run.save()
        if run.progress.phase == "ranker":
            run.progress.ranker = world.first(lambda: run.ranker(fitting) if cut else default())
            run.progress.phase = "done"
            run.save()

    fitted = run.progress.ranker or default()
    metrics = {
        "tail": {"hr@10": run.progress.hit_rate, "ndcg@10": run.progress.best, "epochs": run.progress.best_epoch},
        "train": {
            "seconds": round(run.progress.seconds, 1),
            "loss": round(run.progress.loss, 4),
            "device": str(device),
            "processes": world.size,
        },
        "ranker": fitted.metrics(),
        "plan": asdict(plan),
    }
    born = world.first(lambda: int(time.time() * 1000)) if now_ms is None else now_ms
    bundle = assemble(run.network, items, log, everything, of.affects, metrics, born)
    return replace(bundle, ranker=fitted.ranker())


LONG: Final = 20_000
"""Events of a log from which on the ranker is fitted beside: of fewer it's ready before a process would save time."""
_PATIENCE_S: Final = 0.5
"""Seconds between two words while the ranker is waited for."""


@dataclass
class _Run:
    plan: Plan
    log: Log
    folder: Path | str | None
    network: Network
    optimizer: torch.optim.AdamW
    moods: Moods
    progress: Progress
    tell: Tell
    world: World
    interruption: Interruption
    clock: Clock = field(default_factory=Clock)
    behind: Behind | None = None
    """How far the first epoch is that is run here."""
    best: dict[str, Tensor] = field(default_factory=dict)
    aside: Beside | None = None
    """The ranker, while it is fitted beside."""

    @property
    def final_epochs(self) -> int:
        """Epochs over everything."""
        return self.plan.final_epochs if self.plan.final_epochs >= 0 else self.progress.best_epoch

    @property
    def final_rate(self) -> Rate:
        """Of the next epoch over everything."""
        epoch, epochs, highest = self.progress.epoch, self.final_epochs, self.plan.rate
        return fall(_ONWARD * highest, epoch, epochs) if self.plan.onward else cycle(highest, epoch, epochs)

    def epoch(self, sequences: Sequences, rate: Rate) -> None:
        """One pass over the sequences; the same for the same seed, phase and number, whoever ran the ones before."""
        progress = self.progress
        seed = [self.plan.seed, progress.epoch, len(progress.phase)]
        args = self.network, self.optimizer, sequences, self.moods, self.plan
        run_epoch(*args, rate, seed, self._advance, self.world, behind=self.behind)
        self.behind = None
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
            progress.phase, progress.epoch = "all" if self.final_epochs else "ranker", 0

    def go_on_with(self, network: Network) -> None:
        """With another network."""
        self.network, self.optimizer = network, optimizer_of(network, self.plan)
        self.world.agree(network)

    @property
    def beside(self) -> bool:
        """Whether the ranker is fitted beside the epochs over everything."""
        return len(self.log.time) >= LONG and self.final_epochs != 0

    @contextmanager
    def ranking(self, fitting: Callable[[], Fitting]) -> Iterator[None]:
        """Meanwhile the ranker is fitted beside, if it is to be and isn't yet."""
        self.clock.ranking = time.monotonic()
        waiting = self.progress.phase == "all" and self.progress.ranker is None
        if not (self.beside and waiting and self.world.rank == 0):
            yield
            return
        with beside(fitting()) as self.aside:
            yield

    def ranker(self, fitting: Callable[[], Fitting]) -> Fitted:
        """The one that is there already, or is being fitted, or is fitted now."""
        found = self.progress.ranker
        if found is None and self.aside is None:
            self.clock.ranking = time.monotonic()
            found = fitting().ranker(self._rank)
        while found is None and self.aside is not None:
            found = self.aside.found(_PATIENCE_S)
            self._rank(self.aside.share)
        self._rank(1.0)
        return found or default()

    def save(self) -> None:
        """Leave a checkpoint, if there is a folder for it."""
        if self.folder is not None and self.world.rank == 0:
            state = {**self._identity(), "progress": asdict(self.progress)}
            checkpoint.save(self.folder, self.network, self.optimizer, self.best, state)
        self.interruption.saved = time.monotonic()

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if it is of the same plan and log."""
        folder = self.folder
        raw = self.world.first(lambda: checkpoint.read(folder) if folder is not None else b"")
        if found := checkpoint.load(raw, self.network, self.optimizer, self._identity()):
            self.best = found.best
            self.progress = msgspec.convert(found.state["progress"], Progress)
            self.progress.ranked = float(self.progress.ranker is not None)
            if self.progress.batch:
                self.behind = Behind(self.progress.batch, found.chance)
            self.clock.before = self.progress.seconds

    def _identity(self) -> dict[str, object]:
        return {"plan": asdict(self.plan), "log": self.log.mark(), "phases": list(PHASES)}

    def _advance(self, number: int, count: int, loss: float) -> None:
        progress = self.progress
        progress.batch, progress.batches = number, count
        progress.loss = loss if progress.loss == 0 else 0.98 * progress.loss + 0.02 * loss
        if self.aside and progress.ranker is None:
            progress.ranker, progress.ranked = self.aside.found(), self.aside.share
        self._say(progress.epoch + number / progress.batches)
        self.interruption.heed(self.save)

    def _rank(self, share: float) -> None:
        """So much of the ranker is done, after the epochs."""
        self.progress.ranked = share
        self._say(self.progress.epoch)
        if self.interruption.asked:
            self.interruption.end()  # what is fitted now is fitted again, the same

    def _say(self, epochs: float) -> None:
        """After so many epochs of this phase."""
        progress = self.progress
        tail = self.plan.epochs if progress.phase == "tail" else progress.best_epoch
        final = self.final_epochs if progress.best_epoch else max(self.final_epochs, tail)
        self.clock.tell(progress, epochs, tail, final, beside=self.beside)
        self.tell(progress)


def _quality(network: Network, sequences: Sequences, cut: int, plan: Plan) -> holdout.Quality:
    return holdout.quality(holdout.ranks(network, sequences, cut, repeats=plan.again, enough=_WATCHED))
