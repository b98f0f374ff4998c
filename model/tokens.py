"""What the encoder reads: one token for each event of a user."""

from typing import Any, NamedTuple

import numpy as np

from model.index import NO_ITEM


class Tokens(NamedTuple):
    """Arrays of one shape: (B,) for a step of many users, (B, T) for their sequences."""

    item: Any
    """int32, row of the item vectors."""
    kind: Any
    """int32, index in `contracts.kinds.ORDER`, or `MOOD_KIND`."""
    weight: Any
    """float32 in [-1, 1], what the event says of the user's liking."""
    mood: Any
    """int32, row of `contracts.moods.MOODS`; 0: none."""
    gap: Any
    """float32, seconds since the same user's event before; >= 0, 0 for the first."""


def padding(*shape: int) -> Tokens:
    """Tokens that stand for nothing, in numpy: no item, first kind, no weight, no mood, no gap."""
    return Tokens(
        np.full(shape, NO_ITEM, np.int32),
        np.zeros(shape, np.int32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.int32),
        np.zeros(shape, np.float32),
    )
