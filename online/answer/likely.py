"""How likely each item is to be next: over all items of a small catalogue, with the help of an index in a large one."""

from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from model import scoring
from model.index import FIRST, UNKNOWN
from model.nearest import EXACT, Mask, Nearest
from online.answer.catalogue import Catalogue, Floats, Rows
from online.store.state import UserState

_HEAD: Final = 1000
"""Items whose part in the softmax's denominator is summed; that of the others is estimated."""


class Likely(Protocol):
    """The encoder's opinion of the items, for one user at one moment."""

    def of(self, rows: Rows) -> Floats:
        """The logarithms of the probabilities (n,) of these rows (n,)."""

    def as_if(self, vectors: Floats) -> Floats:
        """The same (k,) of items with these vectors (k, d) and the average item's bias."""

    def best(self, n: int, among: Mask) -> Rows:
        """The rows (at most n,) of the likeliest items among those that `among` (rows,) names, in no order."""


def likely_of(catalogue: Catalogue, state: UserState, mood: int, now: int) -> Likely | None:
    """By the user's embedding taken at this moment, with the mood that is asked for; None without a bundle."""
    if catalogue.bundle is None or not catalogue.items:
        return None
    encoder = catalogue.bundle.encoder
    hidden = state.hidden[None] if len(state.hidden) else encoder.zero(1)
    gap = max(0, now - state.time) / 1000 if state.count else 0.0
    embedding = encoder.query(hidden, np.array([gap], np.float32), np.array([mood], np.int32))[0]
    nearest = catalogue.bundle.nearest
    return Everywhere(catalogue, embedding) if nearest is None else Nearby(catalogue, embedding, nearest)


class Everywhere:
    """All items are looked at."""

    def __init__(self, catalogue: Catalogue, embedding: Floats) -> None:
        scores = scoring.scores(embedding[None], np.asarray(catalogue.vectors), catalogue.bias)[0]
        logs = scoring.log_softmax(scores[FIRST:])
        self._embedding = embedding
        self._by_row = np.concatenate([scores[:FIRST], logs]).astype(np.float32)
        # an item nobody described stands where an average one without a vector would
        self._by_row[UNKNOWN] = catalogue.typical_bias - (scores[FIRST] - logs[0])

    def as_if(self, vectors: Floats) -> Floats:
        """Exact."""
        return np.asarray(vectors @ self._embedding + self._by_row[UNKNOWN], np.float32)

    def of(self, rows: Rows) -> Floats:
        """Exact."""
        return self._by_row.take(rows)

    def best(self, n: int, among: Mask) -> Rows:
        """Exact."""
        rows = np.flatnonzero(among).astype(np.int32)
        return rows[scoring.top(self._by_row[rows], n)]


class Nearby:
    """The items that an index finds near the embedding are looked at, and of the others a sample."""

    def __init__(self, catalogue: Catalogue, embedding: Floats, nearest: Nearest) -> None:
        self._catalogue = catalogue
        self._embedding = embedding
        self._nearest = nearest.read(embedding)

    def of(self, rows: Rows) -> Floats:
        """Exact but for one constant, which all items share: the estimated denominator."""
        log_sum = self._log_sum
        scores = self._scores(rows)
        scores[rows == UNKNOWN] = self._catalogue.typical_bias
        return scores - log_sum

    def as_if(self, vectors: Floats) -> Floats:
        """As `of`."""
        return np.asarray(vectors @ self._embedding + self._catalogue.typical_bias - self._log_sum, np.float32)

    def best(self, n: int, among: Mask) -> Rows:
        """By the index, with its recall; exact where no more than `EXACT` items are among them."""
        if np.count_nonzero(among) > EXACT:
            return self._nearest.best(n, among).rows
        rows = np.flatnonzero(among).astype(np.int32)
        return rows[scoring.top(self._scores(rows), n)]

    @cached_property
    def _log_sum(self) -> np.float32:
        """The logarithm of the softmax's denominator: the nearest items summed, the others by a uniform sample of them.

        S. Mussmann and S. Ermon (2016), "Learning and inference via maximum inner product search".
        """
        near = self._nearest.best(_HEAD)
        sample = self._catalogue.sample
        places = np.minimum(sample.rows.searchsorted(near.rows), len(sample.rows) - 1)
        apart = np.ones(len(sample.rows), np.bool_)
        apart[places[sample.rows[places] == near.rows]] = False
        others = sample.scores(self._embedding)[apart]
        each = np.log((len(self._catalogue.items) - len(near.rows)) / max(1, len(others)))
        scores = (
            self._scores(near.rows) if len(self._catalogue.changed) else near.scores
        )  # the index has them as before
        return _log_sum(np.concatenate([scores, others + np.float32(each)]))

    def _scores(self, rows: Rows) -> Floats:
        catalogue = self._catalogue
        return np.asarray(catalogue.vectors[rows] @ self._embedding + catalogue.bias[rows], np.float32)


def _log_sum(scores: NDArray[np.float32]) -> np.float32:
    most = scores.max()
    return np.float32(most + np.log(np.exp(scores - most).sum()))
