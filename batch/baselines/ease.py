"""Embarrassingly shallow autoencoders (H. Steck, 2019), folding in the user's live history."""

from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from batch.baselines.live import Live, Rows, recency
from batch.baselines.refit import events_between
from batch.baselines.taken import matrix_of
from contracts.events import Interaction

MOST: Final = 3_000
"""Items of the model, the most taken ones: it holds their square and inverts it."""


class Ease(Live):
    """Item weights in closed form from who took what together, fitted again in blocks.

    Beyond 3,000 items it knows the most taken ones only, and popularity orders the rest.
    """

    name = "ease"
    last: ClassVar = 20
    decay: ClassVar = 0.85
    ridge: ClassVar = 500.0

    def _begin(self) -> None:
        self._taken: dict[str, dict[int, None]] = {}
        self._since = 0

    def _fitted(self) -> None:
        shares = self.popularity.shares()
        self._rows = np.sort(np.argsort(-shares, kind="stable")[:MOST])
        self._columns = {int(row): column for column, row in enumerate(self._rows)}
        self._weights = _weights(self._gram(), self.ridge)
        self._since = 0

    def _learned(self) -> None:
        self._since += 1
        if self._since >= events_between(2.0 * len(self._rows) ** 3):
            self._fitted()

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        self._taken.setdefault(event.user_id, {})[row] = None

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        found = np.zeros(len(self.items), np.float32)
        known = [(self._columns[row], age) for age, row in enumerate(latest) if row in self._columns]
        if known:
            columns, ages = np.array(known).T
            weights = recency(self.last, self.decay)[ages].astype(np.float32)
            found[self._rows] = weights @ self._weights[columns]
        return found

    def _gram(self) -> NDArray[np.float64]:
        """Who took both (n, n), over all users' whole histories."""
        users = [[self._columns[row] for row in rows if row in self._columns] for rows in self._taken.values()]
        taken = matrix_of(users, len(self._rows))
        return np.asarray((taken.T @ taken).toarray(), np.float64)


def _weights(gram: NDArray[np.float64], ridge: float) -> NDArray[np.float32]:
    """The weights (n, n) from each item taken to each other item; none to itself."""
    gram[np.diag_indices(len(gram))] += ridge
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices(len(weights))] = 0.0
    return weights.astype(np.float32)
