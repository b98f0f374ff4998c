"""What items share, in three groups of traits, and how much oftener a user takes what has them (naive Bayes)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.index import FIRST
from model.items import Item, traits_of

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

WORDS: Final = "words"
GROUPS: Final = {"categories": 8, "periods": 2, WORDS: 8}
"""Of each group, in the order of `model.items.traits_of`, so many of an item's traits are looked at."""
_DOUBT: Final = 10.0
"""Items of a user that what everybody takes is worth beside theirs."""
_FADE: Final = 0.97
"""What a word of an item counts beside that of the next newer item."""
_ROOTS: Final = np.sqrt(np.maximum(1, np.arange(1 + max(GROUPS.values()))))
"""Of how many traits there are, one at least."""
_RARE: Final = 0.5
"""A count that an item nobody took is taken to have."""


@dataclass(frozen=True)
class Traits:
    """Those of a catalogue's items."""

    known: Mapping[str, int]
    """The number, from 1, of each trait that more than one item has."""
    numbers: Rows
    """(rows, K): an item's traits, group after group, each group filled up with 0."""
    usual: Floats
    """(traits,): the share of all that is taken that has this trait; 1 at 0."""

    def lifts(self, own: Rows, rows: Rows) -> Iterator[Floats]:
        """For each of `GROUPS` what the traits of the items at `rows` (n,) say after a user's `own` (m,): (n,).

        Logarithms of how much oftener than everybody the user takes what has a trait: their sum over the root of their
        number. Words say something only if the user's titles have them, the newest of which, standing first, say more.
        """
        usual, age = self.usual, np.arange(len(own), dtype=np.float64)
        oftener = np.log((self._times(own, np.ones(len(own))) / usual + _DOUBT) / (len(own) + _DOUBT))
        met = np.log1p(self._times(own, _FADE**age) / (_DOUBT * usual))
        oftener[0] = met[0] = 0  # no trait says nothing
        numbers = np.ascontiguousarray(self.numbers.take(rows, axis=0).T)
        start = 0
        for group, most in GROUPS.items():
            of_group = numbers[start : start + most]
            said = (met if group == WORDS else oftener).take(of_group).sum(axis=0)
            yield np.asarray(said / _ROOTS.take((of_group > 0).sum(axis=0, dtype=np.uint8)), np.float32)
            start += most

    def _times(self, own: Rows, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """How often the traits (traits,) are the items', by weights (m,)."""
        numbers = self.numbers[own]
        times = np.bincount(numbers.ravel(), np.repeat(weights, numbers.shape[1]), len(self.usual))
        return np.asarray(times, np.float64)

    def changed(self, changes: Mapping[int, Item], added: Sequence[Item]) -> "Traits":
        """With other items at some rows and more items at the end; a trait that is new says nothing yet."""
        if not changes and not added:
            return self
        numbers = np.concatenate([self.numbers, _numbers(self.known, [_named(item) for item in added])])
        numbers[list(changes)] = _numbers(self.known, [_named(item) for item in changes.values()])
        return replace(self, numbers=numbers)


def traits(items: Sequence[Item], popularity: Floats) -> Traits:
    """Those of the items at the rows from FIRST on; `popularity` (rows,) is the log1p of a count."""
    named = [_named(item) for item in items]
    times = Counter(name for groups in named for group in groups for name in group)
    shared = (name for name, count in times.items() if count > 1)
    known = {name: number for number, name in enumerate(shared, 1)}
    numbers = np.concatenate([np.zeros((FIRST, sum(GROUPS.values())), np.int32), _numbers(known, named)])
    taken = np.expm1(popularity) + np.float32(_RARE)
    taken[:FIRST] = 0
    usual = np.bincount(numbers.ravel(), np.repeat(taken, numbers.shape[1]), len(known) + 1) / max(taken.sum(), _RARE)
    usual[0] = 1
    return Traits(known, numbers, usual.astype(np.float32))


def _named(item: Item) -> list[list[str]]:
    """The item's traits of each group, each once, as far as they are looked at."""
    return [list(dict.fromkeys(of))[:most] for of, most in zip(traits_of(item), GROUPS.values(), strict=True)]


def _numbers(known: Mapping[str, int], named: Sequence[Sequence[Sequence[str]]]) -> Rows:
    """(n, K) of the traits of n items."""
    numbers = np.zeros((len(named), sum(GROUPS.values())), np.int32)
    for row, groups in enumerate(named):
        start = 0
        for group, most in zip(groups, GROUPS.values(), strict=True):
            found = [known[name] for name in group if name in known]
            numbers[row, start : start + len(found)] = found
            start += most
    return numbers
