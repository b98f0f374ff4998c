"""A table of items in the plain form: title, categories, text, image, and what further columns say of their content."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from batch.delimited import Record, Wrong
from batch.importing.events import raw_text
from batch.importing.roles import Roles
from batch.plain import item_event, text
from batch.table import Table
from contracts.errors import InvalidEvent
from contracts.events import ItemEvent

SEPARATORS: Final = ("|", ";", ",")
_SAMPLE: Final = 10_000
_LONGEST: Final = 64
_OFTEN: Final = 2


class Items:
    """The items of a table, in memory; of an item that occurs twice the last row counts."""

    def __init__(self, found: Table, parts: Roles) -> None:
        self._found = found
        self._named = {ours: found.names.index(column) for ours, column in parts.of.items()}
        self._further = {name: found.names.index(name) for name in parts.further}
        self.of: dict[str, ItemEvent] = {}
        self.rows, self.repeated = 0, 0
        self.separator = SEPARATORS[0]
        """What separates an item's categories in the file."""
        self.content: tuple[str, ...] = ()
        """Further columns that say categories: text whose values occur again and again."""

    def read(self) -> Iterator[Wrong]:
        """Read the whole table; gives the rows that are wrong."""
        good: list[Record] = []
        for row in self._found.rows:
            self.rows += 1
            if isinstance(row, Wrong):
                yield row
            else:
                good.append(row)
        self._understand([row.cells for row in good[:_SAMPLE]])
        for row in good:
            try:
                item = item_event(self._plain(row.cells))
            except InvalidEvent as error:
                yield Wrong(row.number, str(error), raw_text(row))
                continue
            self.repeated += item.item_id in self.of
            self.of[item.item_id] = item

    def _understand(self, sample: Sequence[Sequence[Any]]) -> None:
        at = self._named.get("categories")
        said = [] if at is None else [text(cells[at]) for cells in sample]
        flat = [cell for cell in said if not _listed(cell)]
        self.separator = next((mark for mark in SEPARATORS if any(mark in cell for cell in flat)), SEPARATORS[0])
        numeric = self._found.numbers | self._found.whole
        self.content = tuple(
            name
            for name, place in self._further.items()
            if name not in numeric and _tells_groups([text(cells[place]).strip() for cells in sample])
        )

    def _plain(self, cells: Sequence[Any]) -> Mapping[str, Any]:
        row = {ours: cells[place] for ours, place in self._named.items()}
        row["item_id"] = text(row["item_id"]).strip()
        if not row["item_id"]:
            raise InvalidEvent("no item_id")
        groups = _listed(text(row.get("categories"))) or text(row.get("categories")).split(self.separator)
        groups += [text(cells[self._further[name]]) for name in self.content]
        row["categories"] = "|".join(dict.fromkeys(part for group in groups if (part := _one(group))))
        return row


def _one(group: str) -> str:
    return group.replace("|", "/").strip()


def _listed(cell: str) -> list[str]:
    """The parts of a cell that is a list as JSON or Python writes it; none of any other."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return []
    try:
        found = json.loads(cell if '"' in cell else cell.replace("'", '"'))
    except json.JSONDecodeError:
        return []
    return [str(part) for part in found]


def _tells_groups(values: Sequence[str]) -> bool:
    """Whether a column sorts items into groups: words, not numbers, of which most occur again."""
    there = [value for value in values if value]
    if not there or max(map(len, there)) > _LONGEST or all(_is_number(value) for value in there):
        return False
    return _OFTEN * len(set(there)) <= len(there)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
