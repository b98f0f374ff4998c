"""Small logs, an untrained bundle, and systems that are easy to foretell."""

import random
from collections.abc import Callable, Sequence

import numpy as np

from batch.baselines.baseline import Baseline, Items, Scores
from batch.dataset import UserEvent
from batch.evaluate import Evaluation, Protocol, Trained, evaluate
from contracts.events import Context, Interaction
from contracts.kinds import Kind
from model.bundle import Bundle
from tests.fakes.bundle import random_bundle

START = 900_000_000_000
BUNDLE = random_bundle(40)


class Last:
    """Scores the items by when they were last met; tells what it was told."""

    name = "last"

    def __init__(self) -> None:
        self.told: list[Interaction] = []
        self._items = Items()
        self._met: dict[int, int] = {}

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        self._items = items
        for event in head:
            if isinstance(event, Interaction):
                self.learn(event)

    def learn(self, event: Interaction) -> None:
        self.told.append(event)
        self._met[self._items.row(event.item_id)] = len(self.told)

    def scores(self, user_id: str, now: int, context: Context | None) -> Scores:
        found = np.zeros(len(self._items), np.float32)
        for row, place in self._met.items():
            found[row] = place
        return found


def event(number: int, user: str, item: str, kind: Kind = "like") -> Interaction:
    return Interaction(event_id=f"e{number}", time=START + 1000 * number, user_id=user, item_id=item, kind=kind)


def noise(n: int, seed: int = 0) -> list[Interaction]:
    """Users u0 to u7 take items i0 to i39."""
    rng = random.Random(seed)
    return [event(number, f"u{rng.randrange(8)}", f"i{rng.randrange(40)}") for number in range(n)]


def same(bundle: Bundle, log: Sequence[UserEvent]) -> Bundle:
    """A retraining that changes nothing."""
    return bundle


def evaluated(
    log: Sequence[UserEvent],
    protocol: Protocol | None = None,
    retrain: Callable[[Bundle, Sequence[UserEvent]], Bundle] = same,
    baselines: Sequence[Callable[[], Baseline]] = (Last,),
    workers: int = 0,
) -> Evaluation:
    return evaluate(
        log,
        lambda head: BUNDLE.catalogue,
        lambda head: Trained(BUNDLE),
        retrain,
        baselines,
        dataset="test",
        protocol=protocol or Protocol(retrain="never"),
        workers=workers,
    )
