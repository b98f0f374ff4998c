"""The catalogue of a bundle, from item events."""

from collections.abc import Iterable

from contracts.events import Interaction, ItemEvent, MoodEvent
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


def named_in(log: Iterable[Interaction | MoodEvent]) -> tuple[Item, ...]:
    """The items that a log names, by their ids alone and in order of them: for data that has no catalogue."""
    ids = {event.item_id for event in log if isinstance(event, Interaction)}
    return tuple(Item(item_id) for item_id in sorted(ids))
