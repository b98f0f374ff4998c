"""A factorisation machine (S. Rendle, 2010) by `river`, which learns on with every event."""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from river import facto, optim

from batch.baselines.baseline import Items
from batch.baselines.live import Live, Rows, recency
from batch.dataset import UserEvent
from contracts.events import Interaction

NEWEST: Final = 200_000


class RiverFm(Live):
    """Was it this item or another: the user and the latest five items against the item, by one SGD step an event.

    Each event is learned with three items drawn at random as what it wasn't. Learning is all river's; all items are
    ranked by its own weights and factors, read out of it, since its `predict_proba_one` would take 30 µs an item.
    Of the events before the split it learns the newest 200,000.
    """

    name = "river_fm"
    last: ClassVar = 5
    decay: ClassVar = 0.7
    factors: ClassVar = 16
    rate: ClassVar = 0.05
    others: ClassVar = 3

    def fit(self, head: Sequence[UserEvent], items: Items) -> None:
        """Learn the head's newest events only: each costs half a millisecond."""
        super().fit(head[-NEWEST:], items)

    def _begin(self) -> None:
        self._rng = np.random.default_rng(0)
        self._model = facto.FMClassifier(
            n_factors=self.factors,
            weight_optimizer=optim.SGD(self.rate),
            latent_optimizer=optim.SGD(self.rate),
            seed=0,
        )
        self._biases = np.zeros(0)
        self._factors = np.zeros((0, self.factors))

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        asked = self._asked(event.user_id, before)
        drawn = self._rng.integers(len(self.items), size=self.others).tolist()
        self._learn_pair(asked, row, True)
        for other in drawn:
            if other != row:
                self._learn_pair(asked, other, False)

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        asked = self._asked(user_id, latest)
        known = [self._model.latents[name] * value for name, value in asked.items() if name in self._model.latents]
        direction = np.sum(known, axis=0) if known else np.zeros(self.factors)
        self._grow()
        raw = self._biases + self._factors @ direction
        return np.asarray(1 / (1 + np.exp(-raw)))

    def _asked(self, user_id: str, latest: Rows) -> dict[str, float]:
        weights = recency(len(latest), self.decay).tolist()
        # the newest of an item that occurs twice
        items = {f"after {row}": weight for row, weight in reversed(list(zip(latest, weights, strict=True)))}
        return {f"user {user_id}": 1.0, **items}

    def _learn_pair(self, asked: dict[str, float], row: int, was: bool) -> None:
        name = f"item {row}"
        self._model.learn_one({**asked, name: 1.0}, was)  # type: ignore[no-untyped-call]
        self._grow()
        self._biases[row] = self._model.weights[name]
        self._factors[row] = self._model.latents[name]

    def _grow(self) -> None:
        more = len(self.items) - len(self._biases)
        if more > 0:
            self._biases = np.concatenate([self._biases, np.zeros(more)])
            self._factors = np.concatenate([self._factors, np.zeros((more, self.factors))])
