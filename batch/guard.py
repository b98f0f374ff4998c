"""Whether a fine-tune is taken: the newest events that it didn't see must not be foretold worse than before it."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch import holdout
from batch.log import Log
from batch.sequences import Sequences

_HELD: Final = 0.25
"""The share of the new events that is held out."""
MOST: Final = 4000
"""Events held out at most."""
_FEW: Final = 100
"""Events below which chance has a say: half of what is new is held out, up to so many."""


class Guard(NamedTuple):
    """NDCG@10 on the newest events, which the fine-tune didn't see, before and after it; and whether it was taken."""

    before: float
    after: float
    taken: bool
    events: int


def held_out(log: Log, sequences: Sequences, since_ms: int) -> int:
    """Where in the log the events begin that are held out: never one that isn't newer than `since_ms` (UTC ms).

    What the bundle was trained on it foretells better than anything it could learn next. The log's end where nothing
    is new.
    """
    places = np.sort(sequences.place[sequences.target])
    new = int((log.time[places] > since_ms).sum())
    held = min(MOST, max(int(new * _HELD), min(_FEW, (new + 1) // 2)))
    return int(places[len(places) - held]) if held else len(log.time)


def judged(before: NDArray[np.int64], after: NDArray[np.int64]) -> Guard:
    """Whether ranks that were found `after` are no worse, on the whole, than those `before`.

    By NDCG over all ranks, not the first ten alone: every event tells something then, and some hundred are enough. Of
    fewer than a hundred the mean may be below zero by its own standard error: half of all harmless ones are. Without
    any there is nothing that speaks for it.
    """
    gained = 1 / np.log2(after + 2.0) - 1 / np.log2(before + 2.0)
    chance = float(gained.std() / np.sqrt(len(gained))) if 0 < len(gained) < _FEW else 0.0
    taken = len(gained) > 0 and float(gained.mean()) >= -chance
    return Guard(holdout.quality(before).ndcg, holdout.quality(after).ndcg, taken, len(gained))
