"""A row of the plain form of DESIGN.md ("The command line") as an event, or the reason why it is none."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from contracts.errors import InvalidEvent
from contracts.events import Context, Interaction, ItemEvent, MoodEvent

EVENT_COLUMNS: Final = ("user_id", "item_id", "timestamp", "kind", "value")
"""Required of an events file; `timestamp` is in UTC milliseconds, every further column is context."""
ITEM_COLUMNS: Final = ("item_id", "title")
MOOD: Final = "mood"
"""The kind of a row that is a mood event: its `mood` column says which, its `item_id` is empty."""
SURE_MS: Final = 100_000_000_000
"""March 1973; a smaller timestamp was meant as seconds."""
KNOWN_CONTEXT: Final = frozenset(field.name for field in msgspec.structs.fields(Context)) - {"extra"}
_HELD: Final = 100_000

_T = TypeVar("_T")
Cells = Sequence[Any]
"""The cells of a row; "" or None is an empty one."""
UserEvent = Interaction | MoodEvent


class Contexts:
    """The contexts of one table's rows; rows that say the same share one object."""

    def __init__(self, names: Sequence[str], columns: Sequence[str]) -> None:
        self._at = [(name, names.index(name)) for name in columns]
        self._held: dict[tuple[Any, ...], Context | None] = {}

    def of(self, cells: Cells) -> Context | None:
        """The context that a row's cells say. Raises `InvalidEvent`."""
        if not self._at:
            return None
        key = tuple([cells[at] for _, at in self._at])
        try:
            return self._held[key]
        except KeyError:
            if len(self._held) >= _HELD:
                self._held.clear()
            return self._held.setdefault(key, self._made(cells))

    def _made(self, cells: Cells) -> Context | None:
        said = {name: cells[at] for name, at in self._at if not empty(cells[at])}
        for name, cell in said.items():
            if isinstance(cell, str) and len(cell) > 256 and name != "user_agent":
                raise InvalidEvent(f"{name} has {len(cell):,} characters, a column of context may have 256")
        extra = {name: plain(cell) for name, cell in said.items() if name not in KNOWN_CONTEXT}
        known: dict[str, Any] = {name: str(cell) for name, cell in said.items() if name in KNOWN_CONTEXT}
        fields = {**known, "extra": extra} if extra else known
        return valid(fields, Context) if fields else None


class EventRows:
    """Makes events of the rows of a table with these columns."""

    def __init__(self, names: Sequence[str]) -> None:
        at = {name: place for place, name in enumerate(names)}
        self._user, self._item, self._time, self._kind, self._value = (at[name] for name in EVENT_COLUMNS)
        self._event_id, self._mood = at.get("event_id"), at.get(MOOD)
        context = [name for name in names if name not in EVENT_COLUMNS and name != "event_id"]
        self._contexts = Contexts(names, context)
        self._felt = Contexts(names, [name for name in context if name != MOOD])
        self._sorted = [(f"{name}=", at[name]) for name in sorted(names)]
        self._held: dict[str, str] = {}

    def event(self, cells: Cells) -> UserEvent:
        """The row's event. Raises `InvalidEvent` with the reason."""
        named = None if self._event_id is None else cells[self._event_id]
        user, kind = text(cells[self._user]), cells[self._kind]
        fields: dict[str, Any] = {
            "event_id": text(named) or self._identity(cells),
            "time": time_ms(cells[self._time]),
            "user_id": self._held.setdefault(user, user),
        }
        if kind == MOOD:
            mood = "" if self._mood is None else text(cells[self._mood])
            return valid({**fields, "mood": mood, "context": self._felt.of(cells)}, MoodEvent)
        item = text(cells[self._item])
        fields["item_id"] = self._held.setdefault(item, item)
        fields["kind"] = "click" if empty(kind) else kind
        fields["value"] = number("value", cells[self._value])
        fields["context"] = self._contexts.of(cells)
        return valid(fields, Interaction)

    def _identity(self, cells: Cells) -> str:
        said = "\x1f".join([f"{name}{cells[at]}" for name, at in self._sorted if not empty(cells[at])])
        return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def item_event(cells: Mapping[str, Any]) -> ItemEvent:
    """The item that a row says. Raises `InvalidEvent` with the reason."""
    there = {name: cell for name, cell in cells.items() if not empty(cell)}
    known: dict[str, Any] = {
        name: text(there[name]) for name in ("item_id", "title", "text", "image", "mood") if name in there
    }
    categories = [part.strip() for part in text(there.get("categories")).split("|") if part.strip()]
    said = "\x1f".join(f"{name}={there[name]}" for name in sorted(there))
    fields = {
        "event_id": hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest(),
        "time": time_ms(there["timestamp"]) if "timestamp" in there else 0,
        "categories": categories,
        "withdrawn": _truth(there.get("withdrawn")),
    }
    return valid({**fields, **known}, ItemEvent)


def valid(fields: Mapping[str, Any], kind: type[_T]) -> _T:
    """The fields as such an object. Raises `InvalidEvent` with the reason."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise InvalidEvent(str(error)) from None


def time_ms(cell: Any) -> int:
    """A time in UTC milliseconds. Raises `InvalidEvent`."""
    try:
        time = int(cell)
    except (TypeError, ValueError, OverflowError):
        raise InvalidEvent(f"timestamp {text(cell)!r} is no whole number of UTC milliseconds") from None
    if 0 < time < SURE_MS:
        raise InvalidEvent(f"timestamp {time} looks like seconds; UTC milliseconds are wanted")
    return time


def number(name: str, cell: Any) -> float | None:
    """A number, or None of an empty cell. Raises `InvalidEvent`."""
    if empty(cell):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        raise InvalidEvent(f"{name} {text(cell)[:80]!r} is no number") from None


def text(cell: Any) -> str:
    """A cell as text; a whole number that a file holds as 5.0 is "5"."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def plain(cell: Any) -> str | float:
    """A cell as context holds it."""
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else text(cell)


def empty(cell: Any) -> bool:
    """Whether a cell says nothing."""
    return cell is None or cell == ""


def _truth(cell: Any) -> bool:
    return text(cell).strip().casefold() in {"1", "true", "yes"}
