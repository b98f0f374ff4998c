"""One counter in memory, which says its most frequent members again at once as long as they are the same."""

from array import array
from collections.abc import Mapping, Sequence
from itertools import count
from math import inf
from sys import intern
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Greatest = tuple[Sequence[str], Times, int]
_numbers: Final = count(1)


class _Foremost(NamedTuple):
    """The n most frequent members in any order, and their places; no other find has its number."""

    number: int
    n: int
    members: Sequence[str]
    places: NDArray[np.intp]


class Counts:
    """Its members stand in the order in which they came."""

    __slots__ = ("_foremost", "_least", "_members", "_places", "_times")

    def __init__(self) -> None:
        self._members: list[str] = []
        self._times = array("q")
        self._places: dict[str, int] = {}
        self._foremost: _Foremost | None = None
        """As they were found last; None since another member may be one of them."""
        self._least = -inf
        """They stay the same while nobody comes to so many times, nor from there; all of them were seen as often."""

    def add(self, members: Mapping[str, int]) -> None:
        """So many times more of each."""
        places, counts, least = self._places, self._times, self._least
        for member, times in members.items():
            place = places.get(member)
            if place is None:
                self._members.append(intern(member))  # one string in hundreds of counters
                places[self._members[-1]] = len(counts)
                counts.append(times)
                same = times < least
            else:
                before = counts[place]
                counts[place] = after = before + times
                same = before > least < after or before < least > after
            if not same:
                self._foremost = None

    def greatest(self, n: int) -> Greatest:
        """The n most frequent members in any order, and how often each was seen; of ties those with the larger ids.

        And a number that stays as long as these are the members.
        """
        if self._foremost is None or self._foremost.n != n:
            self._foremost = self._find(n)
        number, _, members, places = self._foremost
        return members, np.frombuffer(self._times, np.int64)[places], number

    def _find(self, n: int) -> _Foremost:
        members, times = self._members, np.frombuffer(self._times, np.int64)
        if len(members) <= n:
            self._least = -inf
            return _Foremost(next(_numbers), n, members.copy(), np.arange(len(members)))
        if n < 1:
            self._least = inf
            return _Foremost(next(_numbers), n, [], np.zeros(0, np.intp))
        self._least = least = int(np.partition(times, -n)[-n])
        more = np.flatnonzero(times > least).tolist()
        ties = sorted(np.flatnonzero(times == least).tolist(), key=members.__getitem__, reverse=True)
        places = [*more, *ties[: n - len(more)]]
        return _Foremost(next(_numbers), n, [members[place] for place in places], np.array(places))

    def __deepcopy__(self, memo: object) -> "Counts":
        other = Counts()
        other._members, other._times, other._places = self._members.copy(), self._times[:], self._places.copy()
        return other

    def columns(self) -> tuple[list[str], bytes]:
        """The members, and how often each was seen as 64-bit numbers."""
        return self._members, self._times.tobytes()

    @classmethod
    def of(cls, members: list[str], times: "array[int]") -> "Counts":
        """A counter that has these columns."""
        found = cls()
        found._members, found._times = members, times
        found._places = {member: place for place, member in enumerate(members)}
        return found

    def dump(self) -> dict[str, int]:
        return dict(zip(self._members, self._times, strict=True))
