"""The ranker: from a candidate's features to one score."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEATURES: Final = (
    "embedding",
    "covisitation",
    "popularity",
    "trending",
    "context",
    "mood",
    "content",
    "fresh",
)
"""embedding: log-softmax over the catalogue; covisitation, popularity, trending, context: log1p of a decayed count;
mood: agreement in [-1, 1] of the item's mood with the user's (0 without); content: similarity to recent liked items;
fresh: 0 or 1."""

DEFAULT_WEIGHTS: Final[Mapping[str, float]] = {
    "embedding": 1.0,
    "covisitation": 0.6,
    "popularity": 0.1,
    "trending": 0.1,
    "context": 0.05,
    "mood": 0.5,
    "content": 0.2,
    "fresh": 0.2,
}
"""What ranks before anything was fitted."""


class Ranker:
    """A linear ranker over `FEATURES`."""

    def __init__(self, weights: Mapping[str, float] = DEFAULT_WEIGHTS) -> None:
        self.weights = {name: float(weights[name]) for name in FEATURES}
        self._weights = np.array([self.weights[name] for name in FEATURES], np.float32)

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores (n,) of candidates with features (n, F) in the order of `FEATURES`."""
        return np.asarray((features * self._weights).sum(axis=-1), np.float32)

    def parts(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each feature adds to the score, (n, F), for `explain`."""
        return np.asarray(features * self._weights, np.float32)
