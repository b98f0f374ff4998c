"""Vectors for items that the bundle learned nothing of, by the company they keep: what users took beside them.

Such an item has the vector of its content, or none. Whom it is for is told by its first takers: what they had taken
before. So it gets the mean of those items' vectors, in which one counts the more the oftener it stands beside, and the
less the more it's taken anyway.
"""

from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from model import scoring
from online.answer.catalogue import Catalogue, Floats, Rows
from online.answer.counted import Counted, Sparse
from online.answer.deadline import Deadline
from online.answer.numbers import Names, Numbers, Placed
from online.answer.usual import Everywhere
from online.learn.counts import COVISITATION

MOST: Final = 128
"""Items that everybody takes of late; a user's own last ones come on top."""
_USUAL: Final = 10.0
"""Added to how often an item is taken where its weight is divided by that …"""
_ROOT: Final = 0.6
"""… to this power, as in `tallies.alike`."""
_CONTENT: Final = 0.05
"""The weight of the vector by content; an item taken ten times that stands beside once has 0.17."""
_KEPT: Final = 10_000
"""Vectors in memory, with what stands beside: some 2 KB each."""


class Company(NamedTuple):
    """Items by number (k,), with the vector (k, d) that each is to have."""

    numbers: Rows
    vectors: Floats

    def named(self, before: Names, now: Names) -> "Company":
        """The same by other numbers."""
        return Company(now.of(before.ids[self.numbers].tolist()), self.vectors)


class Companies:
    """Finds them for many requests; one for a process."""

    def __init__(self, counted: Counted, numbers: Numbers) -> None:
        self._counted = counted
        self._numbers = numbers
        self._found: WeakKeyDictionary[Placed, _Found] = WeakKeyDictionary()

    async def of(self, catalogue: Catalogue, everywhere: Everywhere, last: Rows, deadline: Deadline) -> Company | None:
        """Of what is taken of late, and of what the user took last; None where the bundle knows all of that.

        Raises `StoreUnavailable`.
        """
        if catalogue.bundle is None:
            return None
        placed = self._numbers.placed(catalogue)
        found = self._found.setdefault(placed, _Found())
        if found.everywhere is not everywhere:
            found.everywhere, found.rising = everywhere, _rising(catalogue, everywhere, placed)
        untried = last[catalogue.untried[placed.rows[last]]]
        if not len(untried) and not len(found.rising):
            return None
        own = np.union1d(found.rising, untried).astype(np.int32)
        parts = await self._counted.read([(COVISITATION, item) for item in self._numbers.ids[own].tolist()], deadline)
        rows = self._numbers.placed(catalogue).rows  # what stands beside may have got its number only now
        for number, part in zip(own.tolist(), parts, strict=True):
            if number not in found.vectors or found.vectors[number][0] is not part:
                found.vectors[number] = part, _vector(catalogue, rows, number, part)
        vectors = np.array([found.vectors[number][1] for number in own.tolist()], np.float32)
        while len(found.vectors) > _KEPT:
            found.vectors.pop(next(iter(found.vectors)))
        return Company(own, vectors)


class _Found:
    """Of one catalogue: what is made anew only when what it's made of was read anew."""

    def __init__(self) -> None:
        self.everywhere: Everywhere | None = None
        self.rising: Rows = np.zeros(0, np.int32)
        self.vectors: dict[int, tuple[Sparse, Floats]] = {}


def _rising(catalogue: Catalogue, everywhere: Everywhere, placed: Placed) -> Rows:
    """The numbers (at most MOST,) of untried items, those that are taken most of late."""
    late = everywhere.of_late
    untried = catalogue.untried[placed.rows[late.numbers]]
    if not untried.any():
        return np.zeros(0, np.int32)
    numbers, places = np.unique(late.numbers[untried], return_inverse=True)
    times = np.bincount(places, late.times[untried], len(numbers)).astype(np.float32)
    return np.asarray(numbers[scoring.top(times, MOST)], np.int32)


def _vector(catalogue: Catalogue, rows: Rows, number: int, beside: Sparse) -> Floats:
    """(d,)"""
    company = rows[beside.numbers]
    tried = ~catalogue.untried[company]
    company = company[tried]
    weights = beside.times[tried] / (np.expm1(catalogue.popularity[company]) + np.float32(_USUAL)) ** np.float32(_ROOT)
    summed = weights @ catalogue.vectors[company] + np.float32(_CONTENT) * catalogue.vectors[rows[[number]]][0]
    return np.asarray(summed / (weights.sum() + np.float32(_CONTENT)), np.float32)
