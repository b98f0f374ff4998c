"""The catalogue of a bundle, from item events."""

from collections.abc import Iterable

from contracts.events import ItemEvent
from model.items import Item


def catalogue_of(events: Iterable[ItemEvent]) -> tuple[Item, ...]:
    """The items of these events in order of their id: the last word on each counts, withdrawn ones are left out."""
    latest = {event.item_id: event for event in events}
    return tuple(
        Item(
            item_id=event.item_id,
            title=event.title,
            categories=tuple(event.categories),
            text=event.text,
            image=event.image,
            mood=event.mood or "",
        )
        for _, event in sorted(latest.items())
        if not event.withdrawn
    )
