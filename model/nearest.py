"""The items with the highest scores without looking at all of them: lists of like items, the nearest of which are read.

An inverted file (H. Jégou et al., 2011) for inner products: k-means over items as vectors with their bias behind them;
a query is the embedding with a 1 behind it. A bundle's items stand list by list, so that a list is a slice of the
bundle's own vectors: the index is used as it lies in the file, nothing is built, and no library has to parse it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model import scoring
from model.index import FIRST

EXACT: Final = 50_000
"""Up to so many items all of them are looked at."""

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Lists:
    """K lists over the n items of a bundle, and how many of them an answer reads."""

    centres: Floats
    """(K, d + 1)"""
    of_item: Rows
    """(n,): the list of each item, in the order of the catalogue; never falling where items stand list by list."""
    probes: int
    """Lists that are read for one query."""

    def check(self, items: int, dim: int) -> None:
        """Raises `ValueError` unless they are the lists of so many items of so many dimensions."""
        k = len(self.centres)
        if (
            self.centres.shape != (k, dim + 1)
            or self.centres.dtype != np.float32
            or not np.isfinite(self.centres).all()
        ):
            raise ValueError(f"the index has centres {self.centres.dtype} {self.centres.shape}, not {dim + 1} wide")
        if self.of_item.shape != (items,) or self.of_item.dtype != np.int32:
            raise ValueError(f"the index is of {self.of_item.dtype} {self.of_item.shape}, not of {items} items")
        if items and not (self.of_item.min() >= 0 and self.of_item.max() < k):
            raise ValueError(f"the index puts items into lists that are not among its {k}")
        if not 1 <= self.probes <= k:
            raise ValueError(f"the index reads {self.probes} of {k} lists")


def arrays(lists: Lists | None) -> Mapping[str, NDArray[Any]]:
    """What a bundle keeps; nothing for None."""
    if lists is None:
        return {}
    return {"centres": lists.centres, "of_item": lists.of_item, "probes": np.array([lists.probes], np.int32)}


def lists_of(arrays: Mapping[str, NDArray[Any]]) -> Lists | None:
    """What `arrays` gave; raises `KeyError` or `ValueError` for anything else."""
    if not arrays:
        return None
    (probes,) = arrays["probes"].tolist()
    return Lists(arrays["centres"], arrays["of_item"], int(probes))


class Read:
    """The items of the lists that were read for one embedding, with their scores."""

    def __init__(self, rows: Rows, scores: Floats) -> None:
        """`rows` (m,) and `scores` (m,)."""
        self.rows = rows
        self.scores = scores

    def best(self, n: int, among: Mask | None = None) -> "Read":
        """The n of them with the highest scores, best first; of those `among` (rows,)."""
        if among is None:
            places = scoring.top(self.scores, n)
        else:
            left = among[self.rows].nonzero()[0]
            places = left[scoring.top(self.scores[left], n)]
        return Read(self.rows[places], self.scores[places])


class Nearest:
    """Searches; safe to share between threads. It reads the bundle's own arrays where items stand list by list."""

    def __init__(self, lists: Lists, vectors: Floats, bias: Floats) -> None:
        """`vectors` (rows, d) and `bias` (rows,) as a bundle has them; an older one's are copied, in order."""
        self.probes = lists.probes
        self._centres = lists.centres
        self._vectors, self._bias, self._order = vectors[FIRST:], bias[FIRST:], None
        of_item = lists.of_item
        if (of_item[1:] < of_item[:-1]).any():
            self._order = of_item.argsort(kind="stable").astype(np.int32) + np.int32(FIRST)
            self._vectors, self._bias, of_item = vectors[self._order], bias[self._order], np.sort(of_item)
        self._starts = of_item.searchsorted(np.arange(len(lists.centres) + 1, dtype=np.int32))

    def read(self, embedding: Floats) -> Read:
        """Read the nearest lists for an embedding (d,)."""
        near = self._centres[:, :-1] @ embedding + self._centres[:, -1]
        nearest = np.sort(near.argpartition(-self.probes)[-self.probes :])
        begins, ends = self._starts[nearest], self._starts[nearest + 1]
        stops = (ends - begins).cumsum()
        scores, at = np.empty(stops[-1], np.float32), 0
        for begin, end, stop in zip(begins.tolist(), ends.tolist(), stops.tolist(), strict=True):
            np.dot(self._vectors[begin:end], embedding, out=scores[at:stop])
            at = stop
        places = np.arange(at) + (ends - stops).repeat(ends - begins)
        scores += self._bias[places]
        rows = (places + FIRST).astype(np.int32) if self._order is None else self._order[places]
        return Read(rows, scores)

    def search(self, embedding: Floats, n: int, among: Mask | None = None) -> Rows:
        """Rows (m,) of the n items with the highest scores for an embedding (d,), best first; of those `among` (rows,).

        Fewer than n where the lists that are read hold fewer.
        """
        return self.read(embedding).best(n, among).rows


def with_bias(vectors: Floats, bias: Floats) -> Floats:
    """Points (n, d + 1): each vector (n, d) with its bias (n,) behind it."""
    return np.ascontiguousarray(np.concatenate([vectors, bias[:, None]], axis=1), np.float32)
