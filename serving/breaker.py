"""A circuit breaker: what keeps failing is left alone, but for one try at a time."""

import time
from collections.abc import Callable


class Breaker:
    """Closed, or open after `limit` failures in a row; open, it lets one caller through every `retry_s` seconds.

    A try that never comes back holds up nothing: the next one is let through `retry_s` later.
    """

    def __init__(self, limit: int, retry_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._retry_s = retry_s
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._limit

    def lets_through(self) -> bool:
        """Whether this caller may try; who may says afterwards how it went."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        self._next_try = now + self._retry_s
        return True

    def succeeded(self) -> None:
        """It works: everybody may."""
        self._failures = 0

    def failed(self) -> None:
        """It failed once more."""
        self._failures += 1
        if self._failures == self._limit:
            self._next_try = self._clock() + self._retry_s
