"""What training reads: the users' events as columns, in the order of the log."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.contexts import Contexts
from contracts.events import Context, Impression, Interaction, MoodEvent
from contracts.kinds import MOOD_KIND, ORDER, weight
from contracts.moods import LABELS, mood_of

Row = tuple[str, str, int, float, int, int, float | None, Context | None]
"""What a `Log` holds of an event: its columns but the last."""


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
    context: NDArray[np.object_] | Contexts
    """Place, device, session and further columns, for the ranker's sake: a `Context` or None."""
    shown: NDArray[np.object_]
    """What anybody was shown between the event before and this one, for the ranker's sake: a tuple of `Impression`, or
    None."""

    def part(self, start: int, stop: int) -> "Log":
        """The events [start, stop) of the log."""
        return Log._make(column[start:stop] for column in self)

    def mark(self) -> list[int]:
        """What tells it from another log, for a checkpoint to be of this one."""
        return [len(self.time), int(self.time.sum()), int(self.kind.sum())]


def of_events(events: Iterable[Interaction | MoodEvent | Impression]) -> Log:
    """The log of these events, in their order; a mood that nobody knows is left out, as the stream does it."""
    return log_of(row for event in events if (row := _row(event)) is not None)


def events_of(log: Log, first: int = 0) -> list[Interaction | MoodEvent | Impression]:
    """The events of a log, as far as columns tell, under new ids that are counted from `first`."""
    found: list[Interaction | MoodEvent | Impression] = []
    for number, (*row, shown) in enumerate(zip(*(column.tolist() for column in log), strict=True), first):
        found.extend(shown or ())
        found.append(_event(number, *row))
    return found


def log_of(entries: Iterable[Row | Impression]) -> Log:
    """The log of these rows, in their order; each has what was shown since the one before it."""
    listed: list[Row] = []
    shown: list[tuple[Impression, ...] | None] = []
    waiting: list[Impression] = []
    for entry in entries:
        if isinstance(entry, Impression):
            waiting.append(entry)
        else:
            listed.append(entry)
            shown.append(tuple(waiting) if waiting else None)
            waiting = []
    return Log(
        user=np.array([row[0] for row in listed], np.object_),
        item=np.array([row[1] for row in listed], np.object_),
        kind=np.array([row[2] for row in listed], np.int32),
        weight=np.array([row[3] for row in listed], np.float32),
        mood=np.array([row[4] for row in listed], np.int32),
        time=np.array([row[5] for row in listed], np.int64),
        value=np.array([row[6] for row in listed], np.float64),  # None becomes NaN
        context=np.array([row[7] for row in listed], np.object_),
        shown=np.fromiter(shown, np.object_, len(shown)),  # np.array would make a second dimension of tuples
    )


def _row(event: Interaction | MoodEvent | Impression) -> Row | Impression | None:
    if isinstance(event, Impression):
        return event
    if isinstance(event, MoodEvent):
        mood = mood_of(event.mood)
        return None if mood is None else (event.user_id, "", MOOD_KIND, 0.0, mood, event.time, None, None)
    felt = mood_of(event.context.mood) if event.context and event.context.mood else None
    weighed = weight(event.kind, event.value)
    return (
        event.user_id,
        event.item_id,
        ORDER.index(event.kind),
        weighed,
        felt or 0,
        event.time,
        event.value,
        event.context,
    )


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
