"""`moodstream nightly --watch`: nights by the clock, nights that alarms ask for, and canaries judged meanwhile."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from batch.nightly.night import Begun, Night
from batch.nightly.run import Loop
from batch.nightly.terms import HOUR_MS, Terms, Watch
from contracts.alarms import Alarm
from contracts.errors import Misconfigured, MoodstreamError
from contracts.moment import to_the_minute
from contracts.settings import Settings
from contracts.topics import ALARMS
from moodstream.console import say
from moodstream.nightly.asked import decide, undecided
from moodstream.nightly.changes import changes, records
from moodstream.nightly.nightly import alone, loop_of
from moodstream.nightly.told import at_the_terminal

SCHEDULE: Final = "the schedule"
_EVERY_S: Final = 30.0
_DAY_H: Final = 24


def watching(settings: Settings, terms: Terms, watch: Watch, clock: Callable[[], int] | None = None) -> None:
    """Until SIGTERM or Ctrl-C; what fails is said, and tried again. Raises `Misconfigured` for a time that is none."""
    clock = clock or (lambda: int(time.time() * 1000))
    last_due(watch.at, clock())
    with alone(settings):
        loop = loop_of(settings, at_the_terminal(), clock)
        say(f"nights at {watch.at} UTC, and when an alarm asks for one: at most {watch.most} in {_DAY_H} hours")
        begun = clock()
        while True:
            try:
                turn(loop, terms, watch, begun)
            except MoodstreamError as error:
                say(f"{error}; it's tried again in {_EVERY_S:.0f} s")
            time.sleep(_EVERY_S)


def turn(loop: Loop, terms: Terms, watch: Watch, since: int) -> None:
    """Go on with the night that is under way, decide on the alarms of late, and begin the night that is due."""
    if night := loop.nights.under_way():
        _go_on(loop, night)
    if loop.nights.under_way() is None and is_due(watch.at, loop.clock(), since, list(_begun(loop).values())):
        _go_on(loop, loop.begin(terms, SCHEDULE, changes(loop.settings)))
    for alarm in undecided(loop.nights.place, _alarms(loop)):
        _answer(loop, terms, watch, alarm)


def is_due(at: str, now: int, since: int, nights: Sequence[Begun]) -> bool:
    """Whether the last time to begin has passed without a night; one before the watch began counts if any was before.

    So a machine that was off at three makes up for it, and a first start waits for the first time.
    """
    due = last_due(at, now)
    scheduled = [begun.time for begun in nights if begun.asked == SCHEDULE]
    return (due > since or bool(scheduled)) and max(scheduled, default=0) < due


def last_due(at: str, now: int) -> int:
    """The last time of day `at` (UTC) up to now, both UTC ms; raises `Misconfigured` for what is no time of day."""
    try:
        told = datetime.strptime(at, "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise Misconfigured(f"--at takes a time of day in UTC such as 03:00, not {at!r}") from None
    moment = datetime.fromtimestamp(now / 1000, UTC)
    today = moment.replace(hour=told.hour, minute=told.minute, second=0, microsecond=0)
    return int((today if today <= moment else today - timedelta(days=1)).timestamp() * 1000)


def decision(now: int, nights: Sequence[Begun], watch: Watch, *, under_way: bool) -> str:
    """Why an alarm gets no night of its own; empty where it does."""
    if under_way:
        return "none: a night is under way"
    since = max((begun.time for begun in nights), default=0)
    until = since + int(watch.cooldown_h * HOUR_MS)
    if now < until:
        return f"none: the last night began {to_the_minute(since)}, cooling down until {to_the_minute(until)}"
    of_late = [b for b in nights if b.asked.startswith(_by("")) and b.time > now - _DAY_H * HOUR_MS]
    if len(of_late) >= watch.most:
        return f"none: alarms have had {len(of_late)} nights within {_DAY_H} hours, which is the limit"
    return ""


def _answer(loop: Loop, terms: Terms, watch: Watch, alarm: Alarm) -> None:
    """Decide, leave the decision, and begin the night where there is to be one; one that had begun already stands."""
    nights = _begun(loop)
    own = next((name for name, begun in nights.items() if begun.asked == _by(alarm.alarm_id)), None)
    refused = (
        "" if own else decision(loop.clock(), list(nights.values()), watch, under_way=bool(loop.nights.under_way()))
    )
    if not refused and own is None:
        own = loop.begin(terms, _by(alarm.alarm_id), changes(loop.settings)).name
    said = decide(loop.nights.place, alarm, refused or f"night {own}", loop.clock())
    say(f"alarm {said.about}: {said.decided}")
    if not refused and (night := loop.nights.under_way()):
        _go_on(loop, night)


def _begun(loop: Loop) -> dict[str, Begun]:
    """All nights by name, the first one first."""
    return {night.name: begun for night in loop.nights.all() if (begun := night.read(Begun))}


def _alarms(loop: Loop) -> Iterator[Alarm]:
    """Of the last day; what can't be read is passed over."""
    for raw in records(loop.settings, ALARMS, loop.clock() - _DAY_H * HOUR_MS):
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            yield msgspec.json.decode(raw, type=Alarm)


def _by(alarm_id: str) -> str:
    return f"alarm {alarm_id}"


def _go_on(loop: Loop, night: Night) -> None:
    if ended := loop.go_on(night):
        say(f"night {night.name} {ended.outcome}: {ended.why}")
