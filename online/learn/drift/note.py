"""What one event, or page, says of each signal, in whole numbers: sums of them don't depend on how a log was cut."""

from collections.abc import Iterator, Sequence
from math import log10
from typing import Final
from zlib import crc32

import msgspec

from contracts.kinds import MOOD_KIND
from online.learn.drift.known import UNIT, Known
from online.learn.drift.signals import BUCKETS, DEVICES, PLACE, SEGMENTS
from online.learn.enrich import Enriched
from online.store.state import Entry

_MOST: Final = 1_000_000 * UNIT
_NEW: Final = 5
"""Events with which a user is new."""
_HOUR_MS: Final = 3_600_000
_DEVICE: Final = {name: at for at, name in enumerate(DEVICES)}
_OTHER: Final = DEVICES.index("other")
_ERROR, _CALIBRATION, _SCORE, _SPREAD, _GAP, _VALUE, _LATENESS, _FIELDS = (
    PLACE[name, ""] for name in ("error", "calibration", "score", "spread", "gap", "value", "lateness", "fields")
)
_POPULARITY: Final = PLACE["popularity", ""]
_ITEMS, _USERS, _VALENCE, _AROUSAL, _MOODY = (
    PLACE[name, ""] for name in ("unknown-items", "unknown-users", "valence", "arousal", "moody")
)
REFUSED: Final = PLACE["refused", ""]
"""Counted by the offsets between notes, so that a lake, which has no refused records, tells the same."""
_ERROR_IN: Final = PLACE["error", SEGMENTS[0]]
_ITEMS_IN: Final = PLACE["unknown-items", SEGMENTS[0]]
_DEVICES_FROM: Final = len(SEGMENTS) - len(DEVICES)


class Note(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One record's part in its block."""

    offset: int
    arrival: int
    event_id: str
    values: tuple[int, ...] = ()
    """A column of the timeline and what the record adds to its sum, and so on: flat, since all events have a dozen."""
    parts: tuple[int, ...] = ()
    """Of each mix which part it is, -1 for none; empty for what is no event of a user's own."""

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Columns with what is added to each."""
        return zip(self.values[::2], self.values[1::2], strict=True)


def of_page(row: Enriched) -> Note:
    """An impression: what was shown had these scores."""
    scores = [one.score for one in row.shown]
    if not scores:
        return Note(row.offset, row.arrival, row.event_id)
    values = (_SCORE, _unit(sum(scores) / len(scores)), _SPREAD, _unit(max(scores) - min(scores)))
    return Note(row.offset, row.arrival, row.event_id, values)


def of_losses(row: Enriched, losses: Sequence[float]) -> Note:
    """How surprising the outcomes were that this event decided, each by itself."""
    return Note(row.offset, row.arrival, row.event_id, tuple(n for loss in losses for n in (_CALIBRATION, _unit(loss))))


def of_event(
    row: Enriched, entry: Entry, before: Entry | None, at: int, known: Known | None, error: float | None
) -> Note:
    """An event that was taken in as `entry`, the user's `at`-th that is kept; `before` is the one before it.

    `known` is of the user's bundle, `error` the share of other items that were put above its item; None where nobody
    can say.
    """
    device = _DEVICE.get(row.device, _OTHER)
    late = log10(1.0 + max(0, row.arrival - row.event_time) / 1000)
    values = [REFUSED, 0, _LATENESS, round(late * UNIT), _FIELDS, _filled(row)]
    if before is None:
        values += (_USERS, UNIT)
    else:
        gap = max(0, entry.time - before.time)
        values += (_USERS, 0, _GAP, gap * UNIT // (gap + _HOUR_MS))
    if entry.kind != MOOD_KIND:
        values += (_VALUE, round(row.weight * UNIT))
    if entry.mood:
        values += (_MOODY, UNIT, _VALENCE, round(row.valence * UNIT), _AROUSAL, round(row.arousal * UNIT))
    else:
        values += (_MOODY, 0)
    segments = (0 if at < _NEW else 1), _DEVICES_FROM + device
    if known is not None and entry.item:
        standing = known.standing(entry.item)
        if standing is not None:
            values += (_POPULARITY, standing)
        values += _in_segments(_ITEMS, _ITEMS_IN, segments, UNIT if standing is None else 0)
    if error is not None:
        values += _in_segments(_ERROR, _ERROR_IN, segments, round(error * UNIT))
    item = crc32(entry.item.encode()) % BUCKETS if entry.item else -1
    parts = (item, crc32(row.user_id.encode()) % BUCKETS, entry.kind, device, entry.mood - 1, row.hour // 3)
    return Note(row.offset, row.arrival, row.event_id, tuple(values), parts)


def _in_segments(column: int, first: int, segments: tuple[int, int], value: int) -> tuple[int, ...]:
    """The same of all events and of its two segments."""
    one, other = segments
    return column, value, first + one, value, first + other, value


def _filled(row: Enriched) -> int:
    said = (row.device, row.place, row.session, row.request_id, row.mood or row.mood_said)
    return UNIT * (5 - said.count("") + (row.value is not None) + len(row.extra))


def _unit(value: float) -> int:
    return max(-_MOST, min(_MOST, round(value * UNIT)))
