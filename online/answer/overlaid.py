"""What a large bundle holds, with what changed since laid over it: nothing of what stayed is copied."""

from collections.abc import Mapping, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from model.items import Item

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]


class Vectors:
    """Vectors (rows, d) of which some rows are others than in the bundle, and some follow them."""

    def __init__(self, base: Floats, others: Sequence[int], own: Floats) -> None:
        """`base` (r, d); `own` (m, d) are those of the rows `others` (k, in ascending order), then those from r on."""
        self._base = base
        self._own = own
        self._of = np.array([*others, *range(len(base), len(base) + len(own) - len(others))], np.int32)
        self.shape = len(base) + len(own) - len(others), base.shape[1]
        self._last: tuple[Rows, Floats] | None = None
        """What was asked for last: an answer scores its shortlist twice, and to gather it costs as much as both."""

    def __getitem__(self, rows: Rows) -> Floats:
        """Those of these rows (n,): (n, d), not to be written to."""
        last = self._last
        if last is None or last[0] is not rows:
            self._last = last = rows, self._gathered(rows)
        return last[1]

    def _gathered(self, rows: Rows) -> Floats:
        places = np.minimum(self._of.searchsorted(rows), len(self._of) - 1)
        others = self._of[places] == rows
        if not others.any():
            return self._base[rows]
        found = self._base[np.where(others, 0, rows)]
        found[others] = self._own[places[others]]
        return found

    def __array__(self, dtype: None = None, copy: None = None) -> Floats:
        """All of them, (rows, d): a copy."""
        return self._gathered(np.arange(self.shape[0], dtype=np.int32))


class Items(Sequence[Item]):
    """The items of which some changed and some follow."""

    def __init__(self, base: Sequence[Item], changed: Mapping[int, Item], added: Sequence[Item]) -> None:
        """`changed` by place."""
        self._base = base
        self._changed = changed
        self._added = added

    def __len__(self) -> int:
        return len(self._base) + len(self._added)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        place = range(len(self))[place]
        if place >= len(self._base):
            return self._added[place - len(self._base)]
        return self._changed.get(place) or self._base[place]


def units(vectors: Floats) -> Floats:
    """The vectors (n, d) at unit length; zero stays zero."""
    return np.asarray(vectors / _lengths(vectors)[:, None], np.float32)


def cosines(vectors: Floats, directions: Floats) -> Floats:
    """Those (..., n) of vectors (n, d) with directions (..., d) of unit length."""
    return np.asarray(directions @ vectors.T / _lengths(vectors), np.float32)


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.maximum(np.sqrt(np.einsum("rd,rd->r", vectors, vectors)), np.float32(1e-9)), np.float32)
