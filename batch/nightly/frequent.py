"""Who is named most often in a stream, in bounded memory.

J. Misra and D. Gries, 1982, "Finding repeated elements", merged as by P. K. Agarwal et al., 2012, "Mergeable
summaries".
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

NAMED: Final = 250_000
"""Names that are counted at least: some 80 MB with as many again."""


class Frequent:
    """Exact up to twice `NAMED` names; of more a count may be too low, by one in `NAMED` of all at the most."""

    def __init__(self, named: int = NAMED) -> None:
        self.counts: dict[str, int] = {}
        """By name, in the order in which they came."""
        self._named = named

    def take(self, names: pa.ChunkedArray) -> None:
        """Some more; empty ones name nobody."""
        found = pc.value_counts(names.filter(pc.not_equal(names, "")))
        for name, count in zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True):
            self.counts[name] = self.counts.get(name, 0) + count
        if len(self.counts) > 2 * self._named:
            least = sorted(self.counts.values())[-self._named - 1]
            self.counts = {name: count - least for name, count in self.counts.items() if count > least}
