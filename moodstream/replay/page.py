"""The report: one HTML file that needs nothing else."""

from html import escape
from typing import Final

from batch.evaluate.charts import Point, Row, Series, groups_chart, rows_chart
from batch.evaluate.page import document, legend
from moodstream.replay.found import Replayed, Stretch
from moodstream.replay.when import said, span

_STYLES: Final = ("whole", "best", "source", "batch", "baseline", "ours")
_SHOWN: Final = ("hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20", "mrr@10")
_LABELS: Final = 12
"""Labels along the time that can be read beside each other."""


def page(found: Replayed) -> str:
    """The whole file."""
    parts = [_top(found)]
    if found.systems:
        parts += [_over_time(found), _systems(found), _paired(found), _all(found)]
    else:
        parts.append("<p>Nothing was to be foretold in this part of the log: no event on an item new to its user.</p>")
    if found.click_rates:
        parts.append(_click_rates(found))
    return document("moodstream replay", parts)


def _top(found: Replayed) -> str:
    first = next(iter(found.systems.values()), None)
    figures = [
        (f"{found.events:,}", f"events, {found.learned_only:,} of them only learned"),
        (f"{found.scored:,}", f"foretold, of {found.users:,} users"),
        (f"{first['ndcg@10']:.3f}" if first else "–", "NDCG@10 of the first bundle"),
        (f"{found.events_per_second:,.0f}", f"events a second; {found.asking:.0%} of the time went into answers"),
    ]
    told = "".join(f'<div class="figure"><b>{value}</b><span>{escape(what)}</span></div>' for value, what in figures)
    bent = "".join(f" Bent: {escape(one.what)} from {said(one.since)} on, {one.strength:g}." for one in found.bends)
    return (
        f"<h1>Replay of {escape(found.source)}</h1>"
        f"<p>{span(found.first, found.last)} (UTC, arrival). "
        f"{'Users were warmed up with what came before.' if found.learned_only else 'Users began cold.'}{bent}</p>"
        f'<div class="figures">{told}</div>'
        "<p class='small'>Each event is recommended for before it is learned, by the code that streams and serves; "
        f"repeats {escape(found.repeats)}, each {found.every}. target; {found.refused:,} records refused. "
        f"State {found.state_digest}, log {found.log_digest}.</p>"
    )


def _over_time(found: Replayed) -> str:
    keys = [(_style(number), bundle) for number, bundle in enumerate(found.systems)]
    charts = []
    for metric, name in (("ndcg@10", "NDCG@10"), ("hr@10", "HR@10")):
        series = [Series(one, style, [_point(of, one, metric) for of in found.over_time]) for style, one in keys]
        charts.append(groups_chart(_labels(found), series, f"{name}, with 95% intervals", joined=True))
    bends = "".join(f"<p>{escape(one.what)} begins at {said(one.since)}.</p>" for one in found.bends)
    return f"<h2>Over time</h2>{bends}{legend(keys)}{''.join(charts)}"


def _labels(found: Replayed) -> list[str]:
    """Day and hour of each stretch, as many as can be read."""
    each = -(-len(found.over_time) // _LABELS)
    return [
        f"{said(one.since)[2:10]}\n{said(one.since)[11:16]}" if place % each == 0 else ""
        for place, one in enumerate(found.over_time)
    ]


def _point(stretch: Stretch, bundle: str, metric: str) -> Point:
    return Point(stretch.systems[bundle][metric], *stretch.intervals[bundle][metric])


def _systems(found: Replayed) -> str:
    rows = []
    for number, (bundle, means) in enumerate(found.systems.items()):
        low, high = found.intervals[bundle]["ndcg@10"]
        note = f"{means['ndcg@10']:.4f} ± {(high - low) / 2:.4f}"
        rows.append(Row(bundle, _style(number), Point(means["ndcg@10"], low, high), note))
    return "<h2>Each bundle on the same events</h2>" + rows_chart(rows, "NDCG@10: mean, and its 95% interval")


def _paired(found: Replayed) -> str:
    if not found.paired:
        return ""
    rows = []
    for number, one in enumerate(found.paired, 1):
        gained = one.gained["ndcg@10"]
        note = f"{gained.mean:+.4f} [{gained.low:+.4f}, {gained.high:+.4f}]"
        rows.append(Row(one.bundle, _style(number), Point(*gained), note))
    return (
        f"<h2>How much better than {escape(found.paired[0].than)}</h2><p>Paired: the same users are drawn for both. "
        "An interval that doesn't touch 0 is no accident.</p>" + rows_chart(rows, "NDCG@10, less the first bundle's")
    )


def _click_rates(found: Replayed) -> str:
    rows, warnings = [], []
    for number, (bundle, one) in enumerate(found.click_rates.items()):
        note = f"{one.rate:.4f}, {one.effective:,.0f} effective"
        rows.append(Row(bundle, _style(number), Point(one.rate, one.low, one.high), note))
        if one.warning:
            warnings.append(f"<p><b>{escape(bundle)}</b>: {escape(one.warning)}.</p>")
    first = next(iter(found.click_rates.values()))
    return (
        f"<h2>What would be taken of what it shows</h2><p>From {first.showings:,} showings of pages that explored, of "
        f"which {first.logged:.4f} were taken: self-normalised inverse propensities.</p>{''.join(warnings)}"
        + rows_chart(rows, "share taken, with its 95% interval")
    )


def _all(found: Replayed) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("bundle", *_SHOWN))
    body = "".join(
        f"<tr><td>{escape(bundle)}</td>" + "".join(f"<td>{means[metric]:.4f}</td>" for metric in _SHOWN) + "</tr>"
        for bundle, means in found.systems.items()
    )
    return f'<h2>All figures</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _style(number: int) -> str:
    return _STYLES[number % len(_STYLES)]
