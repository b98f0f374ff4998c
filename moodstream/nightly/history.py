"""`moodstream nightly history`: each night's watermark, data, verdicts, and what happened."""

from typing import Any, Final

import msgspec
from rich.table import Table

from batch.nightly.canary import told
from batch.nightly.check import Check
from batch.nightly.night import Begun, Canary, Data, Ended, Gate, Look, Measured, Night, Nights, Record, Trained
from contracts.moment import to_the_minute
from contracts.settings import Settings
from moodstream.console import console, say
from moodstream.nightly.asked import Asked, asked

_KINDS: Final[tuple[type[Record], ...]] = (Begun, Data, Trained, Measured, Gate, Canary, Look, Ended)


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    nights: list[dict[str, Any]]
    """By step, each its record."""
    asked: list[Asked]
    """What alarms asked for, and what was decided."""


def print_history(settings: Settings, *, as_json: bool) -> None:
    """All nights, and all that alarms asked for."""
    nights = Nights(settings.nights_url)
    if as_json:
        found = History(nights=[_records(night) for night in nights.all()], asked=asked(nights.place))
        print(msgspec.json.encode(found).decode())
        return
    listed = nights.all()
    if not listed:
        say(f"no night in {settings.nights_url} yet: moodstream nightly begins one")
    for night in listed:
        _print_night(night)
    if alarms := asked(nights.place):
        table = Table("alarm", "at", "about", "decided", box=None, pad_edge=False)
        for one in alarms:
            table.add_row(one.alarm_id[:16], to_the_minute(one.time), one.about, one.decided)
        console.print(table)


def _records(night: Night) -> dict[str, Any]:
    found = {kind.FILE.removesuffix(".json"): night.read(kind) for kind in _KINDS}
    return {"night": night.name, "card": f"{night.url}/card.md"} | {
        name: msgspec.to_builtins(record) for name, record in found.items() if record is not None
    }


def _print_night(night: Night) -> None:
    begun, ended = night.read(Begun), night.read(Ended)
    if begun is None:
        return
    outcome = ended.outcome if ended else "in canary" if night.read(Canary) else "under way"
    say(f"{night.name}  {outcome}")
    say(f"  {begun.how}, asked for by {begun.asked}, from {begun.base}")
    if data := night.read(Data):
        until, failed = to_the_minute(data.until), _failed(data.checks)
        say(f"  data: {data.new:,} new events of {data.users:,} users up to {until}{failed}")
    if trained := night.read(Trained):
        say(f"  candidate {trained.version}: {trained.learned:,} events learned, {trained.held_out:,} held out")
    if gate := night.read(Gate):
        said = next((check.said for check in gate.checks if check.name == "quality"), "nothing could be foretold")
        say(f"  gate: {said}{_failed(gate.checks)}")
    if look := night.read(Look):
        say(f"  canary: {told(look)}")
    if ended:
        say(f"  {ended.outcome} {to_the_minute(ended.time)}: {ended.why}")


def _failed(checks: list[Check]) -> str:
    names = [f"{check.name}{' (overridden)' if check.allowed else ''}" for check in checks if not check.ok]
    return f"; not good: {', '.join(names)}" if names else ""
