"""The page of a run: the ratios with their spread, percentiles of latencies, and how costs grow."""

from collections import defaultdict
from collections.abc import Sequence
from html import escape
from typing import Final

from batch.evaluate.charts import Point, Row, Series, groups_chart, rows_chart
from batch.evaluate.page import document, legend
from benchmarks.result import Measured, spread_of
from benchmarks.run_file import Run

STYLES: Final = ("whole", "best", "batch", "source")


def page(run: Run) -> str:
    """One file that needs nothing else."""
    curves: dict[str, list[Measured]] = defaultdict(list)
    for one in run.found:
        if one.chart:
            curves[one.chart].append(one)
    parts = [_top(run), _ratios(run.found)]
    parts += [_percentiles(one) for one in run.found if one.percentiles]
    parts += [_curve(title, each) for title, each in curves.items()]
    return document("Moodstream: benchmarks", parts)


def _top(run: Run) -> str:
    of, quiet = run.provenance, run.quiet
    commit = f"{of.commit[:10]}{' with changes' if of.dirty else ''}"
    failed = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in run.failed.items())
    return (
        f"<h1>Benchmarks of {escape(commit)}</h1><p>{escape(run.began)}, {run.seconds / 60:.1f} minutes"
        f"{', a quick run that is too small to be quoted' if run.quick else ''}. {of.machine.cores} cores of "
        f"{escape(of.machine.cpu)}, {of.machine.memory_gb:.0f} GB; load before {quiet.load_before:.1f}, "
        f"stolen {quiet.steal_share:.1%}.</p>" + (f"<p>Without figures:</p><ul>{failed}</ul>" if failed else "")
    )


def _ratios(found: Sequence[Measured]) -> str:
    rows = []
    for one in found:
        if one.ratio:
            style = "whole" if one.ratio.median >= 1 else "best"
            rows.append(Row(one.name, style, Point(*one.ratio), f"{one.ratio.said()} × {one.beside}"))
    if not rows:
        return ""
    said = "how many times as good as the reference in the same run: median, least and most of the repeats"
    return f"<h2>Ratios</h2>{legend([('whole', 'we win'), ('best', 'we lose')])}{rows_chart(rows, said)}"


def _percentiles(one: Measured) -> str:
    names = list(one.percentiles)
    groups = list(one.percentiles[names[0]])
    series = [
        Series(name, style, [Point(value, value, value) for value in one.percentiles[name].values()])
        for name, style in zip(names, STYLES, strict=False)
    ]
    keys = legend([(style, name) for name, style in zip(names, STYLES, strict=False)])
    chart = groups_chart(groups, series, one.percentiles_unit or one.unit, joined=True)
    return f"<h2>{escape(one.what)}: percentiles</h2>{keys}{chart}"


def _curve(title: str, each: Sequence[Measured]) -> str:
    ours = [_point(one.ours) for one in each]
    series, keys = [Series("ours", "whole", ours)], [("whole", "ours")]
    if all(one.reference for one in each):
        series.append(Series(each[0].beside, "best", [_point(one.reference) for one in each]))
        keys.append(("best", each[0].beside))
    chart = groups_chart([one.at for one in each], series, each[0].unit, joined=True)
    return f"<h2>{escape(title)}</h2>{legend(keys)}{chart}"


def _point(each: Sequence[float]) -> Point:
    return Point(*spread_of(each))
