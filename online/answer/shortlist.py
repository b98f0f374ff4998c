"""The items that come into question for one answer, where the catalogue is too large to look at each.

They get numbers of their own, in the order of those of the process, so that all that follows is the same as with a
small catalogue. What counts, history and rules name is there, and what the sources would choose from all others.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model import scoring
from model.nearest import EXACT, Mask
from online.answer.asked import Ask
from online.answer.catalogue import Catalogue, Rows
from online.answer.likely import Likely
from online.answer.numbers import Ids, Names, Places
from online.answer.taste import likeness, taste

FEW: Final = 10_000
"""Up to so many items an answer looks at each: a shortlist costs as much."""
BREADTH: Final = 60
"""Candidates that one source brings beyond those that will be dropped."""
NEWEST: Final = 200
"""Items that came after the bundle and are looked at."""
_AHEAD: Final = 8
"""Popular items are looked for among so many times as many as are wanted, then among so many times more."""


class Shortlist:
    """Both the numbers and the placing of one scene: some of the process's items, lined up with a catalogue."""

    def __init__(self, numbers: Names, placed: Places, chosen: Mask) -> None:
        """Of the items that `chosen` (numbers,) names."""
        self._numbers = numbers
        self._placed = placed
        self._whole = np.flatnonzero(chosen).astype(np.int32)
        self._places = np.full(len(chosen), -1, np.int32)
        self._places[self._whole] = np.arange(len(self._whole), dtype=np.int32)
        self.rows: Rows = placed.rows[self._whole]
        self.ids: Ids = numbers.ids[self._whole]

    def __len__(self) -> int:
        return len(self._whole)

    def of(self, ids: Iterable[str]) -> Rows:
        """The numbers (n,) of these ids, which must all be on the list."""
        return self.renumbered(self._numbers.known(ids))

    def known(self, ids: Iterable[str]) -> Rows:
        """The numbers of those of these ids that are on the list."""
        whole = self._numbers.known(ids)
        found = self.renumbered(whole[whole < len(self._places)])
        return found[found >= 0]

    def hashes(self, numbers: Rows) -> NDArray[np.uint64]:
        """`hash64` of these items (n,)."""
        return self._numbers.hashes(self._whole[numbers])

    def at(self, rows: Rows) -> Rows:
        """The numbers (n,) of the items at these rows (n,), which must all be on the list."""
        return self.renumbered(self._placed.at(rows))

    def renumbered(self, whole: Rows) -> Rows:
        """What the process's numbers (n,) are here; -1 for what isn't on the list."""
        return self._places[whole]


def enough(ask: Ask, seen: int) -> int:
    """How many items of one source are enough for a page, whatever may not be shown; the user saw `seen`."""
    rules = ask.rules
    named_ones = len(rules.pin) + len(rules.boost) + len(rules.block) + len(ask.exclude)
    return BREADTH + seen + named_ones + ask.n * ask.page


def choose(
    ask: Ask, catalogue: Catalogue, likely: Likely | None, mood: int, recent: list[tuple[str, float]], n: int
) -> Iterator[Rows]:
    """The rows of what sources would choose from the whole catalogue, about n each."""
    shown = catalogue.shown(ask.categories)
    yield catalogue.fresh[:NEWEST]
    yield _popular(catalogue, shown, n)
    if likely:
        yield likely.best(n, shown)
    if mood:
        fitting = shown & catalogue.fitting(mood)
        yield likely.best(n, fitting) if likely else _popular(catalogue, fitting, n)
    if recent and len(catalogue.items) <= EXACT:
        rows = np.flatnonzero(shown).astype(np.int32)
        yield rows[scoring.top(likeness(catalogue, taste(catalogue, recent), rows), n)]


def _popular(catalogue: Catalogue, among: Mask, n: int) -> Rows:
    ordered, ahead = catalogue.by_popularity, _AHEAD * n
    while True:
        first = ordered[:ahead]
        found = first[among[first]]
        if len(found) >= n or ahead >= len(ordered):
            return found[:n]
        ahead *= _AHEAD
