"""How well the user's embedding foretold what they took next, asked of every fourth record: prequential error, cheaply.

The items of a fixed sample that it puts above the one taken, of all in the sample: 0 is perfect, a half is chance. It's
asked before the event is stepped, so what it says doesn't depend on batches.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.index import FIRST, UNKNOWN
from model.step import Floats
from online.learn.counts import wanted
from online.store.state import Entry

_EVERY: Final = 4
"""By the record's offset: asking each would be a tenth of the work of learning it."""
_SAMPLE: Final = 64
_SEED: Final = 11
Foretold = tuple[tuple[int, int], ...]
"""Offsets, and how many of the sample were put above."""


def is_asked(entry: Entry) -> bool:
    """Whether it's asked of this event."""
    return entry.offset % _EVERY == 0 and bool(entry.item) and wanted(entry)


def error_of(foretold: Foretold, offset: int) -> float | None:
    """The share of the sample that was put above the item of this record; None where it wasn't asked."""
    return next((above / _SAMPLE for at, above in foretold if at == offset), None)


def asked(bundle: Bundle, hidden: Floats, gaps: Floats, entries: Sequence[Entry]) -> list[int | None]:
    """How many of the sample users in these states (n, H) would have put above what they took, `gaps` (n,) s later.

    None for an item that the bundle doesn't know.
    """
    sample = _sample(len(bundle.index))
    queries = bundle.encoder.query(hidden, gaps, np.zeros(len(entries), np.int32))
    scores = np.matmul(bundle.vectors[sample], queries[:, :, None])[:, :, 0] + bundle.bias[sample]
    rows = bundle.index.rows([entry.item for entry in entries])
    own = (bundle.vectors[rows] * queries).sum(axis=1) + bundle.bias[rows]
    above = (scores > own[:, None]).sum(axis=1).tolist()
    return [None if row == UNKNOWN else n for row, n in zip(rows.tolist(), above, strict=True)]


@lru_cache(maxsize=8)
def _sample(rows: int) -> NDArray[np.int64]:
    """Rows of items, the same for every bundle of this length; with few items some stand in it twice."""
    return np.random.default_rng(_SEED).integers(FIRST, rows, _SAMPLE)
