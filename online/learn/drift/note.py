"""What one event, or page, says of each signal, in whole numbers: sums of them don't depend on how a log was cut."""

from math import log10
from typing import Final

import msgspec

from contracts.kinds import MOOD_KIND
from online.learn.drift.known import UNIT, Known
from online.learn.drift.signals import BUCKETS, DEVICES, PLACE, SEGMENTS
from online.learn.enrich import Enriched
from online.store.state import Entry, hash64

_MOST: Final = 1_000_000 * UNIT
_NEW: Final = 5
"""Events with which a user is new."""
_HOUR_S: Final = 3600.0
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
    values: tuple[tuple[int, int], ...] = ()
    """Pairs of a column of the timeline and what the record adds to its sum."""
    parts: tuple[int, ...] = ()
    """Of each mix which part it is, -1 for none; empty for what is no event of a user's own."""


def of_page(row: Enriched) -> Note:
    """An impression: what was shown had these scores."""
    scores = [one.score for one in row.shown]
    if not scores:
        return Note(row.offset, row.arrival, row.event_id)
    best = ((_SCORE, _unit(sum(scores) / len(scores))), (_SPREAD, _unit(max(scores) - min(scores))))
    return Note(row.offset, row.arrival, row.event_id, best)


def of_losses(row: Enriched, losses: list[float]) -> Note:
    """How surprising the outcomes were that this event decided, each by itself."""
    return Note(row.offset, row.arrival, row.event_id, tuple((_CALIBRATION, _unit(loss)) for loss in losses))


def of_event(
    row: Enriched, entry: Entry, before: Entry | None, at: int, known: Known | None, error: float | None
) -> Note:
    """An event that was taken in as `entry`, the user's `at`-th that is kept; `before` is the one before it.

    `known` is of the user's bundle, `error` the share of other items that were put above its item; None where nobody
    can say.
    """
    device = _DEVICE.get(row.device, _OTHER)
    new = 0 if at < _NEW else 1
    late = max(0, row.arrival - row.event_time) / 1000
    values = [
        (REFUSED, 0),
        (_LATENESS, _unit(log10(1.0 + late))),
        (_FIELDS, _filled(row)),
        (_USERS, 0 if before else UNIT),
    ]
    if before:
        gap = max(0, entry.time - before.time) / 1000
        values.append((_GAP, _unit(gap / (gap + _HOUR_S))))
    if entry.kind != MOOD_KIND:
        values.append((_VALUE, _unit(row.weight)))
    if entry.mood:
        values += [(_VALENCE, _unit(row.valence)), (_AROUSAL, _unit(row.arousal))]
    values.append((_MOODY, UNIT if entry.mood else 0))
    if known is not None and entry.item:
        standing = known.standing(entry.item)
        if standing is not None:
            values.append((_POPULARITY, standing))
        unknown = UNIT if standing is None else 0
        values += [(_ITEMS, unknown), (_ITEMS_IN + new, unknown), (_ITEMS_IN + _DEVICES_FROM + device, unknown)]
    if error is not None:
        wrong = _unit(error)
        values += [(_ERROR, wrong), (_ERROR_IN + new, wrong), (_ERROR_IN + _DEVICES_FROM + device, wrong)]
    item = hash64(entry.item) % BUCKETS if entry.item else -1
    parts = (item, hash64(row.user_id) % BUCKETS, entry.kind, device, entry.mood - 1, row.hour // 3)
    return Note(row.offset, row.arrival, row.event_id, tuple(values), parts)


def _filled(row: Enriched) -> int:
    said = (row.device, row.place, row.session, row.request_id, row.mood or row.mood_said)
    return UNIT * (sum(map(bool, said)) + (row.value is not None) + len(row.extra))


def _unit(value: float) -> int:
    return max(-_MOST, min(_MOST, round(value * UNIT)))
