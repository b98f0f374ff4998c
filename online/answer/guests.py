"""Items that one request names and nobody has met: numbered for its answer alone, or made-up ids were kept for ever."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.hashing import hash64
from model.index import UNKNOWN
from online.answer.catalogue import Rows
from online.answer.numbers import Ids, Numbers, Placed


class Guests:
    """Both the numbers and the placing of one scene: those of the process, and behind them the request's own items."""

    def __init__(self, numbers: Numbers, placed: Placed, own: Sequence[str]) -> None:
        """`own` are the ids, each once, that have no number."""
        self._numbers = numbers
        self._placed = placed
        self._count = len(placed.rows)
        self._own = {item: number for number, item in enumerate(own, self._count)}
        self._hashes = np.array([hash64(item) for item in own], np.uint64)
        self.rows: Rows = np.concatenate([placed.rows, np.full(len(own), UNKNOWN, np.int32)])
        self.ids: Ids = np.concatenate([numbers.ids[: self._count], np.array(own, np.object_)])

    def of(self, ids: Iterable[str]) -> Rows:
        """The numbers (n,) of these ids, which must all be the process's or the request's own."""
        return np.array([number for item in ids for number in self._known(item)], np.int32)

    def known(self, ids: Iterable[str]) -> Rows:
        """The numbers of those of these ids that have one here."""
        return self.of(ids)

    def hashes(self, numbers: Rows) -> NDArray[np.uint64]:
        """`hash64` of these items (n,)."""
        own = numbers >= self._count
        found = self._numbers.hashes(np.where(own, 0, numbers))
        found[own] = self._hashes[numbers[own] - self._count]
        return found

    def at(self, rows: Rows) -> Rows:
        """The numbers (n,) of these rows (n,)."""
        return self._placed.at(rows)

    def _known(self, item: str) -> list[int]:
        """None or one: what another request had numbered in the meantime is none of this scene's."""
        if item in self._own:
            return [self._own[item]]
        return [number for number in self._numbers.known([item]).tolist() if number < self._count]


def guests(numbers: Numbers, placed: Placed, named: Iterable[str]) -> Guests | None:
    """The items named that have no number, if there are any."""
    own = [item for item in dict.fromkeys(named) if not len(numbers.known([item]))]
    return Guests(numbers, placed, own) if own else None
