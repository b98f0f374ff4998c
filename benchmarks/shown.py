"""What was measured, as a table for a person."""

import statistics
from collections.abc import Sequence

from rich.table import Table

from benchmarks.result import REPEATS, Measured
from moodstream.console import console


def show(found: Sequence[Measured]) -> None:
    """A line each, and below it what belongs to it."""
    table = Table(box=None, pad_edge=False)
    for name, justify in (("what", "left"), ("ours", "right"), ("beside", "right"), ("times as good", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    for one in found:
        beside = figure(statistics.median(one.reference)) if one.reference else ""
        ratio = one.ratio
        ours = f"{figure(statistics.median(one.ours))} {one.unit}"
        few = f" ({len(one.ours)} repeats)" if len(one.ours) < REPEATS else ""
        table.add_row(f"{one.what}{few}", ours, beside, ratio.said() if ratio else "")
        if one.notes:
            told = ", ".join(f"{k} {figure(v) if isinstance(v, float) else v}" for k, v in one.notes.items())
            table.add_row(f"[dim]  {told}[/dim]", "", "", "")
    console.print(table)


def figure(value: float) -> str:
    """Three digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
