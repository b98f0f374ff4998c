"""Rows of a lake that is being read, with their contexts: in chunks, so that a part of them goes without the rest."""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ROW: Final = np.dtype(
    [
        ("user", "i4"),
        ("item", "i4"),
        ("kind", "i1"),
        ("weight", "f4"),
        ("mood", "i1"),
        ("time", "i8"),
        ("value", "f8"),
        ("latest", "i8"),  # arrival, or that of what was shown before and arrived later; once the partition is over,
        # that of its latest event so far: a clock that was set back moves none before an earlier one
        ("place", "i8"),  # among all rows read
        ("id", "u8"),
        ("mark", "u1"),
    ]
)
TOGETHER: Final = 65_536
"""Rows of a chunk, about."""
_LOOSE: Final = 64
"""Chunks that are made one, however few rows they have."""


class Chunk(NamedTuple):
    """Some rows of `ROW`, and as many contexts."""

    rows: NDArray[np.void]
    contexts: pa.Table

    def only(self, kept: NDArray[np.bool_]) -> "Chunk":
        """These of its rows."""
        return self if kept.all() else Chunk(self.rows[kept], self.contexts.filter(pa.array(kept)))


def column(chunks: list[Chunk], name: str) -> NDArray[Any]:
    """One column of all of them."""
    return np.concatenate([np.zeros(0, ROW)[name], *(chunk.rows[name] for chunk in chunks)])


def recoded(chunks: list[Chunk], codes: NDArray[np.int32]) -> list[Chunk]:
    """With another code for each of the users, without the rows of those whose is below 0."""
    found: list[Chunk] = []
    for chunk in chunks:
        chunk.rows["user"] = codes[chunk.rows["user"]]
        found = together([*found, chunk.only(chunk.rows["user"] >= 0)])
    return found


def together(chunks: list[Chunk]) -> list[Chunk]:
    """The same rows, the last chunks made one where they are small."""
    small = next((n for n, one in enumerate(reversed(chunks)) if len(one.rows) >= TOGETHER), len(chunks))
    loose = chunks[len(chunks) - small :]
    if len(loose) < _LOOSE and sum(len(one.rows) for one in loose) < TOGETHER:
        return chunks
    rows = np.concatenate([one.rows for one in loose]) if loose else np.zeros(0, ROW)
    contexts = pa.concat_tables([one.contexts for one in loose]).combine_chunks()
    return [*chunks[: len(chunks) - small], Chunk(rows, contexts)]
