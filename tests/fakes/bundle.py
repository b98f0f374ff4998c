"""Small random bundles: real in every part but never trained."""

import numpy as np

from contracts.moods import MOODS
from model import encoder
from model.affect import affects_by_row
from model.bundle import Bundle, Watermark, version_of
from model.index import FIRST
from model.items import BUCKETS, Item
from model.ranker import Network
from model.scoring import NEVER
from model.step import Encoder, Floats

_CATEGORIES = ("comedy", "drama", "horror", "romance", "adventure", "documentary", "music", "war")
_WORDS = ("funny", "tears", "night", "love", "river", "murder", "summer", "space", "lonely", "victory")


def random_items(n_items: int = 50, seed: int = 0) -> tuple[Item, ...]:
    """Items i0, i1, …, each with a title and one or two categories."""
    rng = np.random.default_rng(seed)
    return tuple(
        Item(
            item_id=f"i{number}",
            title=f"The {rng.choice(_WORDS)} {rng.choice(_WORDS)} {number} ({rng.integers(1950, 2020)})",
            categories=tuple(str(name) for name in rng.choice(_CATEGORIES, rng.integers(1, 3), replace=False)),
        )
        for number in range(n_items)
    )


def random_parameters(hidden: int, dim: int, rows: int, seed: int = 0, scale: float = 0.3) -> dict[str, Floats]:
    """Random encoder parameters, item vectors (rows, dim) included."""
    rng = np.random.default_rng(seed)
    shapes = {**encoder.shapes(hidden, dim), "vectors": (rows, dim)}
    parameters = {name: rng.normal(0, scale, shape).astype(np.float32) for name, shape in shapes.items()}
    affect = np.array([(mood.valence, mood.arousal) for mood in MOODS], np.float32)
    return {**parameters, "affect": affect}


def random_network(features: int, seed: int = 0, networks: int = 2) -> Network:
    """What a fitted ranker adds, at random."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Floats:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    return Network(
        mean=normal(features),
        scale=np.abs(normal(features)) + np.float32(0.1),
        linear=normal(features),
        first=normal(networks, features, 6),
        first_bias=normal(networks, 6),
        second=normal(networks, 6, 4),
        second_bias=normal(networks, 4),
        last=normal(networks, 4),
    )


def random_bundle(n_items: int = 50, seed: int = 0, hidden: int = 32, dim: int = 16) -> Bundle:
    """A bundle over items i0 … with titles, categories, moods, biases and popularity; the same for the same seed."""
    rng = np.random.default_rng(seed)
    items = random_items(n_items, seed)
    rows = n_items + FIRST
    parameters = random_parameters(hidden, dim, rows, seed)
    bias = rng.normal(0, 1, rows).astype(np.float32)
    bias[:FIRST] = NEVER
    popularity = np.abs(rng.normal(0, 2, rows)).astype(np.float32)
    popularity[:FIRST] = 0
    return Bundle(
        version=version_of(0, parameters["vectors"], bias),
        created=0,
        watermark=Watermark(time=0, count=0),
        catalogue=items,
        vectors=parameters["vectors"],
        bias=bias,
        moods=affects_by_row(items),
        popularity=popularity,
        encoder=Encoder(parameters),
        content_projection=rng.normal(0, 0.1, (BUCKETS, dim)).astype(np.float32),
    )
