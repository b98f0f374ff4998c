"""A table of users, whose columns become context of each of their events."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from batch.delimited import Record, Wrong
from batch.importing.events import raw_text
from batch.importing.roles import Roles
from batch.plain import Contexts, empty, text
from batch.table import Table
from contracts.errors import InvalidEvent


class Users:
    """Columns of context by user, in memory; of a user that occurs twice the last row counts."""

    def __init__(self, found: Table, parts: Roles, taken: Sequence[str]) -> None:
        """`taken` are columns that the events have themselves: theirs count."""
        self._found = found
        self._user = found.names.index(parts.of["user_id"])
        self.columns = tuple(name for name in parts.further if name not in taken)
        self._places = [found.names.index(name) for name in self.columns]
        self._contexts = Contexts(found.names, self.columns)
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._at: dict[str, int] = {}
        self._arrays: list[Any] = []
        self.rows = 0

    def read(self) -> Iterator[Wrong]:
        """Read the whole table; gives the rows that are wrong."""
        for row in self._found.rows:
            self.rows += 1
            if isinstance(row, Wrong):
                yield row
                continue
            try:
                self._take(row)
            except InvalidEvent as error:
                yield Wrong(row.number, str(error), raw_text(row))
        self._at = {user: place for place, user in enumerate(self._rows)}
        columns = zip(*self._rows.values(), strict=True) if self._rows else [() for _ in self.columns]
        self._arrays = [
            pa.array([None if empty(cell) else text(cell) for cell in cells], pa.string()) for cells in columns
        ]
        self._rows.clear()

    def join(self, users: Sequence[str]) -> tuple[list[Any], int]:
        """The columns of these users' rows, as pyarrow arrays, and how many of the users have no row."""
        places = pa.array([self._at.get(user) for user in users], pa.int64())
        return [pc.take(column, places) for column in self._arrays], places.null_count

    def _take(self, row: Record) -> None:
        user = text(row.cells[self._user]).strip()
        if not user:
            raise InvalidEvent("no user_id")
        self._contexts.of(row.cells)
        self._rows[user] = tuple([row.cells[place] for place in self._places])
