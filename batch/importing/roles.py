"""Which column of a table plays which part: by its plain name, a name that means the same, or as the user says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from contracts.errors import InvalidEvent, Misconfigured


def _words(said: str) -> tuple[str, ...]:
    return tuple(said.split())


_THINGS: Final = _words(
    "item product article sku movie film book song track album artist video show episode game recipe "
    "course podcast news story post document page venue ad offer content"
)
_PEOPLE: Final = _words("user customer visitor member listener reader viewer player reviewer client account")
_ITEM_IDS: Final = (*(f"{thing}id" for thing in _THINGS), "iid", "isbn")

EVENTS: Final[Mapping[str, Sequence[str]]] = {
    "user_id": (*(f"{who}id" for who in _PEOPLE), "uid", *_PEOPLE),
    "item_id": (*_ITEM_IDS, *_THINGS),
    "timestamp": _words("timestamp timestampms time eventtime datetime date ts unixtime createdat at when"),
    "kind": _words("kind event eventtype eventname action interaction interactiontype behavior behaviour type"),
    "value": _words("value rating stars score dwell dwelltime dwellseconds"),
    "event_id": _words("eventid"),
    "session": _words("session sessionid"),
    "user_agent": _words("useragent"),
    "ip": _words("ip ipaddress"),
    "place": _words("place location"),
    "device": _words("device devicetype"),
    "mood": _words("mood"),
    "request_id": _words("requestid"),
}
ITEMS: Final[Mapping[str, Sequence[str]]] = {
    "item_id": (*_ITEM_IDS, "id", *_THINGS),
    "title": (
        *_words("title name headline label"),
        *(f"{thing}title" for thing in _THINGS),
        *(f"{thing}name" for thing in _THINGS),
    ),
    "categories": _words("categories category genres genre tags tag topics topic class department"),
    "text": _words("text description overview summary plot abstract synopsis body"),
    "image": _words("image imageurl imagepath img poster picture thumbnail"),
    "mood": _words("mood"),
    "withdrawn": _words("withdrawn"),
}
USERS: Final[Mapping[str, Sequence[str]]] = {"user_id": (*EVENTS["user_id"], "id")}
_ROW_NUMBERS: Final = {"", "id", "index", "row", "rownumber", "unnamed0"}


class Roles(NamedTuple):
    """The parts that a table's columns play."""

    of: Mapping[str, str]
    """Our name → the column's."""
    further: tuple[str, ...]
    """Columns that play no part, in the table's order."""
    left_out: tuple[str, ...]
    """Columns that are not taken in: as the user says, or since they number rows or another plays their part."""


def roles(
    names: Sequence[str],
    synonyms: Mapping[str, Sequence[str]],
    required: Iterable[str],
    said: Mapping[str, str],
    without: Iterable[str],
    path: Path,
) -> Roles:
    """Find the parts; `said` maps our name to a column's.

    Raises `InvalidEvent` where a required one is not there, `Misconfigured` where `said` names no column.
    """
    strange = [ours for ours in said if ours not in synonyms]
    if strange:
        raise Misconfigured(f"{path}: {', '.join(strange)} is no part of a column: use {', '.join(synonyms)}")
    out = set(without)
    free = [name for name in names if name not in out]
    found = {ours: _named(column, free, path) for ours, column in said.items()}
    for ours in (*required, *synonyms):
        column = _meaning(ours, synonyms[ours], [name for name in free if name not in found.values()])
        if ours not in found and column is not None:
            found[ours] = column
    missing = [ours for ours in required if ours not in found]
    if missing:
        there = ", ".join(name for name in names if name) or "no columns at all"
        raise InvalidEvent(
            f"{path}:1: no column can be told to be {', '.join(missing)} among {there}: "
            f"say which with --columns {','.join(f'{ours}=COLUMN' for ours in missing)}"
        )
    rest = [name for name in free if name not in found.values()]
    further = tuple(name for name in rest if _bare(name) not in _ROW_NUMBERS and name not in synonyms)
    return Roles(found, further, tuple(name for name in names if name not in found.values() and name not in further))


def _named(column: str, names: Sequence[str], path: Path) -> str:
    if column not in names:
        raise Misconfigured(f"{path} has no column {column!r}: its columns are {', '.join(names)}")
    return column


def _meaning(ours: str, synonyms: Sequence[str], names: Sequence[str]) -> str | None:
    if ours in names:
        return ours
    bare = {_bare(name): name for name in reversed(names)}
    return next((bare[word] for word in (_bare(ours), *synonyms) if word in bare), None)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
