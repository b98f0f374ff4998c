"""How fast a replay goes: as fast as it can, or with the gaps in time that the log had, so many times shorter."""

import time
from collections.abc import Callable

from contracts.errors import Misconfigured


def speed_of(said: str) -> float:
    """From `1x`, `60x` or `max`, which is 0; raises `Misconfigured`."""
    if said == "max":
        return 0.0
    try:
        speed = float(said.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise Misconfigured(f"--speed {said}: use max, or how many times faster than it was: 1x, 60x, 0.5x")
    return speed


class Pace:
    """When each record is due."""

    def __init__(self, speed: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`speed` 0: all are due at once."""
        self._speed = speed
        self._clock = clock
        self._began: tuple[float, int] | None = None

    def wait_s(self, arrival: int) -> float:
        """Seconds until the record that arrived then (UTC ms) is due; the first one is due at once."""
        if not self._speed:
            return 0.0
        if self._began is None:
            self._began = self._clock(), arrival
        began, first = self._began
        return max(0.0, began + (arrival - first) / 1000 / self._speed - self._clock())
