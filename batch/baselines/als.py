"""Implicit matrix factorisation (Y. Hu, Y. Koren and C. Volinsky, 2008) by `implicit`, folding in the live history."""

from typing import ClassVar

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.baselines.live import Live, Rows, recency
from batch.baselines.refit import events_between
from batch.baselines.taken import matrix_of
from contracts.events import Interaction


class Als(Live):
    """Item factors fitted again in blocks; a user's factors are solved for at each request, from the latest items."""

    name = "als"
    last: ClassVar = 8
    decay: ClassVar = 0.75
    factors: ClassVar = 64
    ridge: ClassVar = 0.1
    """Times how sure a taken item is, times the events of a user and of an item (their geometric mean)."""
    alpha: ClassVar = 4.0
    """How much surer a taken item is than one that wasn't."""
    iterations: ClassVar = 15

    def _begin(self) -> None:
        self._taken: dict[str, dict[int, None]] = {}
        self._since = 0

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        self._taken.setdefault(event.user_id, {})[row] = None

    def _fitted(self) -> None:
        taken = matrix_of(list(self._taken.values()), len(self.items))
        users, items = taken.shape
        ridge = self.ridge * self.alpha * max(1, taken.nnz) / np.sqrt(max(1, users) * max(1, items))
        with threadpool_limits(1):  # implicit warns of BLAS threads beside its own
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=ridge,
                alpha=self.alpha,
                iterations=self.iterations,
                num_threads=1,
                random_state=0,
            )
            if taken.nnz:
                model.fit(taken, show_progress=False)
        self._factors = np.asarray(model.item_factors if taken.nnz else np.zeros((0, self.factors)), np.float32)
        self._inner = self._factors.T @ self._factors + np.float32(ridge) * np.eye(self.factors, dtype=np.float32)
        self._each = events_between(self.iterations * (taken.nnz * self.factors * 160.0 + (users + items) * 4e4))
        self._since = 0

    def _learned(self) -> None:
        self._since += 1
        if self._since >= self._each:
            self._fitted()

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        found = np.zeros(len(self.items), np.float32)
        known = [(row, age) for age, row in enumerate(latest) if row < len(self._factors)]
        if known:
            rows, ages = np.array(known).T
            sure = (self.alpha * recency(self.last, self.decay)[ages]).astype(np.float32)
            taken = self._factors[rows]
            user = np.linalg.solve(self._inner + (taken.T * (sure - 1)) @ taken, sure @ taken)
            found[: len(self._factors)] = self._factors @ user
        return found
