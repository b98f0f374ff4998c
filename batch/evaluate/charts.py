"""The report's plots, drawn as SVG that reads by day and by night: points with intervals, in rows or along groups."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final, NamedTuple

WIDTH: Final = 860
_ROW: Final = 24
_LABELS: Final = 210
_NOTES: Final = 210
_HEIGHT: Final = 260
_TICKS: Final = 5


class Point(NamedTuple):
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float


class Row(NamedTuple):
    """One line of a chart of rows."""

    label: str
    style: str
    """A class of the page's style sheet, which gives the colour."""
    point: Point
    note: str
    """Stands to the right."""


class Series(NamedTuple):
    """One system along the groups."""

    label: str
    style: str
    points: Sequence[Point]


def rows_chart(rows: Sequence[Row], axis: str) -> str:
    """A row each: label, point with its interval, note; the axis begins at 0 or below."""
    scale = _Scale.over([row.point for row in rows], _LABELS, WIDTH - _NOTES)
    bottom = _ROW * len(rows) + 10
    parts = [_line("grid", scale.at(tick), 0, scale.at(tick), bottom) for tick in scale.ticks]
    parts += [_text("tick middle", scale.at(tick), bottom + 16, scale.said(tick)) for tick in scale.ticks]
    parts.append(_line("zero", scale.at(0), 0, scale.at(0), bottom))
    parts.append(_text("axis middle", (_LABELS + WIDTH - _NOTES) / 2, bottom + 36, axis))
    for place, row in enumerate(rows):
        y = _ROW * place + _ROW / 2 + 4
        parts.append(_text(f"label end {row.style}", _LABELS - 12, y + 4, row.label))
        parts.append(_line(f"span {row.style}", scale.at(row.point.low), y, scale.at(row.point.high), y))
        parts.append(f'<circle class="dot {row.style}" cx="{scale.at(row.point.mean):.1f}" cy="{y:.1f}" r="4.5"/>')
        parts.append(_text("note", WIDTH - _NOTES + 12, y + 4, row.note))
    return _svg(parts, bottom + 44)


def groups_chart(groups: Sequence[str], series: Sequence[Series], axis: str, joined: bool) -> str:
    """The systems beside each other in each group (a label may have two lines); `joined` where groups have an order."""
    left, right = 60, WIDTH - 10
    scale = _Scale.over([point for one in series for point in one.points], _HEIGHT - 4, 8)
    step = (right - left) / len(groups)
    parts = [_line("grid", left, scale.at(tick), right, scale.at(tick)) for tick in scale.ticks]
    parts += [_text("tick end", left - 8, scale.at(tick) + 4, scale.said(tick)) for tick in scale.ticks]
    for place, group in enumerate(groups):
        for line, said in enumerate(group.split("\n")):
            parts.append(_text("tick middle", left + step * (place + 0.5), _HEIGHT + 18 + 15 * line, said))
    for number, one in enumerate(series):
        dodge = (number - (len(series) - 1) / 2) * min(12.0, step / (len(series) + 1))
        xs = [left + step * (place + 0.5) + dodge for place in range(len(groups))]
        parts += _along(one, xs, scale, joined)
    parts.append(_text("axis start", 0, _HEIGHT + 54, axis))
    return _svg(parts, _HEIGHT + 62)


def _along(one: Series, xs: Sequence[float], scale: "_Scale", joined: bool) -> Iterator[str]:
    if joined:
        path = " ".join(f"{x:.1f},{scale.at(point.mean):.1f}" for x, point in zip(xs, one.points, strict=True))
        yield f'<polyline class="path {one.style}" points="{path}"/>'
    for x, point in zip(xs, one.points, strict=True):
        yield _line(f"span {one.style}", x, scale.at(point.low), x, scale.at(point.high))
        said = escape(f"{one.label}: {point.mean:.4f} [{point.low:.4f}, {point.high:.4f}]")
        centre = f'cx="{x:.1f}" cy="{scale.at(point.mean):.1f}"'
        yield f'<circle class="dot {one.style}" {centre} r="4"><title>{said}</title></circle>'


class _Scale(NamedTuple):
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[float]

    @classmethod
    def over(cls, points: Sequence[Point], start: float, end: float) -> "_Scale":
        """A scale that holds 0 and all intervals, with round ticks."""
        least, most = min(0.0, *(point.low for point in points)), max(1e-6, *(point.high for point in points))
        rough = (most - least) / _TICKS
        unit = 10.0 ** floor(log10(rough))
        width = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough)
        first, last = floor(least / width), ceil(most / width)
        return cls(first * width, last * width, start, end, [place * width for place in range(first, last + 1)])

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def said(self, tick: float) -> str:
        return f"{tick:.4f}".rstrip("0").rstrip(".") or "0"


def _svg(parts: Sequence[str], height: float) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(style: str, x: float, y: float, said: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'
