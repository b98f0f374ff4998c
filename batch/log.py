"""What training reads: the users' events as columns, in the order of the log."""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.events import Context, Interaction, MoodEvent
from contracts.kinds import MOOD_KIND, ORDER, weight
from contracts.moods import LABELS, mood_of

_Row = tuple[str, str, int, float, int, int, float | None, Context | None]
_NOWHERE: Final = Context()
_KINDS: Final[dict[str, int]] = {"": MOOD_KIND} | {str(kind): row for row, kind in enumerate(ORDER)}


class Log(NamedTuple):
    """Columns (n,) of the events that step a user's state."""

    user: NDArray[np.object_]
    item: NDArray[np.object_]
    """Item ids, "" for a mood."""
    kind: NDArray[np.int32]
    weight: NDArray[np.float32]
    mood: NDArray[np.int32]
    time: NDArray[np.int64]
    """UTC milliseconds."""
    value: NDArray[np.float64]
    """Stars, seconds; NaN where the event had none."""
    context: NDArray[np.object_]
    """Place, device, session and further columns, for the ranker's sake: a `Context` or None."""

    def part(self, start: int, stop: int) -> "Log":
        """The events [start, stop) of the log."""
        return Log._make(column[start:stop] for column in self)


def of_events(events: Iterable[Interaction | MoodEvent]) -> Log:
    """The log of a data set's events, in their order; a mood that nobody knows is left out, as the stream does it."""
    return _log(row for event in events if (row := _row(event)) is not None)


def events_of(log: Log) -> list[Interaction | MoodEvent]:
    """The events of a log, as far as columns tell, under new ids."""
    return [_event(number, *row) for number, row in enumerate(zip(*(column.tolist() for column in log), strict=True))]


def of_table(table: pa.Table) -> Log:
    """The log of a table with the columns of the lake's `TRAINING`."""
    names = ("user_id", "item_id", "kind", "weight", "mood", "time", "value")
    columns = (table.column(name).to_pylist() for name in names)
    contexts = (table.column(name).to_pylist() for name in ("mood_said", "place", "device", "session", "extra"))
    return _log(
        (user, item, _KINDS[kind], float(weight), mood_of(mood) or 0, time, value, _context(*where))
        for (user, item, kind, weight, mood, time, value), where in zip(
            zip(*columns, strict=True), zip(*contexts, strict=True), strict=True
        )
    )


def _row(event: Interaction | MoodEvent) -> _Row | None:
    if isinstance(event, MoodEvent):
        mood = mood_of(event.mood)
        return None if mood is None else (event.user_id, "", MOOD_KIND, 0.0, mood, event.time, None, None)
    felt = mood_of(event.context.mood) if event.context and event.context.mood else None
    weighed = weight(event.kind, event.value)
    return event.user_id, event.item_id, _KINDS[event.kind], weighed, felt or 0, event.time, event.value, event.context


def _event(
    number: int,
    user: str,
    item: str,
    kind: int,
    weighed: float,
    mood: int,
    time: int,
    value: float,
    context: Context | None,
) -> Interaction | MoodEvent:
    if kind == MOOD_KIND:
        return MoodEvent(event_id=f"e{number}", time=time, user_id=user, mood=LABELS[mood])
    return Interaction(
        event_id=f"e{number}",
        time=time,
        user_id=user,
        item_id=item,
        kind=ORDER[kind],
        value=None if math.isnan(value) else value,
        context=context,
    )


def _context(mood_said: str, place: str, device: str, session: str, extra: str) -> Context | None:
    columns = msgspec.json.decode(extra, type=dict[str, str | float]) if extra else {}
    found = Context(
        mood=mood_said or None, place=place or None, device=device or None, session=session or None, extra=columns
    )
    return None if found == _NOWHERE else found


def _log(rows: Iterable[_Row]) -> Log:
    listed = list(rows)
    return Log(
        user=np.array([row[0] for row in listed], np.object_),
        item=np.array([row[1] for row in listed], np.object_),
        kind=np.array([row[2] for row in listed], np.int32),
        weight=np.array([row[3] for row in listed], np.float32),
        mood=np.array([row[4] for row in listed], np.int32),
        time=np.array([row[5] for row in listed], np.int64),
        value=np.array([row[6] for row in listed], np.float64),  # None becomes NaN
        context=np.array([row[7] for row in listed], np.object_),
    )
