"""What the verbs of `moodstream drift` do: read what the store has, then show or draw it."""

from pathlib import Path
from typing import Final

import msgspec

from contracts.alarms import Alarm
from contracts.settings import Settings
from moodstream.drift import told
from moodstream.drift.combined import standings
from moodstream.drift.page import page
from moodstream.drift.read import Watched, read
from moodstream.written import write

_BESIDE_MS: Final = 3600 * 1000
"""What moved within so long of an alarm is told beside it."""
REPORT: Final = "drift.html"


def print_status(settings: Settings, *, as_json: bool) -> None:
    """How every signal stands, and the alarms."""
    watched = read(settings)
    found = standings(watched)
    if as_json:
        blocks = {number: timeline.blocks for number, timeline in watched.timelines.items()}
        print(msgspec.json.encode({"blocks": blocks, "signals": found, "alarms": watched.alarms}).decode())
    else:
        told.print_status(watched, found)


def explain(settings: Settings, name: str, *, as_json: bool) -> None:
    """One alarm in full: the newest, where none is named."""
    watched = read(settings)
    alarm = watched.alarm(name)
    if as_json:
        print(msgspec.json.encode(alarm).decode())
    else:
        told.print_alarm(alarm, beside(watched, alarm))


def beside(watched: Watched, alarm: Alarm) -> list[Alarm]:
    """The other signals' alarms of about the same time, one of each."""
    near = {one.about: one for one in watched.alarms if abs(one.time - alarm.time) <= _BESIDE_MS}
    return [one for about, one in near.items() if about != alarm.about]


def report(settings: Settings, out: Path | None) -> None:
    """The page to look at."""
    folder = out or settings.home / "reports" / "drift"
    write(folder / REPORT, page(read(settings)).encode())
