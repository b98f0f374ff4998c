"""Enriched rows for the lake's tests, made as the stream makes them."""

from typing import Any

from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown, UserEvent
from online.learn.enrich import Enriched, Enricher

START = 1_790_000_000_000
"""A time in the middle of an hour (UTC ms)."""
_ENRICHER = Enricher()


def row(event: UserEvent, offset: int, *, partition: int = 0, arrival: int | None = None) -> Enriched:
    """The event as it was taken in at this offset; one arrives every second."""
    at = START + offset * 1000 if arrival is None else arrival
    return _ENRICHER.enrich(event, partition=partition, offset=offset, arrival=at)


def click(offset: int, user: str = "ann", *, event_id: str | None = None, partition: int = 0) -> Enriched:
    event = Interaction(event_id=event_id or f"e{offset}", time=START, user_id=user, item_id=f"i{offset % 7}")
    return row(event, offset, partition=partition)


def clicks(offsets: range, partition: int = 0) -> list[Enriched]:
    return [click(offset, f"u{offset % 5}", partition=partition) for offset in offsets]


def one_of_each() -> list[Enriched]:
    """Every type of event, with every column that it can fill."""
    context = Context(session="s", user_agent="Mozilla/5.0 (iPhone) Mobile", mood="😢", extra={"ad": "x", "price": 2.5})
    common: dict[str, Any] = {"time": START, "user_id": "ann"}
    events: list[UserEvent] = [
        Interaction(event_id="1", item_id="i", kind="rating", value=4.5, context=context, **common),
        MoodEvent(event_id="2", mood="😀", **common),
        Impression(
            event_id="3",
            request_id="r",
            bundle="b",
            shown=[Shown("i", 0, 0.5, 1.0), Shown("j", 2**70, 0.1, 0.5)],
            **common,
        ),
        Alias(event_id="4", known_as="bob", **common),
        Erase(event_id="5", **common),
    ]
    return [row(event, offset) for offset, event in enumerate(events)]
