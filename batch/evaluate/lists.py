"""What can be said of the lists that were served, whatever came next: how much of the catalogue, and how diverse."""

import numpy as np
from numpy.typing import NDArray

from batch.evaluate.outcome import Rows
from model.bundle import Bundle
from model.index import FIRST

_AT_ONCE = 4096


def coverage(tops: NDArray[np.int32], items: int) -> float:
    """The share of so many items that stood in any of the lists (n, TOP)."""
    return round(len(np.unique(tops[tops >= 0])) / max(1, items), 6)


def diversity(tops: NDArray[np.int32], directions: NDArray[np.float32]) -> float:
    """The mean over lists (n, TOP) of 1 - cosine, over all pairs in a list whose items have a direction (rows, d)."""
    found = [_diversities(tops[start : start + _AT_ONCE], directions) for start in range(0, len(tops), _AT_ONCE)]
    some = np.concatenate([np.zeros(0), *found])
    return round(float(some.mean()), 6) if len(some) else 0.0


def _diversities(tops: NDArray[np.int32], directions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of the lists with two such items or more: the sum of all pairs' cosines comes from the length of the sum."""
    vectors = np.where((tops >= 0)[..., None], directions[tops], 0).astype(np.float64)
    count = (np.square(vectors).sum(axis=2) > 0).sum(axis=1)
    pairs = count * (count - 1)
    cosines = np.square(vectors.sum(axis=1)).sum(axis=1) - count
    return np.asarray(1 - cosines[pairs > 0] / pairs[pairs > 0], np.float64)


def directions(bundle: Bundle, items: Rows) -> NDArray[np.float32]:
    """The bundle's item vectors at unit length in the order of `items`, zero where it has none: (n + 1, d).

    The last one, for places without an item, is zero, too.
    """
    rows = bundle.index.rows([*items.rows, ""])
    vectors = bundle.vectors[rows]
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    known = (rows >= FIRST)[:, None] & (lengths > 0)
    return np.asarray(np.where(known, vectors / np.maximum(lengths, 1e-9), 0), np.float32)
