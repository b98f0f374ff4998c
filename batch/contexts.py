"""Where and how the events of a log happened, as columns that are made into contexts only where somebody asks."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.events import Context

COLUMNS: Final = ("mood_said", "place", "device", "session", "request_id", "extra")
_NOWHERE: Final = Context()


class Contexts:
    """A column of a `Log` that reads like an array of `Context` or None, and costs what its text does."""

    def __init__(self, tables: Sequence[pa.Table], order: NDArray[np.int64]) -> None:
        """`order` (n,) are rows of the tables, counted on from one to the next."""
        self._tables = tables
        self._ends = np.cumsum([len(table) for table in tables], dtype=np.int64)
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, part: slice | NDArray[np.bool_]) -> "Contexts":
        found = Contexts.__new__(Contexts)
        found._tables, found._ends, found._order = self._tables, self._ends, self._order[part]
        return found

    def tolist(self) -> list[Context | None]:
        """All of them, made now."""
        found: list[Context | None] = [None] * len(self)
        of_table = np.searchsorted(self._ends, self._order, side="right")
        for number in np.unique(of_table).tolist():
            places = np.flatnonzero(of_table == number)
            table = self._tables[number]
            rows = self._order[places] - (self._ends[number] - len(table))
            for place, context in zip(places.tolist(), _contexts(table.take(pa.array(rows))), strict=True):
                found[place] = context
        return found


def _contexts(table: pa.Table) -> Iterator[Context | None]:
    return map(_context, *(table[name].to_pylist() for name in COLUMNS))


def _context(
    mood_said: str | None,
    place: str | None,
    device: str | None,
    session: str | None,
    request_id: str | None,
    extra: str | None,
) -> Context | None:
    found = Context(
        mood=mood_said or None,
        place=place or None,
        device=device or None,
        session=session or None,
        request_id=request_id or None,
        extra=msgspec.json.decode(extra, type=dict[str, str | float]) if extra else {},
    )
    return None if found == _NOWHERE else found
