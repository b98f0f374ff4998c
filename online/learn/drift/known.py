"""What a bundle says of the items that events are about: whether it knows them, and how popular it holds them."""

from typing import Final

import numpy as np

from model.bundle import Bundle
from model.index import FIRST, UNKNOWN

UNIT: Final = 1_000_000


class Known:
    """Of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._index = bundle.index
        order = np.argsort(np.argsort(bundle.popularity[FIRST:], kind="stable"), kind="stable")
        self._standing: list[int] = (order * UNIT // max(1, len(order) - 1)).tolist()

    def standing(self, item_id: str) -> int | None:
        """From 0 for the least popular item to `UNIT` for the most; None for one that the bundle doesn't know."""
        row = self._index.row(item_id)
        return None if row == UNKNOWN else self._standing[row - FIRST]
