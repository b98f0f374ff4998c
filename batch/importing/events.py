"""A table of events, row by row in the plain form, each checked as the product will read it."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import pyarrow as pa

from batch.delimited import Record, Wrong
from batch.importing.kinds import KindWords
from batch.importing.roles import Roles
from batch.importing.times import UNKNOWN, Clock, clock, unit_of
from batch.plain import KNOWN_CONTEXT, MOOD, EventRows, empty, number, text
from batch.table import Table
from contracts.errors import InvalidEvent

_SAMPLE: Final = 1000
FIXED: Final = ("user_id", "item_id", "timestamp", "kind", "value")
OWN: Final = (*FIXED, "event_id")
STARS: Final = 5.0
"""The best rating, as `contracts.kinds` weighs it."""


class PlainRow(NamedTuple):
    """A good row: the source's number, and cells in the order of `EventTable.columns`."""

    number: int
    cells: tuple[Any, ...]


class EventTable:
    """The events of a table whose columns' parts are known."""

    def __init__(self, found: Table, parts: Roles, words: KindWords, best_rating: float) -> None:
        self._found = found
        self._stars = STARS / best_rating
        self._words = words
        named = {ours: found.names.index(column) for ours, column in parts.of.items()}
        self._user, self._item, self._time = (named[ours] for ours in FIXED[:3])
        self._kind, self._value = named.get("kind"), named.get("value")
        self._event_id = named.get("event_id")
        context = {ours: place for ours, place in named.items() if ours not in OWN}
        context |= {column: found.names.index(column) for column in parts.further}
        self._context = tuple(context.values())
        self.context = tuple(context)
        self.columns = (*FIXED, *self.context, *(["event_id"] if self._event_id is not None else []))
        self._valid = EventRows((*FIXED, *self.context, "event_id"))
        self.unit = UNKNOWN
        """Of the times, once the first rows are read."""

    @property
    def textual(self) -> frozenset[str]:
        """Columns that are text, whatever the file's type is."""
        return frozenset(name for name in self.context if self.type_of(name) == pa.string()) | {"event_id"}

    def type_of(self, name: str) -> Any:
        """The pyarrow type of a column of context: numbers stay numbers, except where the product has words."""
        if name in KNOWN_CONTEXT:
            return pa.string()
        if name in self._found.whole:
            return pa.int64()
        return pa.float64() if name in self._found.numbers else pa.string()

    def rows(self) -> Iterator[PlainRow | Wrong]:
        """The rows in the plain form."""
        source = iter(self._found.rows)
        sample = list(islice(source, _SAMPLE))
        self.unit = unit_of([row.cells[self._time] for row in sample if isinstance(row, Record)])
        ms = clock(self.unit)
        for row in chain(sample, source):
            if isinstance(row, Wrong):
                yield row
                continue
            try:
                yield PlainRow(row.number, self._plain(row.cells, ms))
            except InvalidEvent as error:
                yield Wrong(row.number, str(error), raw_text(row))

    def _plain(self, cells: Sequence[Any], ms: Clock) -> tuple[Any, ...]:
        user, item = _id(cells[self._user]), _id(cells[self._item])
        value = None if self._value is None else _finite(cells[self._value])
        said = "" if self._kind is None else cells[self._kind]
        if self._kind is None and self._value is not None and value is None and not self._words.otherwise:
            raise InvalidEvent("no value: without a kind a row is a rating")
        kind = self._words.kind(said, value is not None)
        if value is not None and kind == "rating":
            value *= self._stars
        if not user or not (item or kind == MOOD):
            raise InvalidEvent(f"no {'item_id' if user else 'user_id'}")
        made = (user, item, ms(cells[self._time]), kind, value, *[cells[place] for place in self._context])
        named = "" if self._event_id is None else text(cells[self._event_id])
        self._valid.event((*made, named or "row"))
        return made if self._event_id is None else (*made, named or None)


def _id(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else text(cell)


def _finite(cell: Any) -> float | None:
    value = number("value", cell.strip() if isinstance(cell, str) else cell)
    if value is not None and not abs(value) <= 1e12:
        raise InvalidEvent(f"value {text(cell)[:80]!r} is no finite number")
    return value


def raw_text(row: Record) -> str:
    """A row as text, for a person to find it again."""
    return ",".join(text(cell) for cell in row.cells) if row.raw is None else row.raw


def arrow_columns(names: Sequence[str], rows: Sequence[PlainRow], textual: AbstractSet[str]) -> dict[str, list[Any]]:
    """The rows as columns by name; cells of `textual` columns become text, empty ones None."""
    columns: dict[str, list[Any]] = {}
    for name, cells in zip(names, zip(*(row.cells for row in rows), strict=True), strict=True):
        if name in textual:
            columns[name] = [None if empty(cell) else text(cell) for cell in cells]
        else:
            columns[name] = [None if cell == "" else cell for cell in cells]
    return columns
