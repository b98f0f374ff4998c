"""Drift on the terminal: how every signal stands, and one alarm in full."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.markup import escape
from rich.table import Table

from contracts.alarms import Alarm
from contracts.moment import to_the_second
from moodstream.console import console, say
from online.learn.drift.combined import Standing
from online.learn.drift.partitions import Watched
from online.learn.drift.signals import REFERENCE
from online.learn.drift.signals import watched as watched_by

_SHOWN: Final = 10


def print_status(watched: Watched, found: Sequence[Standing]) -> None:
    """A table of what moved and what is steady, the newest alarms, and what to do next."""
    if not watched.timelines:
        say("nothing is watched yet: it begins with the first events that the stream learns")
        return
    blocks = {number: timeline.blocks for number, timeline in watched.timelines.items()}
    say("blocks of events so far: " + ", ".join(f"partition {number} {n:,}" for number, n in blocks.items()))
    if max(blocks.values()) < REFERENCE:
        say(f"the first {REFERENCE} say what is usual, alarms come after: MOODSTREAM_DRIFT_BLOCK_S is a block's length")
    table = Table(box=None, pad_edge=False)
    for name in ("signal", "usual", "now", "detector", "", "what it says"):
        table.add_column(name, no_wrap=name != "what it says", justify="right" if name in ("usual", "now") else "left")
    for one in found:
        if one.state != "silent":
            table.add_row(one.about, _said(one.usual), _said(one.now), one.detector, one.state, escape(one.says))
    console.print(table)
    print_alarms(watched.alarms)


def print_alarms(alarms: Sequence[Alarm]) -> None:
    """The newest ones, the newest last."""
    if not alarms:
        say("no alarm: nothing has moved")
        return
    say(f"{len(alarms):,} alarms, the newest last:")
    for alarm in alarms[-_SHOWN:]:
        say(f"  {to_the_second(alarm.time)}  {alarm.about} {alarm.before:.3g} → {alarm.after:.3g}  {alarm.alarm_id}")
    say(f"next: moodstream drift explain {alarms[-1].alarm_id}")


def print_alarm(alarm: Alarm, beside: Sequence[Alarm]) -> None:
    """All that is known of one, and what moved at the same time."""
    for line in _lines(alarm, beside):
        say(line)


def _lines(alarm: Alarm, beside: Sequence[Alarm]) -> Iterator[str]:
    signal = watched_by(alarm.about).signal
    yield f"alarm     {alarm.alarm_id}"
    yield f"what      {alarm.about}: {signal.says}" + (f", among {alarm.segment}" if alarm.segment else "")
    yield f"how much  {alarm.before:.4g} → {alarm.after:.4g}"
    for part, (before, after) in alarm.moved.items():
        yield f"          {part}: {before:.1%} → {after:.1%}"
    yield f"since     {to_the_second(alarm.since)} UTC; seen {to_the_second(alarm.time)} UTC by {alarm.detector}"
    yield f"where     partition {alarm.partition}, at offset {alarm.offset}"
    yield f"examples  {', '.join(alarm.examples) or 'none'} (event ids)"
    if beside:
        yield "beside    " + ", ".join(f"{one.about} {one.before:.3g} → {one.after:.3g}" for one in beside)
    yield f"next      {signal.todo}"


def _said(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
