"""Partitions that failed wait before they are read again, longer each time, and hold up no others."""

import time
from collections.abc import Set
from typing import Final

from faust.types import TP

_FIRST_S: Final = 0.05
_MAX_S: Final = 5.0


class Waits:
    """How long each partition waits."""

    def __init__(self) -> None:
        self._long: dict[TP, float] = {}
        """Seconds."""
        self._until: dict[TP, float] = {}
        """By the monotonic clock."""

    def put_off(self, tp: TP) -> None:
        """It failed: wait, twice as long as the last time."""
        self._long[tp] = min(max(2 * self._long.get(tp, 0.0), _FIRST_S), _MAX_S)
        self._until[tp] = time.monotonic() + self._long[tp]

    def forget(self, tp: TP) -> None:
        """It works."""
        self._long.pop(tp, None)
        self._until.pop(tp, None)

    def due(self, tps: Set[TP]) -> list[TP]:
        """Those of them that have waited long enough."""
        now = time.monotonic()
        return sorted(tp for tp in tps if self._until.get(tp, 0.0) <= now)
