"""Item ids as numbers, for the life of a process: what counts, catalogue and candidates are lined up by."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from sys import intern
from threading import Lock
from typing import Final, Protocol, cast
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from contracts.hashing import hash64
from model.index import FIRST, UNKNOWN
from online.answer.catalogue import Catalogue, Rows

_PLACED: Final = 8


Ids = NDArray[np.object_]


class Names(Protocol):
    """The ids that numbers stand for: a process's, or one answer's."""

    @property
    def ids(self) -> Ids:
        """(numbers,): the id of each number."""

    def of(self, ids: Iterable[str]) -> Rows:
        """The numbers (n,) of these ids."""

    def known(self, ids: Iterable[str]) -> Rows:
        """The numbers of those of these ids that have one."""

    def hashes(self, numbers: Rows) -> NDArray[np.uint64]:
        """`hash64` of these items (n,)."""


class Places(Protocol):
    """Which rows of a catalogue numbers stand for, and back."""

    @property
    def rows(self) -> Rows:
        """(numbers,): the row of each number; `UNKNOWN` for an item that is known by its id only."""

    def at(self, rows: Rows) -> Rows:
        """The numbers (n,) of these rows (n,)."""


class Numbers:
    """Every item id that this process met; it grows and forgets none, in the order in which they came.

    A new catalogue is placed by another thread than the one that answers.
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._ids: Ids = np.empty(1024, np.object_)
        self._hashes = np.zeros(1024, np.uint64)
        """These two have room for more than are known."""
        self._placed: OrderedDict[int, Placed] = OrderedDict()
        self._growing = Lock()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def ids(self) -> Ids:
        """(numbers,): the id of each number."""
        return self._ids[: len(self)]

    def of(self, ids: Iterable[str]) -> Rows:
        """The numbers (n,) of these ids, new ones for the new."""
        ids = list(ids)
        try:
            return np.fromiter(map(self._known.__getitem__, ids), np.int32, len(ids))
        except KeyError:
            return np.array([self._new(item) for item in ids], np.int32)

    def known(self, ids: Iterable[str]) -> Rows:
        """The numbers of those of these ids that were met; an id that a request made up is none."""
        return np.array([number for item in ids if (number := self._known.get(item)) is not None], np.int32)

    def hashes(self, numbers: Rows) -> NDArray[np.uint64]:
        """`hash64` of these items (n,)."""
        return self._hashes[numbers]

    def placed(self, catalogue: Catalogue) -> "Placed":
        """The catalogue's rows lined up with the numbers of now."""
        placed = self._placed.get(id(catalogue))
        if placed is None or placed.catalogue() is not catalogue:
            placed = Some(catalogue, self) if catalogue.listing else All(catalogue, self)
            with self._growing:
                self._placed[id(catalogue)] = placed
                while len(self._placed) > _PLACED:
                    self._placed.popitem(last=False)
        placed.grow(catalogue)
        return placed

    def _new(self, item_id: str) -> int:
        with self._growing:
            number = self._known.get(item_id, len(self))
            if number == len(self):
                if number == len(self._hashes):
                    self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
                    self._ids = np.concatenate([self._ids, np.empty_like(self._ids)])
                self._hashes[number] = hash64(item_id)
                self._ids[number] = item_id
                self._known[intern(item_id)] = number  # the very string that a store in memory has
            return number


class Placed(Places, Protocol):
    """One catalogue and the numbers: each speaks of items in its own order."""

    @property
    def items(self) -> int:
        """How many items there are in all, those of the catalogue that have no number yet included."""

    @property
    def whole(self) -> bool:
        """Whether every item of the catalogue has its number."""

    def catalogue(self) -> Catalogue | None:
        """Not held: a large one that was replaced takes gigabytes."""

    def meet(self, ids: Sequence[str]) -> None:
        """See that those of these items that the catalogue knows have their numbers."""

    def grow(self, catalogue: Catalogue) -> None:
        """Take in the items met since."""


class All:
    """Every item of the catalogue has a number, from the start."""

    whole = True

    def __init__(self, catalogue: Catalogue, numbers: Numbers) -> None:
        self.catalogue = ref(catalogue)
        self._known = numbers
        found = numbers.of(item.item_id for item in catalogue.items)
        self.numbers: Rows = np.concatenate([np.full(FIRST, -1, np.int32), found])
        """(rows,): of each row; -1 for the two that are no items."""
        self.rows: Rows = np.full(len(numbers), UNKNOWN, np.int32)
        self.rows[found] = np.arange(FIRST, len(self.numbers))

    @property
    def items(self) -> int:
        return len(self._known)

    def at(self, rows: Rows) -> Rows:
        """The numbers (n,) of these rows (n,)."""
        return self.numbers[rows]

    def meet(self, ids: Sequence[str]) -> None:
        """They have."""

    def grow(self, catalogue: Catalogue) -> None:
        """Items met since are in no catalogue that is older."""
        if (count := len(self._known)) > len(self.rows):
            self.rows = np.concatenate([self.rows, np.full(count - len(self.rows), UNKNOWN, np.int32)])


class Some:
    """Of a large catalogue items get their numbers as they are met: by counts, by histories, by the index."""

    whole = False

    def __init__(self, catalogue: Catalogue, numbers: Numbers) -> None:
        self.catalogue = ref(catalogue)
        self._known = numbers
        self._numbers = np.full(len(catalogue), -1, np.int32)
        """(rows,): of each row; -1 for what has none yet."""
        self._rows = np.zeros(0, np.int32)
        """With room for more than are known."""
        self._count = 0
        self._met = 0
        """Items of the catalogue that have a number."""
        self.grow(catalogue)

    @property
    def rows(self) -> Rows:
        """(numbers,): the row of each number; `UNKNOWN` for an item that is known by its id only."""
        return self._rows[: self._count]

    @property
    def items(self) -> int:
        return len(self._numbers) - FIRST + len(self._known) - self._met

    def at(self, rows: Rows) -> Rows:
        """The numbers (n,) of these rows (n,), new ones for items that nobody met."""
        found = self._numbers[rows]
        new = rows[(found < 0) & (rows >= FIRST)]
        if not len(new):
            return found
        catalogue = self._held()
        self._known.of(catalogue.ids(new))
        self.grow(catalogue)
        return self._numbers[rows]

    def meet(self, ids: Sequence[str]) -> None:
        """New numbers for those that nobody met."""
        rows = self._held().rows(ids)
        self.at(rows[rows >= FIRST])

    def _held(self) -> Catalogue:
        return cast("Catalogue", self.catalogue())  # by whoever asks for its rows

    def grow(self, catalogue: Catalogue) -> None:
        """Items met since may be the catalogue's."""
        begin, end = self._count, len(self._known)
        if begin == end:
            return
        found = catalogue.rows(self._known.ids[begin:end].tolist())
        if end > len(self._rows):
            self._rows = np.concatenate([self._rows[:begin], np.zeros(end, np.int32)])
        self._rows[begin:end] = found
        known = found != UNKNOWN
        self._numbers[found[known]] = np.flatnonzero(known) + begin
        self._met += int(known.sum())
        self._count = end


def members(numbers: Rows, size: int) -> NDArray[np.bool_]:
    """(size,): whether each number is one of these (n,)."""
    found = np.zeros(size, np.bool_)
    found[numbers] = True
    return found
