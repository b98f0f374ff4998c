"""A day's load: quiet at night, a peak in the evening, and a burst at noon."""

import math
from typing import Final, NamedTuple

DAY_S: Final = 86_400


class Burst(NamedTuple):
    """So many times as much for a while; it comes and goes within `ramp_s`."""

    at_s: int
    lasts_s: int
    times: float
    ramp_s: int = 60


NOON: Final = Burst(12 * 3600, 900, 3.0)


def load(second: int, mean: float, burst: Burst = NOON) -> float:
    """A second: from a third of the mean at 4 in the morning to two thirds above it at 16, mean over the day."""
    daily = mean * (1 - 0.67 * math.cos(2 * math.pi * (second - 4 * 3600) / DAY_S))
    begun, ended = second - burst.at_s, burst.at_s + burst.lasts_s - second
    share = min(1.0, max(0.0, min(begun, ended) / burst.ramp_s))
    return daily * (1 + (burst.times - 1) * share)
