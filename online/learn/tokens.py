"""From a user's history to the encoder's tokens."""

from collections.abc import Collection, Sequence

import numpy as np

from model.index import NO_ITEM, Index
from model.tokens import Tokens
from online.store.state import Entry


def tokens_of(
    entries: Sequence[Entry], index: Index, unheard: Collection[int] = (), previous_time: int | None = None
) -> Tokens:
    """Tokens of shape (n,) for an encoder of this index and these `unheard` kinds.

    `previous_time` (UTC ms) is that of the event before the first, None if there was none.
    """
    times = np.array([entry.time for entry in entries], np.int64)
    before = np.concatenate([times[:1] if previous_time is None else [previous_time], times[:-1]])
    return Tokens(
        item=np.array([index.row(e.item) if e.item and e.kind not in unheard else NO_ITEM for e in entries], np.int32),
        kind=np.array([e.kind for e in entries], np.int32),
        weight=np.array([0.0 if e.kind in unheard else e.weight for e in entries], np.float32),
        mood=np.array([e.mood for e in entries], np.int32),
        gap=(np.maximum(times - before, 0) / 1000).astype(np.float32),
    )
