"""A data set in the plain form of DESIGN.md ("The command line"), read to events in the order of time."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from batch.table import Row, rows
from contracts.errors import InvalidEvent
from contracts.events import Context, Interaction, ItemEvent, MoodEvent

EVENT_COLUMNS: Final = ("user_id", "item_id", "timestamp", "kind", "value")
"""Required of an events file; `timestamp` is in UTC milliseconds, every further column is context."""
ITEM_COLUMNS: Final = ("item_id", "title")
MOOD: Final = "mood"
"""The kind of a row that is a mood event: its `mood` column says which, its `item_id` is empty."""
_EARLIEST_MS: Final = 100_000_000_000
"""March 1973; a smaller timestamp was meant as seconds."""
_KNOWN: Final = {field.name for field in msgspec.structs.fields(Context)} - {"extra"}

_T = TypeVar("_T")

UserEvent = Interaction | MoodEvent


def read_events(path: Path) -> list[UserEvent]:
    """The events of a file, sorted once by time; equal times stay in the file's order.

    Event ids are made of the row's content (or taken from an `event_id` column), so that the same file imported twice
    has no second effect. Raises `InvalidEvent` with file and line.
    """
    events = [_event(row) for row in rows(path, EVENT_COLUMNS)]
    return sorted(events, key=lambda event: event.time)


def read_items(path: Path) -> list[ItemEvent]:
    """The items of a file, in its order; of an item that occurs twice the last row counts. Raises `InvalidEvent`."""
    return list({event.item_id: event for event in (_item(row) for row in rows(path, ITEM_COLUMNS))}.values())


def _event(row: Row) -> UserEvent:
    cells = row.cells
    time = _time(row)
    common: dict[str, Any] = {
        "event_id": str(cells.get("event_id") or _identity(cells)),
        "time": time,
        "user_id": str(cells.get("user_id", "")),
        "context": _context(cells),
    }
    if cells.get("kind") == MOOD:
        return _valid(row, {**common, "type": "mood", "mood": str(cells.get("mood", ""))}, MoodEvent)
    interaction = {"type": "interaction", "item_id": str(cells.get("item_id", "")), "kind": cells.get("kind", "click")}
    return _valid(row, {**common, **interaction, "value": _number(row, "value")}, Interaction)


def _item(row: Row) -> ItemEvent:
    cells = row.cells
    known = {name: str(cells[name]) for name in ("item_id", "title", "text", "image", "mood") if name in cells}
    categories = [part.strip() for part in str(cells.get("categories", "")).split("|") if part.strip()]
    content = {"type": "item", "categories": categories, "withdrawn": _truth(cells.get("withdrawn", ""))}
    time = _time(row) if "timestamp" in cells else 0
    return _valid(row, {"event_id": _identity(cells), "time": time, **content, **known}, ItemEvent)


def _valid(row: Row, fields: Mapping[str, Any], kind: type[_T]) -> _T:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise InvalidEvent(f"{row.place}: {error}") from None


def _time(row: Row) -> int:
    said = row.cells.get("timestamp", "")
    try:
        time = int(said)
    except (TypeError, ValueError):
        raise InvalidEvent(f"{row.place}: timestamp {said!r} is no whole number of UTC milliseconds") from None
    if 0 < time < _EARLIEST_MS:
        raise InvalidEvent(f"{row.place}: timestamp {time} looks like seconds; UTC milliseconds are wanted")
    return time


def _number(row: Row, name: str) -> float | None:
    if name not in row.cells:
        return None
    try:
        return float(row.cells[name])
    except (TypeError, ValueError):
        raise InvalidEvent(f"{row.place}: {name} {row.cells[name]!r} is no number") from None


def _context(cells: Mapping[str, Any]) -> dict[str, Any] | None:
    own = {*EVENT_COLUMNS, "event_id"} | ({"mood"} if cells.get("kind") == MOOD else set())
    known = {name: str(cell) for name, cell in cells.items() if name in _KNOWN}
    if cells.get("kind") == MOOD:
        known.pop("mood", None)
    extra = {
        name: cell if isinstance(cell, int | float) else str(cell)
        for name, cell in cells.items()
        if name not in _KNOWN and name not in own
    }
    context: dict[str, Any] = {**known, "extra": extra} if extra else known
    return context or None


def _identity(cells: Mapping[str, Any]) -> str:
    said = "\x1f".join(f"{name}={cells[name]}" for name in sorted(cells))
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def _truth(cell: Any) -> bool:
    return str(cell).strip().casefold() in {"1", "true", "yes"}
