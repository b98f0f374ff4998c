"""From the lake's rows back to what the learner took in when they were written: users' events and bundle changes."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from contracts import events, topics
from contracts.errors import InvalidEvent
from contracts.events import Alias, BundleChange, Context, Erase, Impression, Interaction, MoodEvent, UserEvent
from contracts.rollout import Rollout
from online.learn.enrich import Enriched
from online.learn.intake import Control, Taken, parts
from online.learn.outgoing import Raw

CONTROL: Final = "bundle"
"""The type of a row that is a control record."""


def control_row(control: Control) -> Enriched:
    """The row of a control record, so that the lake tells which event used which bundle, as the log does."""
    raw, change = control
    canary: dict[str, str | float] = {}
    if change.rollout.canary is not None:
        canary = {"canary": change.rollout.canary, "share": change.rollout.share}
    return Enriched(
        partition=raw.partition,
        offset=raw.offset,
        arrival=raw.time,
        type=CONTROL,
        event_id=change.event_id,
        user_id="",
        time=min(change.time, raw.time),
        event_time=change.time,
        hour=0,
        bundle=change.rollout.bundle,
        extra=canary,
    )


def take_kept(rows: Sequence[Enriched]) -> Iterator[Taken | Control]:
    """What consecutive rows of one partition were made of, in order; what was refused then is left out again."""
    for is_control, run in groupby(rows, lambda row: row.type == CONTROL):
        if is_control:
            yield from (_control(row) for row in run)
            continue
        placed = [(_raw(row, event), event) for row in run for event in [event_of(row)] if event is not None]
        if placed:
            yield from parts(Taken(placed[-1][0].offset, placed, [], []))


def event_of(row: Enriched) -> UserEvent | None:
    """The event of a row: enriched again, it has the same effect, though the address it came from is known no more.

    None for a mood that nobody knew when it came: it was set aside. Raises `InvalidEvent` for a row of no known type.
    """
    common: dict[str, Any] = {"event_id": row.event_id, "time": row.event_time, "user_id": row.user_id}
    match row.type:
        case "interaction":
            said: Any = {"item_id": row.item_id, "kind": row.kind, "value": row.value}
            return Interaction(**common, **said, context=_context(row))
        case "mood":
            return MoodEvent(**common, mood=row.mood, context=_context(row)) if row.mood else None
        case "impression":
            page: Any = {"request_id": row.request_id, "bundle": row.bundle, "shown": list(row.shown)}
            return Impression(**common, **page, context=_context(row))
        case "alias":
            return Alias(**common, known_as=row.known_as)
        case "erase":
            return Erase(**common)
    raise InvalidEvent(f"the lake has a row of type {row.type!r}, which this code doesn't know: upgrade it")


def _context(row: Enriched) -> Context:
    """As far as an event's effect goes: place and device as they were found then."""
    return Context(
        session=row.session or None,
        place=row.place or None,
        device=row.device or None,
        mood=row.mood or row.mood_said or None,
        request_id=row.request_id or None,
        extra=row.extra,
    )


def _control(row: Enriched) -> Control:
    canary, share = row.extra.get("canary"), row.extra.get("share", 0.0)
    rollout = Rollout(row.bundle) if canary is None else Rollout(row.bundle, str(canary), float(share))
    change = BundleChange(event_id=row.event_id, time=row.event_time, rollout=rollout)
    return Control(_raw(row, change), change)


def _raw(row: Enriched, event: UserEvent | BundleChange) -> Raw:
    return Raw(topics.EVENTS, row.partition, row.offset, row.arrival, events.encode(event))
