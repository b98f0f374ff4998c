"""The highest rate that holds: doubled until it doesn't, then halved in."""

from collections.abc import Callable
from typing import Final

_DOUBLINGS: Final = 12
_HALVINGS: Final = 5


def top_rate(holds: Callable[[float], bool], start: float, within: float = 0.05) -> float:
    """The highest rate found to hold, to `within` of itself; 0 where even a 32nd of `start` doesn't.

    One run that didn't hold is tried once more: a pause of the machine isn't the server's.
    """

    def surely(rate: float) -> bool:
        return holds(rate) or holds(rate)

    low, high = start, start
    if surely(start):
        for _ in range(_DOUBLINGS):
            high = 2 * low
            if not surely(high):
                break
            low = high
        else:
            return low
    else:
        for _ in range(_HALVINGS):
            low = high / 2
            if surely(low):
                break
            high = low
        else:
            return 0.0
    while high - low > within * low:
        middle = (low + high) / 2
        low, high = (middle, high) if surely(middle) else (low, middle)
    return low
