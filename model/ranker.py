"""The ranker: from a candidate's features to one score, a logarithm of how likely it is to be taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CONTEXT: Final = "context:"
"""Before the name of a context's column: `context:place`. The lift of that value for the item, see `FEATURES`."""
FEATURES: Final = (
    "embedding",
    "covisited_1",
    "covisited_3",
    "covisited_10",
    "covisited_30",
    "covisited_alike",
    "covisited_share",
    "following",
    "following_share",
    "popularity",
    "trending",
    "today",
    "now",
    "taken",
    "taken_log",
    "in_context",
    "liking",
    "nth",
    "unwanted",
    "mood",
    "content",
    "categories",
    "periods",
    "words",
    "refused",
    "fresh",
    "again",
    "again_times",
    "tired",
    "history",
    "gap",
    "embedding_rank",
    "covisited_3_rank",
    "covisited_alike_rank",
    "covisited_share_rank",
    "content_rank",
    "taken_rank",
)
"""embedding: log-softmax over the catalogue; covisited_k: log1p of the decayed count beside the last k items, _alike:
of the sum of cosines, _share: logarithm of the share; following, _share: the same of what was taken next after the
last; popularity (the bundle's), trending, today, now, taken: log1p of a decayed count; taken_log: that of taken
without the 1; in_context: how much oftener in this context, all columns together, a logarithm; liking: the mean
weight; nth: how much likelier as a user's n-th item than anywhere, a logarithm; unwanted: log1p of the count beside
what the user turned down or rated low; mood: agreement in [-1, 1] of the item's mood with the user's (0 without);
content: similarity to recent liked items; categories, periods, words: how much oftener the user takes what has the
item's, a logarithm (`model.traits`); refused: the largest cosine with what the user refused of late, by weight; fresh:
0 or 1; again: 1 / (1 + how many items ago the user had it), 0 for never; again_times: log1p of how often; tired: log1p
of how often it was shown of late and not taken; history: log1p of the user's events; gap: log1p of the seconds since;
x_rank: minus log1p of how many of the request's candidates have more of x, which means the same whatever encoder or age
of the counts x comes from."""
LATER: Final = ("categories", "periods", "words", "refused")
"""Those that came since the bundle's format: a bundle names what its ranker reads, so older ones are read on."""
RANKS: Final = tuple(name.removesuffix("_rank") for name in FEATURES if name.endswith("_rank"))
"""Features of which the rank is one, too."""

SUCCESSION: Final = ("following", "following_share")
"""Features of which a ranker learns only where users take items again: in sessions and with music the order tells."""
DEFAULT_WEIGHTS: Final[Mapping[str, float]] = {
    "embedding": 1.0,
    "covisited_10": 0.6,
    "popularity": 0.1,
    "trending": 0.1,
    "in_context": 0.5,
    "nth": 0.3,
    "unwanted": -0.3,
    "mood": 0.5,
    "content": 0.2,
    "refused": -2.0,
    "fresh": 0.2,
    "again": 2.0,
    "again_times": 0.5,
    "tired": -0.5,
}
"""What ranks before anything was fitted, and what stays of features that never differed when it was."""
_OF_CONTEXT: Final = 0.0


def default_weights(names: Sequence[str]) -> Floats:
    """The default weight (F,) of each feature."""
    return np.array([_OF_CONTEXT if n.startswith(CONTEXT) else DEFAULT_WEIGHTS.get(n, 0.0) for n in names], np.float32)


_FARTHEST: Final = 5.0
"""Spreads from the mean; what lies farther is taken to lie there, where the network has learned something."""


def scaled(features: Floats, mean: Floats, scale: Floats) -> Floats:
    """Features (n, F) in units of their spread, as networks read them."""
    x = features - mean
    x *= scale
    return np.clip(x, -_FARTHEST, _FARTHEST, out=x)


@dataclass(frozen=True)
class Network:
    """What a fitted ranker adds: features in units of their spread, then two rectified layers; several are averaged.

    K networks, F features, H and J units.
    """

    mean: Floats
    """(F,)"""
    scale: Floats
    """(F,): 1 / spread; 0 for a feature that never differed."""
    linear: Floats
    """(F,)"""
    first: Floats
    """(K, F, H)"""
    first_bias: Floats
    """(K, H)"""
    second: Floats
    """(K, H, J)"""
    second_bias: Floats
    """(K, J)"""
    last: Floats
    """(K, J)"""

    def shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        """What the arrays must have for so many features, K, H and J being as in the middle layer's."""
        k, h, j = self.second.shape
        of_input = {"mean": (features,), "scale": (features,), "linear": (features,), "first": (k, features, h)}
        return {**of_input, "first_bias": (k, h), "second": (k, h, j), "second_bias": (k, j), "last": (k, j)}

    def score(self, features: Floats) -> Floats:
        """(n,) of features (n, F)."""
        x = scaled(features, self.mean, self.scale)
        hidden = _rectified(np.matmul(x, self.first), self.first_bias)
        hidden = _rectified(np.matmul(hidden, self.second), self.second_bias)
        return np.asarray(x @ self.linear + np.matmul(hidden, self.last[:, :, None])[..., 0].mean(axis=0), np.float32)


def _rectified(hidden: Floats, bias: Floats) -> Floats:
    """A layer's units (K, n, H) with its bias (K, H), in place: new arrays would cost as much as the sums."""
    hidden += bias[:, None]
    return hidden.clip(0, np.inf, out=hidden)  # numpy's maximum of an array and one number takes thrice as long


class Ranker:
    """A sum of features by `weights`, plus, where one was fitted, a `Network` over them."""

    def __init__(
        self,
        names: Sequence[str] = FEATURES,
        weights: Floats | None = None,
        network: Network | None = None,
    ) -> None:
        self.names = tuple(names)
        self.weights = default_weights(self.names) if weights is None else np.asarray(weights, np.float32)
        self.network = network

    def score(self, features: Floats) -> Floats:
        """Scores (n,) of candidates with features (n, F) in the order of `names`."""
        linear = features @ self.weights
        return np.asarray(linear if self.network is None else linear + self.network.score(features), np.float32)

    def parts(self, own: Floats, usual: Floats) -> dict[str, float]:
        """What each feature adds to the score of a candidate with features (F,); together they are the score.

        A linear ranker's products; with a network, what the score loses when a feature is as `usual` (F,), and under
        `together` what no feature alone explains.
        """
        if self.network is None:
            return dict(zip(self.names, (own * self.weights).tolist(), strict=True))
        without = np.tile(own, (len(self.names), 1))
        np.fill_diagonal(without, usual)
        score = float(self.score(own[None])[0])
        lost = (score - self.score(without)).tolist()
        return {**dict(zip(self.names, lost, strict=True)), "together": score - sum(lost)}
