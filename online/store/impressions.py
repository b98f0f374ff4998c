"""What one user was shown, as the store keeps it: undecided showings, what was passed over, and the last outcomes."""

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.errors import StateUnreadable
from online.store.state import decoded, encoded

UNDECIDED, TAKEN, TURNED_DOWN, NO_OUTCOME = range(4)


class Page(msgspec.Struct, array_like=True):
    """One impression whose window isn't over: parallel columns."""

    time: int
    """UTC ms, never later than the event's arrival."""
    request: int
    """The hash of the request's id, unsigned 64 bits."""
    items: list[str]
    positions: list[int]
    scores: list[float]
    """Rounded to float32."""
    fates: list[int]
    """`UNDECIDED`, `TAKEN`, `TURNED_DOWN`, or `NO_OUTCOME`: another page's showing was taken."""


class PassedOver(msgspec.Struct, array_like=True, frozen=True):
    """How often in a row an item was shown without being taken."""

    times: int
    last: int
    """Event time of the last showing: UTC seconds."""


class Outcomes(msgspec.Struct, array_like=True, frozen=True):
    """What became of the showings whose window one event found to be over: parallel columns."""

    offset: int
    """Of that event in the log."""
    positions: list[int]
    scores: list[float]
    taken: list[bool]


class Impressions(msgspec.Struct):
    """Everything of one user that `online.learn.impressions` moves; empty for one who was never shown anything."""

    pages: list[Page] = msgspec.field(default_factory=list)
    """Oldest first in the log's order."""
    passed_over: dict[str, PassedOver] = msgspec.field(default_factory=dict)
    """By item, the one passed over longest ago first."""
    outcomes: list[Outcomes] = msgspec.field(default_factory=list)
    """Of the last events that found any, from which a calibrator that went back is made again."""
    ids: list[int] = msgspec.field(default_factory=list)
    """Hashes of the last impressions' event ids, by which a duplicate is known."""

    def __bool__(self) -> bool:
        return bool(self.ids)


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    """Scores as float32, little-endian: msgpack would give each nine bytes."""

    pages: list[tuple[int, int, list[str], list[int], bytes, list[int]]]
    passed_over: dict[str, PassedOver]
    outcomes: list[tuple[int, list[int], bytes, list[bool]]]
    ids: list[int]


_decoder: Final = msgspec.msgpack.Decoder(_Packed)


def pack_impressions(impressions: Impressions) -> bytes:
    """As bytes: one version byte, then msgpack; nothing at all for a user who was never shown anything."""
    if not impressions:
        return b""
    return encoded(
        _Packed(
            [(p.time, p.request, p.items, p.positions, _packed(p.scores), p.fates) for p in impressions.pages],
            impressions.passed_over,
            [(o.offset, o.positions, _packed(o.scores), o.taken) for o in impressions.outcomes],
            impressions.ids,
        )
    )


def unpack_impressions(raw: bytes) -> Impressions:
    """What is in these bytes; raises `StateUnreadable` for a newer codec's or damaged ones."""
    if not raw:
        return Impressions()
    packed = decoded(_decoder, raw)
    return Impressions(
        [
            Page(time, request, items, positions, _unpacked(scores, items, positions, fates), fates)
            for time, request, items, positions, scores, fates in packed.pages
        ],
        packed.passed_over,
        [
            Outcomes(offset, positions, _unpacked(scores, positions, taken), taken)
            for offset, positions, scores, taken in packed.outcomes
        ],
        packed.ids,
    )


def float32(value: float) -> float:
    """The nearest number that float32 has, so that what is in memory is what is stored."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _packed(scores: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(scores)}f", *scores)


def _unpacked(scores: bytes, *others: Sequence[object]) -> list[float]:
    """The scores, as many as the other columns have rows."""
    if any(len(scores) != 4 * len(other) for other in others):
        raise StateUnreadable(
            "damaged impressions: the columns differ in length; `moodstream rebuild` makes them again"
        )
    return list(struct.unpack(f"<{len(scores) // 4}f", scores))
