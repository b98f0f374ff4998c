"""From a log with impressions to examples for a ranker: what was shown at once, and what of it was taken.

By the very code that the learner runs: what was abandoned within its window is a negative, what was taken a positive.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import pyarrow as pa

from contracts.errors import InvalidEvent
from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown, UserEvent
from online.learn.enrich import Enricher
from online.learn.fold import Working
from online.learn.impressions import WINDOW_MS
from online.store.impressions import NO_OUTCOME, TAKEN, Page

COLUMNS: Final = (
    "type",
    "event_id",
    "user_id",
    "item_id",
    "kind",
    "value",
    "time",
    "mood",
    "request_id",
    "bundle",
    "shown",
    "known_as",
)
"""Of the lake, to be read for `events_of`."""


class Example(NamedTuple):
    """One page that was shown; parallel lists of n items in its order."""

    user_id: str
    request_id: str
    time: int
    """UTC ms."""
    items: list[str]
    positions: list[int]
    scores: list[float]
    """As they were shown, rounded to float32."""
    taken: list[bool]


def events_of(table: pa.Table) -> list[UserEvent]:
    """The events of a lake's table with these `COLUMNS`, as far as examples are made of them, in its order."""
    return [event for row in table.to_pylist() if (event := _event(row)) is not None]


def _event(row: Mapping[str, Any]) -> UserEvent | None:
    common = {"event_id": row["event_id"], "time": row["time"], "user_id": row["user_id"]}
    match row["type"]:
        case "interaction":
            context = Context(request_id=row["request_id"]) if row["request_id"] else None
            return Interaction(**common, item_id=row["item_id"], kind=row["kind"], value=row["value"], context=context)
        case "mood":
            return MoodEvent(**common, mood=row["mood"])
        case "impression":
            shown = [Shown(**one) for one in row["shown"]]
            return Impression(**common, request_id=row["request_id"], bundle=row["bundle"], shown=shown)
        case "alias":
            return Alias(**common, known_as=row["known_as"])
        case "erase":
            return Erase(**common)
    return None


def examples(log: Sequence[UserEvent]) -> list[Example]:
    """The pages whose window is over by the end of this log, in its order.

    Left out are impressions that came twice, and showings without an outcome: the click named another page, or the user
    was erased or turned out to be another before the window was over.
    """
    end = max((event.time for event in log), default=0)
    shown = [_example(event, page) for event, page in list(_pages(log)) if page.time + WINDOW_MS < end]
    return [example for example in shown if example.items]


def _pages(log: Sequence[UserEvent]) -> Iterator[tuple[Impression, Page]]:
    """Each page with its impression; what became of it is complete when the last one is out."""
    enricher = Enricher()
    users = {event.user_id: Working(event.user_id, None, "", "") for event in log if isinstance(event, Impression)}
    for offset, event in enumerate(log):
        if event.user_id not in users:
            continue
        user = users[event.user_id]
        waiting = user.shown.pages
        with suppress(InvalidEvent):  # it has no effect in the stream either
            outcome = user.apply(event, enricher.enrich(event, partition=0, offset=offset, arrival=event.time))
            if isinstance(event, Impression) and event.shown and outcome == "noted":
                yield event, user.shown.pages[-1]
            elif isinstance(event, Alias | Erase):
                for page in waiting:
                    page.fates[:] = [NO_OUTCOME] * len(page.fates)


def _example(event: Impression, page: Page) -> Example:
    rows = zip(page.items, page.positions, page.scores, page.fates, strict=True)
    known = [(item, place, score, fate == TAKEN) for item, place, score, fate in rows if fate != NO_OUTCOME]
    columns: list[list[Any]] = [[row[column] for row in known] for column in range(4)]
    return Example(event.user_id, event.request_id, page.time, *columns)
