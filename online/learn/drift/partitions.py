"""What is kept of each partition's drift, all partitions together."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from contracts.alarms import Alarm
from contracts.errors import Misconfigured
from online.learn.drift.kept import timeline_of
from online.learn.drift.timeline import Timeline

_BESIDE_MS: Final = 3600 * 1000
"""What moved within so long of an alarm is told beside it."""


class Watched(NamedTuple):
    """The timelines by partition."""

    timelines: dict[int, Timeline]

    @property
    def alarms(self) -> list[Alarm]:
        """Of all partitions, the newest last."""
        found = [alarm for timeline in self.timelines.values() for alarm in timeline.alarms]
        return sorted(found, key=lambda alarm: (alarm.time, alarm.alarm_id))

    def alarm(self, name: str) -> Alarm:
        """The one of this id, or the newest where none is named; raises `Misconfigured`."""
        if not self.alarms:
            raise Misconfigured("there is no alarm: nothing has moved. moodstream drift status shows what is watched")
        named = [alarm for alarm in self.alarms if alarm.alarm_id == name] if name else self.alarms[-1:]
        if not named:
            known = ", ".join(alarm.alarm_id for alarm in self.alarms[-3:])
            raise Misconfigured(f"no alarm is called {name}; the newest are {known}: moodstream drift status shows all")
        return named[0]

    def beside(self, alarm: Alarm) -> list[Alarm]:
        """The other signals' alarms of about the same time, one of each."""
        near = {one.about: one for one in self.alarms if abs(one.time - alarm.time) <= _BESIDE_MS}
        return [one for about, one in near.items() if about != alarm.about]


def watched(kept: Mapping[int, bytes]) -> Watched:
    """Of what the store says; raises `StateTooNew`."""
    found = {number: timeline_of(raw) for number, raw in kept.items()}
    return Watched({number: timeline for number, timeline in found.items() if timeline})
