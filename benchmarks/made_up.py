"""A catalogue, a bundle and a log of any size, made up: what serving costs depends on their shape, not on their worth.

Vectors are clustered as trained ones are: items lie around some hundred tastes in sixteen directions, with noise of
its own in all the others. Users and items are as unequal as in MovieLens-1M: the busiest hundredth of the users have
a tenth of the events, and the best known tenth of the items two fifths.
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
_DIRECTIONS: Final = 16
_TASTES: Final = 300
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
    directions = of_all.standard_normal((_DIRECTIONS, dim), np.float32) * np.float32(0.15)
    tastes = of_all.standard_normal((_TASTES, _DIRECTIONS), np.float32)
    own = tastes[rng.integers(0, _TASTES, n)] + np.float32(0.6) * rng.standard_normal((n, _DIRECTIONS), np.float32)
    return np.asarray(own @ directions + np.float32(0.15) * rng.standard_normal((n, dim), np.float32), np.float32)


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
