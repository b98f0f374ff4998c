"""What alarms asked for and what was decided, each once, whoever reads the alarm again."""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.alarms import Alarm
from model.place import Place

_FOLDER: Final = "asked"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm, and the answer."""

    alarm_id: str
    time: int
    """Of the alarm, UTC ms."""
    about: str
    decided: str
    """`night <name>`, or why there is none."""
    decided_at: int
    """UTC ms."""


def asked(place: Place) -> list[Asked]:
    """All of them, in the order of their alarms."""
    raws = [place.get(f"{_FOLDER}/{name}") for name in place.names(_FOLDER)]
    return sorted((msgspec.json.decode(raw, type=Asked) for raw in raws if raw), key=lambda one: one.time)


def undecided(place: Place, alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those of them that nothing was decided on, each once, in the order of their times."""
    decided = set(place.names(_FOLDER))
    found = {alarm.alarm_id: alarm for alarm in alarms if _file(alarm.alarm_id) not in decided}
    return sorted(found.values(), key=lambda alarm: alarm.time)


def decide(place: Place, alarm: Alarm, decided: str, now: int) -> Asked:
    """Leave what was decided."""
    about = f"{alarm.signal}{f' in {alarm.segment}' if alarm.segment else ''}: {alarm.before:.4g} → {alarm.after:.4g}"
    found = Asked(alarm_id=alarm.alarm_id, time=alarm.time, about=about, decided=decided, decided_at=now)
    place.put(f"{_FOLDER}/{_file(alarm.alarm_id)}", msgspec.json.encode(found))
    return found


def _file(alarm_id: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in alarm_id)[:120] + ".json"
