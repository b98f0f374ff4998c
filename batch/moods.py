"""Moods for training where nobody said one: drawn from the mood of the item that was chosen next.

So the network learns that a mood, said as an event or asked for in a request, stands before items of that mood.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.log import Log
from batch.plan import Plan
from contracts.moods import MOODS

_OWN: Final = 0.01
"""The share of events with a mood from which on a log tells by itself what moods do, and none are drawn."""
_SPREAD: Final = 0.15
"""How far from the item's a drawn mood may lie: the variance on the circumplex."""
_FELT: Final = 0.15
"""Items nearer to neutral than this say nothing of a mood."""

Rows = NDArray[np.int32]


class Drawn(NamedTuple):
    """Rows of MOODS, 0 for none, for each event of a window."""

    before: Rows
    """Said as a mood event just before."""
    asked: Rows
    """Asked for by the request that the event followed."""


class Moods:
    """Draws moods for the items of a catalogue whose moods are `affects` (rows, 2)."""

    def __init__(self, affects: NDArray[np.float32], said: float, asked: float) -> None:
        """`said` and `asked` are the shares of events before which a mood is said, or asked for."""
        places = np.array([(mood.valence, mood.arousal) for mood in MOODS], np.float32)
        distance = ((affects[:, None, :] - places[None, :, :]) ** 2).sum(axis=-1)
        likely = np.exp(-distance / _SPREAD)
        likely[:, 0] = 0
        self._cumulative = np.cumsum(likely / likely.sum(axis=1, keepdims=True), axis=1)
        self._felt = np.sqrt((affects**2).sum(axis=1)) >= _FELT
        self._said, self._asked = said, asked

    @classmethod
    def of(cls, log: Log, affects: NDArray[np.float32], plan: Plan) -> "Moods":
        """Those that the plan draws for this log."""
        own = float((log.mood > 0).mean()) >= _OWN
        return cls(affects, 0.0, 0.0) if own else cls(affects, plan.mood_said, plan.mood_asked)

    def draw(self, items: Rows, rng: np.random.Generator) -> Drawn:
        """Moods for events with these items (n,)."""
        drawn = (rng.random((len(items), 1)) > self._cumulative[items]).sum(axis=1)
        mood = np.where(self._felt[items], np.minimum(drawn, len(MOODS) - 1), 0).astype(np.int32)
        said, asked = rng.random(len(items)) < self._said, rng.random(len(items)) < self._asked
        return Drawn(np.where(said, mood, 0), np.where(asked & ~said, mood, 0))
