"""One signal over time, drawn as SVG: a line for each partition, and what happened at which moment."""

from collections.abc import Sequence
from html import escape
from math import isnan
from typing import Final, NamedTuple

from batch.evaluate.charts import WIDTH

_HEIGHT: Final = 120
_LEFT: Final = 60
_STYLES: Final = ("whole", "source", "ours", "baseline")
"""Of the report's style sheet, one partition each, and again from the first."""


class Moment(NamedTuple):
    """Something that happened."""

    time: int
    """UTC ms."""
    style: str
    said: str


class Line(NamedTuple):
    """One partition's values, at these moments."""

    times: Sequence[int]
    values: Sequence[float]


def chart(lines: Sequence[Line], moments: Sequence[Moment], span: tuple[int, int]) -> str:
    """The lines between two moments (UTC ms), straight on where a value is missing; empty where all are."""
    values = [value for line in lines for value in line.values if not isnan(value)]
    if not values:
        return ""
    low, high = min(values), max(values)
    margin = (high - low) * 0.1 or max(abs(high), 1.0) * 0.05
    low, high = low - margin, high + margin

    def x(time: int) -> float:
        return _LEFT + (time - span[0]) / max(1, span[1] - span[0]) * (WIDTH - _LEFT - 10)

    def y(value: float) -> float:
        return 6 + (high - value) / (high - low) * (_HEIGHT - 12)

    parts = [
        f'<line class="grid" x1="{_LEFT}" y1="{y(at):.1f}" x2="{WIDTH - 10}" y2="{y(at):.1f}"/>'
        f'<text class="tick end" x="{_LEFT - 8}" y="{y(at) + 4:.1f}">{_written(at)}</text>'
        for at in (min(values), max(values))
    ]
    parts += [
        f'<line class="span {one.style}" x1="{x(one.time):.1f}" y1="0" x2="{x(one.time):.1f}" y2="{_HEIGHT}">'
        f"<title>{escape(one.said)}</title></line>"
        for one in moments
    ]
    for number, line in enumerate(lines):
        there = [(time, value) for time, value in zip(line.times, line.values, strict=True) if not isnan(value)]
        points = " ".join(f"{x(time):.1f},{y(value):.1f}" for time, value in there)
        parts.append(f'<polyline class="path {style_of(number)}" points="{points}"/>')
    return f'<svg viewBox="0 0 {WIDTH} {_HEIGHT}" role="img">{"".join(parts)}</svg>'


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def style_of(number: int) -> str:
    """The colour of the partition that stands in this place."""
    return _STYLES[number % len(_STYLES)]
