"""What is taken everywhere: the same for every request until it is read anew, so that it is made once for many."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from model import scoring
from online.answer.catalogue import Floats, Rows
from online.answer.counted import NOTHING, Sparse, dense
from online.learn.counts import LIKING, NOW, TAKEN, TODAY, TRENDING

FAMILIES: Final = (TAKEN, LIKING, TRENDING, TODAY, NOW)
BEFORE: Final = 10.0
"""Added to how often an item is taken where a cosine is."""
OF_SCORED: Final = 0.4
"""The root that a cosine takes of how often the item itself is taken; the other's takes the rest."""
_RARE: Final = 0.5
"""A count that an item nobody took is taken to have."""
_RARELY: Final = 0.05
"""The same where its logarithm is all that is known of an item."""


class Usual:
    """Dense arrays (size,) by number of item; all zero where the store is away."""

    def __init__(self, counts: Sequence[Sparse], size: int, whole: int) -> None:
        """Of `size` numbers, of `whole` items in all, those included that have no number here."""
        self.size = size
        self.whole = whole
        self.taken, self.liking, self.week, self.today, self.now = (dense(one, size) for one in counts)
        """How often each was taken; of `liking` the sum of weights, in tenths."""

    @cached_property
    def taken_log(self) -> Floats:
        """The logarithm of how often each was taken."""
        return np.asarray(np.log(self.taken + _RARELY), np.float32)

    @cached_property
    def taken_root(self) -> Floats:
        """What a cosine is divided by for the item itself."""
        return np.asarray((self.taken + BEFORE) ** OF_SCORED, np.float32)

    @cached_property
    def share(self) -> Floats:
        """Each item's share of all that is taken these weeks."""
        return np.asarray((self.week + _RARE) / (self.week.sum() + _RARE * self.whole), np.float32)

    @cached_property
    def trending(self) -> "Order":
        """What is taken these weeks."""
        return Order(self.week)

    @cached_property
    def rising(self) -> "Order":
        """What is taken today and in these hours."""
        return Order(self.today + self.now)


class Order:
    """The numbers that were counted, the most first, put in order as far as anybody looks."""

    def __init__(self, counts: Floats) -> None:
        """`counts` (size,) by number."""
        self._counts = counts
        self._counted = int(np.count_nonzero(counts > 0))
        self._first = np.zeros(0, np.int32)

    def __len__(self) -> int:
        return self._counted

    def first(self, n: int) -> Rows:
        """The first n, or some more; all where they are fewer."""
        if len(self._first) < min(n, self._counted):
            ahead = min(max(n, 2 * len(self._first)), self._counted)
            self._first = scoring.top(self._counts, ahead).astype(np.int32)
        return self._first


class Everywhere:
    """The counts of each of `FAMILIES`, as they were read last."""

    def __init__(self, counts: Sequence[Sparse] = (NOTHING,) * len(FAMILIES)) -> None:
        self.counts = counts
        self._usual: Usual | None = None

    @cached_property
    def of_late(self) -> Sparse:
        """What is taken today and in these hours; a number may stand there more than once."""
        late = [self.counts[FAMILIES.index(family)] for family in (TODAY, NOW)]
        return Sparse(*(np.concatenate(of) for of in zip(*late, strict=True)))

    def are(self, counts: Sequence[Sparse]) -> bool:
        """Whether these are the very same, not read anew."""
        return all(own is one for own, one in zip(self.counts, counts, strict=True))

    def usual(self, size: int, whole: int) -> Usual:
        """What they say of so many numbers and of so many items in all."""
        if self._usual is None or (self._usual.size, self._usual.whole) != (size, whole):
            self._usual = Usual(self.counts, size, whole)
        return self._usual

    def renumbered(self, of: Callable[[Sparse], Sparse]) -> "Everywhere":
        """The same counts, of items by other numbers."""
        return Everywhere([of(counts) for counts in self.counts])
