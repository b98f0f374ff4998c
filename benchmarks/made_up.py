"""A catalogue, a bundle and a log of any size, made up: what serving costs depends on their shape, not on their worth.

Vectors are clustered as trained ones are: items lie around a hundred tastes, and both tastes and items are spread over
directions of falling width, as measured on vectors that were trained on MovieLens-1M (`SHAPE`). Users and items are as
unequal as there: the busiest hundredth of the users have a tenth of the events, and the best known tenth of the items
two fifths.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.nearest import with_index
from batch.plan import DEFAULT
from contracts.events import Interaction
from model.bundle import Bundle, version_of
from model.index import FIRST
from model.items import BUCKETS, Item
from model.ranker import FEATURES, Network, Ranker
from model.scoring import NEVER
from model.step import Encoder
from tests.fakes.bundle import random_bundle, random_parameters

USERS: Final = 6_040
ITEMS: Final = 3_706
_DAY_MS: Final = 86_400_000
_GENRES: Final = 18
_TASTES: Final = 100
_SHARED: Final = 0.5
"""The part of an item's variance that is its taste's."""
_FALL: Final = 1.1
"""The variance in the n-th widest direction falls with this power of n."""
_LENGTH: Final = 2.1
_UNITS: Final = (48, 24)
"""Of the ranker's layers, as training makes them."""
_QUERIES: Final = 200

Floats = NDArray[np.float32]


class World(NamedTuple):
    """What a stage is set with."""

    bundle: Bundle
    log: Sequence[Interaction]
    """In order of time, the newest about now."""


def world(items: int = ITEMS, users: int = USERS, events: int = 60_000, seed: int = 0) -> World:
    """Everything made up; the same for the same arguments, but for its times and versions."""
    catalogue = made_catalogue(items, seed)
    return World(clustered_bundle(catalogue, seed), made_log([one.item_id for one in catalogue], users, events, seed))


def made_catalogue(items: int, seed: int = 0) -> tuple[Item, ...]:
    """Items 1 … with a title and one to three categories."""
    rng = random.Random(seed)
    genres = [f"Genre {number}" for number in range(_GENRES)]
    return tuple(
        Item(
            item_id=str(number + 1),
            title=f"A Film of Some Name {number + 1} ({rng.randrange(1930, 2001)})",
            categories=tuple(rng.sample(genres, rng.randrange(1, 4))),
        )
        for number in range(items)
    )


def made_log(items: Sequence[str], users: int, events: int, seed: int = 0) -> list[Interaction]:
    """Clicks of the last thirty days."""
    rng = np.random.default_rng(seed)
    who = rng.choice(users, events, p=_shares(rng.lognormal(0, 1.05, users)))
    what = rng.choice(len(items), events, p=_shares(rng.lognormal(0, 1.2, len(items))))
    now = int(time.time() * 1000)
    at = np.sort(now - rng.integers(0, 30 * _DAY_MS, events))
    return [
        Interaction(event_id=f"made-{seed}-{number}", time=int(t), user_id=f"u{u}", item_id=items[i], kind="click")
        for number, (t, u, i) in enumerate(zip(at, who, what, strict=True))
    ]


def clustered_bundle(catalogue: Sequence[Item], seed: int = 0) -> Bundle:
    """A bundle of the default size with a ranker of the usual one, and with an index where the catalogue is large."""
    hidden, dim, items = DEFAULT.hidden, DEFAULT.dim, len(catalogue)
    rng = np.random.default_rng(seed)
    vectors = np.concatenate([np.zeros((FIRST, dim), np.float32), points(items, dim, seed)])
    bias = np.concatenate([np.full(FIRST, NEVER), rng.normal(0, 1, items)]).astype(np.float32)
    whole = replace(
        random_bundle(20, seed, hidden, dim),
        version=version_of(int(time.time() * 1000), bias),
        catalogue=tuple(catalogue),
        vectors=vectors,
        bias=bias,
        moods=np.concatenate([np.zeros((FIRST, 2)), rng.normal(0, 0.5, (items, 2))]).astype(np.float32),
        popularity=np.concatenate([np.zeros(FIRST), rng.exponential(1, items)]).astype(np.float32),
        encoder=Encoder({**random_parameters(hidden, dim, 1, seed, scale=0.1), "vectors": vectors}),
        content_projection=rng.normal(0, 0.1, (BUCKETS, dim)).astype(np.float32),
        ranker=Ranker(network=_network(rng)),
    )
    return with_index(whole, lambda: points(_QUERIES, dim, seed + 1))


def points(n: int, dim: int, seed: int) -> Floats:
    """(n, dim): items or embeddings of users; those of one seed lie among those of another."""
    rng, of_all = np.random.default_rng(seed), np.random.default_rng(99)
    variance = (np.arange(dim) + 1.5) ** -_FALL
    widths = (_LENGTH * np.sqrt(variance / variance.sum())).astype(np.float32)
    tastes = of_all.standard_normal((_TASTES, dim), np.float32)[rng.integers(0, _TASTES, n)]
    own = rng.standard_normal((n, dim), np.float32)
    return np.asarray(widths * (_SHARED**0.5 * tastes + (1 - _SHARED) ** 0.5 * own), np.float32)


class Shape(NamedTuple):
    """What makes an index's work easy or hard: where vectors lie, whatever their length."""

    length: float
    """On average, from the centre of all."""
    first_4: float
    """The share of their variance in so many directions, the widest."""
    first_16: float
    first_32: float
    nearest: float
    """The median cosine of a vector to the one most like it."""


SHAPE: Final = Shape(1.96, 0.373, 0.681, 0.787, 0.695)
"""That of the 3,883 vectors of 96 dimensions that `moodstream train --share 0.06` made of MovieLens-1M: of its first
60,000 events."""


def shape_of(vectors: Floats) -> Shape:
    """That of some thousand vectors (n, d): all pairs of them are looked at."""
    apart = vectors - vectors.mean(axis=0)
    variance = np.linalg.svd(apart, compute_uv=False).astype(np.float64) ** 2
    lengths = np.linalg.norm(apart, axis=1)
    cosines = (apart / lengths[:, None]) @ (apart / lengths[:, None]).T
    np.fill_diagonal(cosines, -1)
    four, sixteen, more = (variance.cumsum() / variance.sum())[[3, 15, 31]].tolist()
    return Shape(float(lengths.mean()), four, sixteen, more, float(np.median(cosines.max(axis=1))))


def _network(rng: np.random.Generator) -> Network:
    features, (first, second) = len(FEATURES), _UNITS

    def normal(*shape: int) -> Floats:
        return rng.normal(0, 0.2, shape).astype(np.float32)

    return Network(
        mean=normal(features),
        scale=np.ones(features, np.float32),
        linear=normal(features),
        first=normal(2, features, first),
        first_bias=normal(2, first),
        second=normal(2, first, second),
        second_bias=normal(2, second),
        last=normal(2, second),
    )


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / weights.sum())
