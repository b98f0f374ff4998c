"""The items with the highest scores without looking at all of them: lists of like items, the nearest of which are read.

An inverted file (H. Jégou et al., 2011) as faiss has it, for inner products: an item is its vector with its bias behind
it, a query the embedding with a 1 behind it. The bundle keeps only what k-means found, as plain arrays; the index is
made from them and from the item vectors, so nothing that faiss would have to parse is ever loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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
    """(n,): the list of each item, in the order of the catalogue."""
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


class Nearest:
    """Searches; safe to share between threads, and holds a copy of the vectors."""

    def __init__(self, lists: Lists, vectors: Floats, bias: Floats) -> None:
        """`vectors` (rows, d) and `bias` (rows,) as a bundle has them."""
        import faiss  # a third of a second, and only large catalogues need it

        points = with_bias(vectors[FIRST:], bias[FIRST:])
        rows = np.arange(FIRST, len(vectors), dtype=np.int64)
        of_item = lists.of_item.astype(np.int64)
        k, width = lists.centres.shape
        self.probes = lists.probes
        self._faiss: Any = faiss
        self._centres = faiss.IndexFlatIP(width)
        self._centres.add(lists.centres)
        self._index = faiss.IndexIVFFlat(self._centres, width, k, faiss.METRIC_INNER_PRODUCT)
        self._index.add_core(len(points), *(faiss.swig_ptr(column) for column in (points, rows, of_item)))

    def search(self, embedding: Floats, n: int, among: Mask | None = None) -> Rows:
        """Rows (m,) of the n items with the highest scores for an embedding (d,), best first; of those `among` (rows,).

        Fewer than n where the lists that are read hold fewer.
        """
        query = np.append(embedding, np.float32(1))[None].astype(np.float32)
        selector = None
        if among is not None:
            bits = np.packbits(among, bitorder="little")
            selector = self._faiss.IDSelectorBitmap(bits)
        reading = self._faiss.SearchParametersIVF(sel=selector, nprobe=self.probes)
        rows = self._index.search(query, n, params=reading)[1][0]
        return np.asarray(rows[rows >= 0], np.int32)


def with_bias(vectors: Floats, bias: Floats) -> Floats:
    """Points (n, d + 1): each vector (n, d) with its bias (n,) behind it."""
    return np.ascontiguousarray(np.concatenate([vectors, bias[:, None]], axis=1), np.float32)
