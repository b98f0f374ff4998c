"""Bundles that foretold the same events, compared: means, paired differences, and quality over time."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.evaluate.summary import AT_TEN
from batch.measures import GAINS, Drawn, Floats, Measure, all_of, gains
from batch.prequential import Foretold

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_WIDTHS: Final = (
    *(n * _MINUTE for n in (1, 5, 10, 30)),
    *(n * _HOUR for n in (1, 2, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 182, 364)),
)
"""How long a bucket may be, ms."""


class Compared:
    """Several bundles on the same events; intervals are over users drawn again, the same ones for all."""

    def __init__(self, systems: Sequence[Foretold], seed: int = 0) -> None:
        """Of at least one event, and the same ones for all."""
        first = systems[0]
        if not all(np.array_equal(first.places, one.places) for one in systems):
            raise ValueError("only bundles that foretold the same events can be compared")
        self._drawn = Drawn(_columns(systems), np.unique(first.users, return_inverse=True)[1], seed)

    def of(self, bundle: str) -> dict[str, Measure]:
        """All of `measures.NAMES`."""
        return all_of({gain: self._drawn.mean(f"{bundle} {gain}") for gain in GAINS})

    def gained(self, better: str, worse: str, metrics: Sequence[str] = GAINS) -> dict[str, Measure]:
        """How much better one bundle is than another."""
        return {metric: self._drawn.difference(f"{better} {metric}", f"{worse} {metric}") for metric in metrics}

    def at_ten(self, bundle: str) -> dict[str, Measure]:
        """HR@10 and NDCG@10 alone."""
        return {metric: self._drawn.mean(f"{bundle} {metric}") for metric in AT_TEN}


def _columns(systems: Sequence[Foretold]) -> Iterator[tuple[str, Floats]]:
    for one in systems:
        gained = gains(one.ranks)
        for place, metric in enumerate(GAINS):
            yield f"{one.bundle} {metric}", gained[:, place]


class Bucket(NamedTuple):
    """A part of the time that a log took."""

    since: int
    """UTC ms."""
    until: int
    mask: NDArray[np.bool_]
    """The scored events (n,) in it."""


def buckets(times: NDArray[np.int64], most: int = 24) -> list[Bucket]:
    """At most so many stretches of equal length, of some round number of minutes, that hold any of these times (n,)."""
    if not len(times):
        return []
    first, last = int(times.min()), int(times.max())
    width = next((w for w in _WIDTHS if (last // w - first // w) < most), (last - first) // most + 1)
    number = times // width
    return [Bucket(int(n) * width, (int(n) + 1) * width, number == n) for n in np.unique(number)]
