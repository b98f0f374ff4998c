"""Where a row of values changed: the cut into a before and an after that differ most for their lengths."""

from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from typing import NamedTuple


class Change(NamedTuple):
    """The values from `at` on have another mean than those before."""

    at: int
    before: float
    after: float

    @property
    def size(self) -> float:
        return abs(self.after - self.before)


def change_of(values: Sequence[float]) -> Change:
    """The likeliest one of two values or more, by CUSUM (Page, 1954): always the same for the same values."""
    sums = [0.0, *accumulate(values)]
    n, total = len(values), sums[-1]

    def apart(at: int) -> float:
        return abs(sums[at] - total * at / n) / sqrt(at * (n - at))

    at = max(range(1, n), key=apart)
    return Change(at, sums[at] / at, (total - sums[at]) / (n - at))
