"""The drift report: one HTML file with every signal over time, what was alarmed, and which bundle was in force."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from math import isnan

from batch.evaluate.page import document, legend
from contracts.alarms import Alarm
from contracts.moment import to_the_minute
from moodstream.drift.apart import Apart, apart
from moodstream.drift.chart import Line, Moment, chart, style_of
from online.learn.drift.combined import standings
from online.learn.drift.partitions import Watched
from online.learn.drift.signals import ALL, SEGMENTS
from online.learn.drift.timeline import Row, Timeline

_THIRD = 3
_ALARM, _BUNDLE = "best", "batch"


def page(watched: Watched) -> str:
    """The whole file."""
    rows = [row for timeline in watched.timelines.values() for row in timeline.rows]
    if not rows:
        said = "<p>Nothing is watched yet: no block of events is full (MOODSTREAM_DRIFT_BLOCK_S is its length).</p>"
        return document("moodstream drift", ["<h1>What has moved?</h1>", said])
    span = min(row.begun for row in rows), max(row.begun for row in rows)
    parts = [_top(watched, rows, span), _alarms(watched.alarms), *_signals(watched, span)]
    return document("moodstream drift", parts)


def _top(watched: Watched, rows: Sequence[Row], span: tuple[int, int]) -> str:
    bundles = list(dict.fromkeys(row.bundle for row in sorted(rows, key=lambda row: row.begun) if row.bundle))
    moved = {alarm.about for alarm in watched.alarms}
    figures = [
        (f"{len(watched.alarms)}", "alarms that are kept"),
        (f"{len(moved)}", f"of {len(ALL)} signals have moved"),
        (f"{len(rows)}", "blocks of events"),
        (f"{len(bundles)}", "bundles in force"),
    ]
    told = "".join(f'<div class="figure"><b>{value}</b><span>{escape(what)}</span></div>' for value, what in figures)
    keys = [(style_of(number), f"partition {name}") for number, name in enumerate(watched.timelines)]
    return (
        f"<h1>What has moved?</h1><p>{to_the_minute(span[0])} to {to_the_minute(span[1])} UTC, by arrival.</p>"
        f'<div class="figures">{told}</div>' + legend([*keys, (_ALARM, "alarm"), (_BUNDLE, "another bundle")])
    )


def _alarms(alarms: Sequence[Alarm]) -> str:
    if not alarms:
        return "<h2>Alarms</h2><p>None: nothing has moved.</p>"
    head = "".join(f"<th>{name}</th>" for name in ("alarm", "seen (UTC)", "since (UTC)", "before", "after", "detector"))
    body = "".join(
        f"<tr><td>{escape(one.alarm_id)}</td><td>{to_the_minute(one.time)}</td><td>{to_the_minute(one.since)}</td>"
        f"<td>{one.before:.4g}</td><td>{one.after:.4g}</td><td>{escape(one.detector)}</td></tr>"
        for one in reversed(alarms)
    )
    return (
        f'<h2>Alarms, the newest first</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'
        '<p class="small">moodstream drift explain ALARM tells more of each, and what to do next.</p>'
    )


def _signals(watched: Watched, span: tuple[int, int]) -> Iterator[str]:
    found = {one.about: one for one in standings(watched)}
    bundles = list(_bundle_changes(watched))
    moved = {alarm.about for alarm in watched.alarms}
    for at, one in sorted(enumerate(ALL), key=lambda each: each[1].about not in moved):
        lines = [_line(timeline, at) for timeline in watched.timelines.values()]
        moments = [
            Moment(alarm.since, _ALARM, f"{alarm.alarm_id}: {alarm.before:.4g} → {alarm.after:.4g}")
            for alarm in watched.alarms
            if alarm.about == one.about
        ]
        drawn = chart(lines, [*bundles, *moments], span)
        if drawn:
            watcher = one.signal.watch.method or "no detector"
            yield (
                f"<h2>{escape(one.about)}</h2><p>{escape(one.signal.says)}"
                f"{_among(one.segment)}. {escape(found[one.about].state)}, {watcher}. {_distance(lines)}</p>{drawn}"
            )


def _among(segment: str) -> str:
    return f", among {escape(segment)}" if segment in SEGMENTS else ""


def _distance(lines: Sequence[Line]) -> str:
    """Between the first third of the timelines and the last."""
    before, after = list[float](), list[float]()
    for line in lines:
        values = [value for value in line.values if not isnan(value)]
        before += values[: len(values) // _THIRD]
        after += values[len(values) - len(values) // _THIRD :]
    found: Apart | None = apart(before, after)
    return f"Last third against first: PSI {found.psi:.2f}, KS {found.ks:.2f}." if found else ""


def _line(timeline: Timeline, at: int) -> Line:
    return Line([row.begun for row in timeline.rows], [row.columns()[at] for row in timeline.rows])


def _bundle_changes(watched: Watched) -> Iterator[Moment]:
    """Where the first partition went on to another bundle."""
    rows = next(iter(watched.timelines.values())).rows
    for before, after in pairwise(rows):
        if before.bundle != after.bundle:
            yield Moment(after.begun, _BUNDLE, f"bundle {after.bundle}")
