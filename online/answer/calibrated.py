"""The calibration in force: what river learned of scores and what followed, read at most once a second."""

from collections.abc import Callable
from typing import Final

from contracts.errors import StoreUnavailable
from online.answer.deadline import Deadline
from online.learn.calibration import Calibration
from online.store.protocol import Store

_CACHED_MS: Final = 1000


class Calibrated:
    """One for a process."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._read_at = -_CACHED_MS
        self._calibration: Calibration | None = None

    async def now(self, deadline: Deadline) -> Calibration | None:
        """None before enough was shown; the one read last where the store is away, whoever reads the user says so."""
        if not 0 <= self._clock() - self._read_at < _CACHED_MS:
            try:
                self._calibration = Calibration.of(await deadline.read(self._store.calibrators()))
            except StoreUnavailable:
                return self._calibration
            self._read_at = self._clock()
        return self._calibration
