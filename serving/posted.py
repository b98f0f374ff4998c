"""The events in one request's body: each is taken or refused by itself, and gets an id and a time where it has none."""

import uuid
from collections import Counter
from typing import Any, Final, NamedTuple

import msgspec

from contracts import events
from contracts.errors import InvalidEvent
from contracts.events import ControlRecord, Event
from contracts.request import request_id
from contracts.topics import topic_of
from serving.problems import Refused, Result
from serving.publisher import Publishing
from serving.reading import UNDECODABLE

MAX_EVENTS: Final = 1000
MAX_OF_ONE: Final = 128
"""Events of one user (of one item) that a request takes.

A user's history remembers the ids of twice as many: so a request that is sent again has no second effect, even if
other devices have sent as many events of that user in between.
"""
_SPACE: Final = b" \t\r\n"


class Taken(NamedTuple):
    """One good event as it will be sent."""

    place: int
    """Its index among those posted."""
    event: Event
    record: Publishing


def split(raw: bytes) -> list[msgspec.Raw]:
    """The parts of a JSON array, or the one object; raises `Refused`."""
    try:
        if raw.lstrip(_SPACE)[:1] == b"[":
            parts = msgspec.json.decode(raw, type=list[msgspec.Raw])
        else:
            parts = [msgspec.json.decode(raw, type=msgspec.Raw)]
    except UNDECODABLE as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    if not parts:
        raise Refused(422, "no event was sent")
    if len(parts) > MAX_EVENTS:
        raise Refused(422, f"one request takes {MAX_EVENTS:,} events, this one has {len(parts):,}: send them in parts")
    return parts


def take(parts: list[msgspec.Raw], now: int) -> tuple[list[Taken], list[Result]]:
    """The good ones, and why the others are refused; `now` (UTC ms) is the time of those without one."""
    taken: list[Taken] = []
    refused: list[Result] = []
    of_one: Counter[str] = Counter()
    for index, part in enumerate(parts):
        try:
            one = _taken(index, bytes(part), now)
            _check_room(of_one, one.event.key)
            taken.append(one)
        except InvalidEvent as error:
            refused.append(Result(index=index, status="refused", reason=str(error)))
    return taken, refused


def _check_room(of_one: Counter[str], key: str) -> None:
    of_one[key] += 1
    if of_one[key] > MAX_OF_ONE:
        raise InvalidEvent(f"one request takes {MAX_OF_ONE} events of one user: send the others in the next one")


def publishing(event: Event, value: bytes) -> Publishing:
    """Where an event goes."""
    return Publishing(topic_of(event), event.key, value, request_id.get())


def _taken(index: int, raw: bytes, now: int) -> Taken:
    if len(raw) > events.MAX_EVENT_BYTES:
        raise InvalidEvent(f"an event may have {events.MAX_EVENT_BYTES:,} bytes, this one has {len(raw):,}")
    raw = _completed(raw, now)
    event = events.decode(raw)
    if isinstance(event, ControlRecord):
        raise InvalidEvent("control records are written by moodstream's own commands, not sent as events")
    try:
        return Taken(index, event, publishing(event, raw))
    except UnicodeError as error:
        raise InvalidEvent(f"the id is no text: {error}") from error


def _completed(raw: bytes, now: int) -> bytes:
    """The event as it was sent, further columns too, with an id and a time of ours where it has none."""
    try:
        fields: Any = msgspec.json.decode(raw)
    except UNDECODABLE as error:
        raise InvalidEvent(str(error) or type(error).__name__) from error
    if not isinstance(fields, dict) or ("event_id" in fields and "time" in fields):
        return raw
    return msgspec.json.encode({**fields, **_missing(fields, now)})


def _missing(fields: dict[str, Any], now: int) -> dict[str, Any]:
    ours = {"event_id": uuid.uuid4().hex, "time": now}
    return {name: value for name, value in ours.items() if name not in fields}
