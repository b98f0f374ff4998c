"""A data set in the plain form of DESIGN.md ("The command line"), read to events in the order of time."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from batch.plain import EVENT_COLUMNS, ITEM_COLUMNS, MOOD, EventRows, UserEvent, item_event
from batch.table import Table, demand, good, table
from contracts.errors import InvalidEvent
from contracts.events import ItemEvent

__all__ = ["EVENT_COLUMNS", "ITEM_COLUMNS", "MOOD", "UserEvent", "bare_items", "read_events", "read_items"]


def read_events(path: Path) -> list[UserEvent]:
    """The events of a file, sorted once by time; equal times stay in the file's order.

    Event ids are made of the row's content (or taken from an `event_id` column), so that the same file imported twice
    has no second effect. Events that say the same share their context. Raises `InvalidEvent` with file and line.
    """
    with _without_collections(), table(path) as found:
        demand(found, EVENT_COLUMNS)
        events = list(_events(found))
    events.sort(key=lambda event: event.time)
    return events


def read_items(path: Path) -> list[ItemEvent]:
    """The items of a file, in its order; of an item that occurs twice the last row counts. Raises `InvalidEvent`."""
    with table(path) as found:
        demand(found, ITEM_COLUMNS)
        return list({event.item_id: event for event in _items(found)}.values())


def bare_items(ids: Iterable[str]) -> list[ItemEvent]:
    """Items of which nothing is known but their ids."""
    return [ItemEvent(event_id=f"item {number}", time=0, item_id=item) for number, item in enumerate(ids)]


def _events(found: Table) -> Iterator[UserEvent]:
    made = EventRows(found.names)
    for number, cells in good(found):
        try:
            yield made.event(cells)
        except InvalidEvent as error:
            raise InvalidEvent(f"{found.place(number)}: {error}") from None


def _items(found: Table) -> Iterator[ItemEvent]:
    for number, cells in good(found):
        try:
            yield item_event(dict(zip(found.names, cells, strict=True)))
        except InvalidEvent as error:
            raise InvalidEvent(f"{found.place(number)}: {error}") from None


@contextmanager
def _without_collections() -> Iterator[None]:
    """No search for cycles while millions of events are made: they have none, and it took a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
