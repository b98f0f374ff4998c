"""What the verbs of `moodstream drift` do: read what the store has, then show or draw it."""

from pathlib import Path
from typing import Final

import msgspec

from contracts.settings import Settings
from moodstream.drift import told
from moodstream.drift.page import page
from moodstream.drift.read import read
from moodstream.written import write
from online.learn.drift.combined import standings

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
        told.print_alarm(alarm, watched.beside(alarm))


def report(settings: Settings, out: Path | None) -> None:
    """The page to look at."""
    folder = out or settings.home / "reports" / "drift"
    write(folder / REPORT, page(read(settings)).encode())
