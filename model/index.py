"""Which row of the item vectors belongs to which item."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = 0
"""The row of every item that the bundle does not know."""
NO_ITEM: Final = 1
"""The row of a mood token, which is about no item."""
FIRST: Final = 2
"""The first real item's row."""


class Index(Protocol):
    """Item ids to rows and back; row 0 is the unknown item, row 1 no item, then the items in the catalogue's order."""

    def __len__(self) -> int:
        """Rows in all, the two without an item included."""

    def __contains__(self, item_id: str) -> bool: ...

    def row(self, item_id: str) -> int:
        """The item's row, `UNKNOWN` if the bundle doesn't know it."""

    def rows(self, item_ids: Sequence[str]) -> NDArray[np.int32]:
        """The rows of many items, (n,) int32."""

    def item_id(self, row: int) -> str:
        """The id at this row; raises `IndexError` for the two rows without an item."""


class ItemIndex:
    """The index of items that are all in memory."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids: tuple[str, ...] = tuple(ids)
        self._rows = {item_id: row for row, item_id in enumerate(self.ids, FIRST)}
        if len(self._rows) != len(self.ids):
            raise ValueError(f"{len(self.ids) - len(self._rows)} item ids occur more than once")

    def __len__(self) -> int:
        """Rows in all, the two without an item included."""
        return len(self.ids) + FIRST

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._rows

    def row(self, item_id: str) -> int:
        """The item's row, `UNKNOWN` if the bundle doesn't know it."""
        return self._rows.get(item_id, UNKNOWN)

    def rows(self, item_ids: Sequence[str]) -> NDArray[np.int32]:
        """The rows of many items, (n,) int32."""
        return np.fromiter((self._rows.get(item_id, UNKNOWN) for item_id in item_ids), np.int32, len(item_ids))

    def item_id(self, row: int) -> str:
        """The id at this row; raises `IndexError` for the two rows without an item."""
        if row < FIRST:
            raise IndexError(f"row {row} belongs to no item")
        return self.ids[row - FIRST]
