"""The ranker's weights, fitted on features as they were at the time: logged while the log's end was replayed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.holdout import quality
from batch.replay import Replay, UserEvent, ask_of, is_target
from model.bundle import Bundle
from model.ranker import DEFAULT_WEIGHTS, FEATURES

REQUESTS: Final = 3000
"""Logged at most."""
HEAD: Final = 200_000
"""Events learned before the first request: some 25 seconds."""
TAIL: Final = 20_000
"""Events that requests are logged among."""
ROWS: Final = 4_000_000
"""Candidates at most, over all requests: 128 MB."""
LEAST: Final = 100
"""Requests below which the default weights stay."""
_PULL: Final = 300.0
"""How strongly weights are held to the defaults, in requests; chosen on the training part of MovieLens-100K."""
_STEPS: Final = 50
_CLOSE: Final = 1e-3
"""A step of Newton's, in spreads, after which no more are taken."""
_FLAT: Final = 1e-6
"""A spread that is none."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Requests:
    """R requests with all their candidates, one request after the other."""

    features: Floats
    """(N, F), in the order of `FEATURES`."""
    starts: NDArray[np.int64]
    """(R + 1,): request r has the candidates [starts[r], starts[r + 1])."""
    chosen: NDArray[np.int64]
    """(R,): the place in [0, N) of the candidate that the user took."""

    def part(self, start: int, stop: int) -> "Requests":
        """The requests [start, stop)."""
        first, last = self.starts[start], self.starts[stop]
        return Requests(
            self.features[first:last], self.starts[start : stop + 1] - first, self.chosen[start:stop] - first
        )

    def __len__(self) -> int:
        return len(self.chosen)


class Fitted(NamedTuple):
    """Weights, and what they are worth on the last fifth of the requests when fitted on the others."""

    weights: Mapping[str, float]
    requests: int
    default_ndcg: float
    """NDCG@10 among the candidates, by the default weights."""
    ndcg: float


def fit_ranker(bundle: Bundle, head: Sequence[UserEvent], tail: Sequence[UserEvent], seed: int = 0) -> Fitted:
    """The ranker's weights for the events that follow `head`, on which the bundle was trained, found on the `tail`."""
    tail = tail[:TAIL]
    if sum(map(is_target, tail)) < LEAST:
        return Fitted(DEFAULT_WEIGHTS, 0, 0.0, 0.0)
    with threadpool_limits(1):
        return fitted(asyncio.run(logged(bundle, head[-HEAD:], tail, seed)))


async def logged(bundle: Bundle, head: Sequence[UserEvent], tail: Sequence[UserEvent], seed: int) -> Requests:
    """Requests just before some of the tail's events; those whose item is no candidate then teach nothing."""
    replay = await Replay.on(bundle)
    await replay.learn(head)
    targets = [(place, event) for place, event in enumerate(tail) if is_target(event)]
    chosen = np.random.default_rng(seed).permutation(len(targets))[:REQUESTS]
    features, taken, starts, learned = [], [], [0], 0
    for place, event in (targets[number] for number in sorted(chosen)):
        await replay.learn(tail[learned:place])
        learned = place
        ids, found = await replay.consider(ask_of(event), event.time)
        if event.item_id in ids and starts[-1] + len(ids) <= ROWS:
            features.append(found)
            taken.append(starts[-1] + ids.index(event.item_id))
            starts.append(starts[-1] + len(ids))
    empty = np.zeros((0, len(FEATURES)), np.float32)
    return Requests(np.concatenate([empty, *features]), np.array(starts), np.array(taken, np.int64))


def fitted(requests: Requests) -> Fitted:
    """The weights of these requests, which are in the order of time.

    The defaults stay where there are too few, or where weights fitted on the first four fifths rank the last worse.
    """
    if len(requests) < LEAST:
        return Fitted(DEFAULT_WEIGHTS, len(requests), 0.0, 0.0)
    cut = len(requests) * 4 // 5
    late = requests.part(cut, len(requests))
    default, found = ndcg(late, _default()), ndcg(late, listwise(requests.part(0, cut)))
    weights = dict(zip(FEATURES, listwise(requests).tolist(), strict=True)) if found >= default else DEFAULT_WEIGHTS
    return Fitted(weights, len(requests), default, found)


def listwise(requests: Requests) -> NDArray[np.float64]:
    """The weights (F,), none below 0, by which the chosen candidates are likeliest: a softmax over each request's.

    Held to the default weights, each feature in units of its spread among candidates: one that never differed keeps
    its default. A feature that would count against an item counts nothing: such weights come from two features that
    tell the same, and turn over when one of them changes. Conditional logit (D. McFadden, 1974), in ranking known as
    ListNet's top one (Z. Cao et al., 2007).
    """
    weights = _default()
    spread = _spread(requests)
    free = spread > _FLAT
    while free.any():
        found = weights.copy()
        found[free] += _moved(requests, weights, np.where(free, spread, 0)) / spread[free]
        if (found >= 0).all():
            return found
        weights[found < 0] = 0
        free &= found >= 0
    return weights


def _moved(requests: Requests, weights: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the likeliest weights are from these, in spreads, for the features that have one; Newton's method."""
    free = spread > 0
    scaled = requests.features[:, free] / spread[free].astype(np.float32)
    base = requests.features @ weights.astype(np.float32)
    chosen = scaled[requests.chosen].sum(axis=0, dtype=np.float64)
    moved: NDArray[np.float64] = np.zeros(int(free.sum()))
    for _ in range(_STEPS):
        scores = np.asarray(base + scaled @ moved.astype(np.float32), np.float32)
        likely = _softmax(scores, requests.starts)
        expected = np.add.reduceat(likely[:, None] * scaled, requests.starts[:-1]).astype(np.float64)
        gradient = expected.sum(axis=0) - chosen + _PULL * moved
        curvature = scaled.T @ (likely[:, None] * scaled) - expected.T @ expected + _PULL * np.eye(len(moved))
        step = np.asarray(np.linalg.solve(curvature, gradient), np.float64)
        moved = moved - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < _CLOSE:
            break
    return moved


def ndcg(requests: Requests, weights: NDArray[np.float64]) -> float:
    """NDCG@10 of the chosen items among all candidates; ties count against us."""
    scores = requests.features @ weights.astype(np.float32)
    own = np.repeat(scores[requests.chosen], np.diff(requests.starts))
    ranks = np.add.reduceat(scores >= own, requests.starts[:-1], dtype=np.int64) - 1
    return quality(ranks).ndcg


def _default() -> NDArray[np.float64]:
    return np.array([DEFAULT_WEIGHTS[name] for name in FEATURES])


def _spread(requests: Requests) -> NDArray[np.float64]:
    """The standard deviation (F,) of each feature within a request."""
    lengths = np.diff(requests.starts)[:, None]
    means = np.add.reduceat(requests.features, requests.starts[:-1]) / lengths
    inner = requests.features - np.repeat(means, lengths[:, 0], axis=0).astype(np.float32)
    return np.asarray(np.sqrt(np.square(inner).mean(axis=0, dtype=np.float64)))


def _softmax(scores: Floats, starts: NDArray[np.int64]) -> Floats:
    """Over each request's candidates, (N,)."""
    lengths = np.diff(starts)
    shifted = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts[:-1]), lengths))
    return np.asarray(shifted / np.repeat(np.add.reduceat(shifted, starts[:-1]), lengths), np.float32)
