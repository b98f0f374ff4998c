"""One of everything that a topic may hold, as the documents show it; tests read each by its type."""

from typing import Any, Final

import msgspec

from contracts.alarms import Alarm
from contracts.dead_letter import DeadLetter
from contracts.events import (
    Alias,
    BundleChange,
    Context,
    Erase,
    Impression,
    Interaction,
    ItemEvent,
    MoodEvent,
    PartitionChange,
    Shown,
)
from contracts.rollout import Rollout
from online.learn.enrich import Enricher

_TIME: Final = 1_795_320_000_000
_RATING: Final = Interaction(
    event_id="5b0c6f1e",
    time=_TIME,
    user_id="me",
    item_id="50",
    kind="rating",
    value=4.5,
    context=Context(session="s1", place="Oslo", mood="happy"),
)
_ALL: Final[tuple[msgspec.Struct, ...]] = (
    _RATING,
    MoodEvent(event_id="5b0c6f1f", time=_TIME, user_id="me", mood="😢"),
    Impression(
        event_id="5b0c6f20",
        time=_TIME,
        user_id="me",
        request_id="0f1e2d3c",
        bundle="20261122T041500-1a2b3c4d",
        shown=[Shown("181", 0, 1.93, 1.0), Shown("172", 1, 1.2, 1.0)],
    ),
    ItemEvent(
        event_id="5b0c6f21",
        time=_TIME,
        item_id="new-1",
        title="A new comedy (2026)",
        categories=["Comedy"],
        text="Two friends open a tea house.",
    ),
    Alias(event_id="5b0c6f22", time=_TIME, user_id="visitor-7", known_as="me"),
    Erase(event_id="5b0c6f23", time=_TIME, user_id="me"),
    BundleChange(event_id="5b0c6f24", time=_TIME, rollout=Rollout("20261122T041500-1a2b3c4d")),
    PartitionChange(event_id="partitions-8", time=_TIME, partitions=8),
    Enricher().enrich(_RATING, partition=2, offset=20_417, arrival=_TIME + 38),
    DeadLetter(
        raw=b'{"type":"mood","user_id":"me"}',
        reason="Object missing required field `mood`",
        error="InvalidEvent",
        topic="events",
        partition=2,
        offset=20_418,
        time=_TIME + 60,
        schema_version=1,
    ),
    Alarm(
        alarm_id="2-20500-valence",
        time=_TIME,
        partition=2,
        offset=20_500,
        signal="valence",
        detector="adwin",
        before=0.31,
        after=-0.22,
        since=_TIME - 600_000,
        examples=["5b0c6f1f"],
    ),
)
EXAMPLES: Final[dict[type[msgspec.Struct], Any]] = {
    type(one): msgspec.json.decode(msgspec.json.encode(one)) for one in _ALL
}
