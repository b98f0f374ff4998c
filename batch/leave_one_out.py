"""Leave-one-out for the batch encoder, so that it can be set beside what is published: quality over the budget spent.

The last item of each user is ranked among all items that the user hasn't had (full ranking, NDCG@10 and HR@10).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from batch import holdout
from batch.assemble import counts_of
from batch.dataset import UserEvent
from batch.epoch import cycle, optimizer_of, run_epoch
from batch.left_out import LeftOut, left_out
from batch.moods import Moods
from batch.network import Network
from batch.plan import DEFAULT, Plan
from batch.published import Published, Size, published
from batch.sequences import sequences_of
from batch.world import device_of
from model.index import FIRST, ItemIndex
from model.items import Item

CHECKS: Final = 12
"""How often the validation is looked at within the budget."""
WATCHED: Final = 1_000
"""Users whose validation is looked at during training; at the end it's everybody's."""
PROTOCOL: Final = (
    "each user's last item is the test, the last but one the validation; rank among all items that the user hasn't "
    "had; only each user's order is used; the network that was best on the validation is tested"
)

Figures = dict[str, float]
"""By `hr@10`, `ndcg@10`."""


class Point(msgspec.Struct, frozen=True):
    """The validation of the watched users after so much training."""

    minutes: float
    """Of training alone, without the looks at the validation."""
    epochs: float
    loss: float
    validation: Figures


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; JSON as it stands here."""

    dataset: str
    protocol: str
    users: int
    """Who are measured."""
    items: int
    events: int
    minutes: float
    epochs: float
    validation: Figures
    test: Figures
    curve: list[Point]
    published: list[Published]
    plan: dict[str, Any]


Tell = Callable[[float, str], None]
"""Takes the share of the budget spent and a few words more."""


def leave_one_out(
    events: Sequence[UserEvent],
    plan: Plan = DEFAULT,
    *,
    dataset: str = "",
    minutes: float = 10.0,
    patience: int = 5,
    tell: Tell = lambda share, words: None,
) -> Report:
    """Train for so many minutes, or until `patience` looks at the validation in a row were no better; then test.

    Items are known by their ids alone. Raises `Misconfigured` where no user has three events.
    """
    torch.set_num_threads(plan.threads)
    cut = left_out(events)
    ids = sorted(set(cut.log.item.tolist()))
    # nothing but ids: an item that went without its own vector would be nothing at all
    run = _Run(replace(plan.for_log(cut.validation), id_dropout=0.0), cut, ItemIndex(ids), minutes * 60, patience, tell)
    run.train()
    whole = sequences_of(cut.log.part(0, cut.test), run.index)
    last = sequences_of(cut.log, run.index)
    users = len(cut.log.time) - cut.test
    return Report(
        dataset=dataset,
        protocol=PROTOCOL,
        users=users,
        items=len(ids),
        events=len(cut.log.time),
        minutes=round(run.spent_s / 60, 2),
        epochs=round(run.epochs, 2),
        validation=_figures(holdout.ranks(run.network, whole, cut.validation)),
        test=_figures(holdout.ranks(run.network, last, cut.test)),
        curve=run.curve,
        published=list(published(Size(len(np.unique(cut.log.user.astype(str))), len(ids), len(cut.log.time)))),
        plan=asdict(run.plan),
    )


class _Spent(Exception):
    """The budget is, or the patience."""


@dataclass
class _Run:
    plan: Plan
    cut: LeftOut
    index: ItemIndex
    budget_s: float
    patience: int
    tell: Tell
    curve: list[Point] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    spent_s: float = 0.0
    passes: int = 0
    """Whole epochs done."""
    epochs: float = 0.0
    loss: float = 0.0
    resumed: float = 0.0
    """When training went on, by the monotonic clock."""

    def __post_init__(self) -> None:
        plan, cut = self.plan, self.cut
        self.head = sequences_of(cut.log.part(0, cut.validation), self.index)
        users = np.unique(cut.log.user[cut.test :].astype(str))
        drawn = np.random.default_rng(plan.seed).permutation(users)[:WATCHED]
        self.watched = cut.of_users(drawn)
        self.seen = sequences_of(self.watched.log.part(0, self.watched.test), self.index)
        torch.manual_seed(plan.seed)
        items = [Item(item_id) for item_id in self.index.ids]
        self.network = Network(items, plan.hidden, plan.dim, counts_of(self.head)).to(device_of(plan))

    def train(self) -> None:
        """Epoch after epoch until the budget is spent, or nothing is gained; then go back to the best network."""
        optimizer = optimizer_of(self.network, self.plan)
        moods = Moods(np.zeros((FIRST + len(self.index.ids), 2), np.float32), 0.0, 0.0)
        self.resumed = time.monotonic()
        try:
            while True:
                seed = [self.plan.seed, self.passes]
                run_epoch(self.network, optimizer, self.head, moods, self.plan, self._rate, seed, self._step)
                self.passes += 1
        except _Spent:
            self.network.load_state_dict(self.best)

    def _rate(self, done: float) -> float:
        """Once up and down over the budget, as `train` does it over its epochs."""
        return cycle(self.plan.rate, 0, 1)(min(0.99, self._now() / self.budget_s))

    def _step(self, number: int, count: int, loss: float) -> None:
        self.epochs = self.passes + number / count
        self.loss = loss if not self.loss else 0.99 * self.loss + 0.01 * loss
        if self._now() >= self.budget_s * (len(self.curve) + 1) / CHECKS:
            self._look()

    def _look(self) -> None:
        self.spent_s = self._now()
        found = _figures(holdout.ranks(self.network, self.seen, self.watched.validation))
        better = all(found["ndcg@10"] > point.validation["ndcg@10"] for point in self.curve)
        point = Point(round(self.spent_s / 60, 2), round(self.epochs, 2), round(self.loss, 3), found)
        self.curve.append(point)
        if better:
            self.best = self.network.held()
        words = f"epoch {self.epochs:.1f}, loss {self.loss:.3f}, validation NDCG@10 {found['ndcg@10']:.4f}"
        self.tell(min(1.0, self.spent_s / self.budget_s), words)
        values = [point.validation["ndcg@10"] for point in self.curve]
        if len(self.curve) >= CHECKS or len(values) - 1 - int(np.argmax(values)) >= self.patience:
            raise _Spent
        self.network.train()
        self.resumed = time.monotonic()

    def _now(self) -> float:
        """Seconds of training so far."""
        return self.spent_s + time.monotonic() - self.resumed


def _figures(ranks: NDArray[np.int64]) -> Figures:
    found = holdout.quality(ranks)
    return {"hr@10": round(found.hit_rate, 4), "ndcg@10": round(found.ndcg, 4)}
