"""One signal over all partitions: what is usual, what it is now, and whether anything was found to have moved."""

from collections.abc import Sequence
from statistics import fmean

import msgspec

from contracts.alarms import Alarm
from online.learn.drift.partitions import Watched
from online.learn.drift.signals import ALL, REFERENCE
from online.learn.drift.signals import Watched as One
from online.learn.drift.timeline import Timeline

_NOW = 8
"""Blocks that say how a signal is now."""


class Standing(msgspec.Struct, frozen=True):
    """One signal; `--json` prints it."""

    about: str
    says: str
    usual: float | None
    """The mean of the first blocks that its detectors were given, over the partitions; None before there is any."""
    now: float | None
    detector: str
    state: str
    """`steady`, `learning` what is usual, `moved`, `shown` where nothing watches it, or `silent`."""
    alarm_id: str = ""
    """The newest alarm about it."""


def standings(watched: Watched) -> list[Standing]:
    """Of every signal, in the table's order."""
    newest = {alarm.about: alarm for alarm in watched.alarms}
    return [_standing(at, one, watched, newest) for at, one in enumerate(ALL)]


def _standing(at: int, one: One, watched: Watched, newest: dict[str, Alarm]) -> Standing:
    rings = [ring for timeline in watched.timelines.values() if (ring := _values(timeline, at))]
    alarm = newest.get(one.about)
    return Standing(
        about=one.about,
        says=one.signal.says,
        usual=_mean([ring[:REFERENCE] for ring in rings]),
        now=_mean([ring[-_NOW:] for ring in rings]),
        detector=one.signal.watch.method,
        state=_state(one, rings, alarm),
        alarm_id=alarm.alarm_id if alarm else "",
    )


def _state(one: One, rings: Sequence[Sequence[float]], alarm: Alarm | None) -> str:
    if alarm:
        return "moved"
    if not rings:
        return "silent"
    if not one.signal.watch.method:
        return "shown"
    return "steady" if any(len(ring) > REFERENCE for ring in rings) else "learning"


def _values(timeline: Timeline, at: int) -> list[float]:
    return [value for _, value in timeline.ring(at)]


def _mean(parts: Sequence[Sequence[float]]) -> float | None:
    values = [value for part in parts for value in part]
    return fmean(values) if values else None
