"""What the store has kept of each partition's drift."""

import asyncio
from typing import NamedTuple

from contracts.alarms import Alarm
from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream.local.operate import with_servers
from online.learn.drift.kept import timeline_of
from online.learn.drift.timeline import Timeline
from online.store.redis import connect


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


def read(settings: Settings) -> Watched:
    """As it is now; raises `Misconfigured` where nothing runs, `StoreUnavailable`, and `StateTooNew`."""
    there = with_servers(settings)

    async def ask() -> dict[int, bytes]:
        store = connect(there.redis or "", there.namespace, cluster=there.redis_cluster)
        try:
            return await store.drifts()
        finally:
            await store.close()

    kept = {number: timeline_of(raw) for number, raw in asyncio.run(ask()).items()}
    return Watched({number: timeline for number, timeline in kept.items() if timeline})
