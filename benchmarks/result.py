"""What one benchmark found: ours and its reference, repeat by repeat, and how many times as good ours is."""

import statistics
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

REPEATS = 5
"""At least so many of each, in turn, so that what disturbs the machine disturbs both."""


class Ratio(NamedTuple):
    """How many times as good as the reference: over 1 we win. Median, least and most of the repeats."""

    median: float
    least: float
    most: float

    def said(self) -> str:
        return f"{self.median:.2f} [{self.least:.2f}, {self.most:.2f}]"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of ours beside one of a reference, each repeat of both taken right after the other."""

    name: str
    """By which two runs are compared; it stays as it is."""
    what: str
    """One line for a person."""
    unit: str
    better: Literal["higher", "lower"] = "higher"
    ours: list[float]
    beside: str = ""
    """What the reference is; empty where there is none."""
    reference: list[float] = []
    notes: dict[str, float | str] = {}
    """Whatever belongs beside it: CPU microseconds an event, sizes, what limits."""
    chart: str = ""
    """Those of the same chart are drawn as one line, along `at`."""
    at: str = ""
    percentiles: dict[str, dict[str, float]] = {}
    """Of each of the two, by name, for a plot: p50, p90 and so on."""
    percentiles_unit: str = ""
    """Where it's another than `unit`."""

    def __post_init__(self) -> None:
        if not self.ours or (self.reference and len(self.reference) != len(self.ours)):
            raise ValueError(f"{self.name}: {len(self.ours)} repeats of ours, {len(self.reference)} of its reference")

    @property
    def ratio(self) -> Ratio | None:
        """None without a reference."""
        pairs = zip(self.ours, self.reference, strict=False)
        each = [ours / theirs if self.better == "higher" else theirs / ours for ours, theirs in pairs]
        return spread_of(each) if each else None


def spread_of(each: Sequence[float]) -> Ratio:
    """Of at least one value."""
    return Ratio(statistics.median(each), min(each), max(each))
