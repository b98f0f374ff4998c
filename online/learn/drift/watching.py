"""One signal under watch: a detector of river's, made of the ring of its last values and the same however it was made.

ADWIN: Bifet and Gavaldà, 2007. Page-Hinkley: Page, 1954. KSWIN: Raab, Heusinger and Schleif, 2020.
"""

from collections.abc import Iterable, Sequence
from math import fsum
from typing import Any, Final

from river.drift import ADWIN, KSWIN, PageHinkley

from online.learn.drift.signals import REFERENCE, Watch

_SEED: Final = 7
_FAR: Final = 10.0
"""A value that is further from the usual than so many deviations counts as so far."""


class Watching:
    """Fed with a signal's values in their order; what it comes to is a function of these alone."""

    def __init__(self, watch: Watch, floor: float, ring: Iterable[float] = ()) -> None:
        """`floor` is the least deviation: a signal that never moved would find anything far."""
        self._detector = _detector(watch)
        self._floor = floor
        self._usual: list[float] = []
        self._mean = self._deviation = 0.0
        for value in ring:
            self.see(value)

    def see(self, value: float) -> bool:
        """Whether with this one the detector finds that the signal has moved."""
        if len(self._usual) < REFERENCE:
            self._usual.append(value)
            if len(self._usual) == REFERENCE:
                self._mean, self._deviation = _usual(self._usual, self._floor)
                for one in self._usual:
                    self._update(one)
            return False
        self._update(value)
        return bool(self._detector.drift_detected)

    def _update(self, value: float) -> None:
        far = (value - self._mean) / self._deviation
        self._detector.update(max(-_FAR, min(_FAR, far)))


def _usual(values: Sequence[float], floor: float) -> tuple[float, float]:
    mean = fsum(values) / len(values)
    variance = fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, max(floor, variance**0.5)


def _detector(watch: Watch) -> Any:
    adwin: Any = ADWIN  # it has no types
    match watch.method:
        case "adwin":
            return adwin(delta=watch.threshold, clock=1, min_window_length=4, grace_period=REFERENCE)
        case "page-hinkley":
            return PageHinkley(min_instances=REFERENCE, delta=0.5, threshold=watch.threshold, alpha=1.0)
        case "kswin":
            return KSWIN(alpha=watch.threshold, window_size=2 * REFERENCE, stat_size=16, seed=_SEED)
    raise AssertionError(f"nothing watches by {watch.method!r}")
