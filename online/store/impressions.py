"""What one user was shown, as the store keeps it: undecided showings, what was passed over, and the last outcomes."""

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from online.store.codec import column, damaged, decoded, encoded

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


PassedOver = tuple[int, int]
"""How often in a row an item was shown without being taken, and the event time of the last showing: UTC minutes."""


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
    """Numbers of one size lie in bytes: msgpack would give a score nine, and read each by itself."""

    pages: list[tuple[int, int, list[str], list[int], bytes, bytes]]
    items: list[str]
    times: bytes
    last: bytes
    outcomes: list[tuple[int, list[int], bytes, bytes]]
    ids: bytes


_decoder: Final = msgspec.msgpack.Decoder(_Packed)
_SCORE, _FATE, _TIMES, _MINUTE, _ID = "f", "B", "H", "I", "Q"
MOST_TIMES: Final = 2**16 - 1


def pack_impressions(impressions: Impressions) -> bytes:
    """As bytes; none at all for a user who was never shown anything."""
    if not impressions:
        return b""
    over = impressions.passed_over.values()
    return encoded(
        _Packed(
            [
                (p.time, p.request, p.items, p.positions, _packed(_SCORE, p.scores), _packed(_FATE, p.fates))
                for p in impressions.pages
            ],
            list(impressions.passed_over),
            _packed(_TIMES, [times for times, _ in over]),
            _packed(_MINUTE, [last for _, last in over]),
            [(o.offset, o.positions, _packed(_SCORE, o.scores), _packed(_FATE, o.taken)) for o in impressions.outcomes],
            _packed(_ID, impressions.ids),
        )
    )


def unpack_impressions(raw: bytes) -> Impressions:
    """What is in these bytes; raises `StateTooNew` for a newer code's, `StateUnreadable` for damaged ones."""
    if not raw:
        return Impressions()
    packed = decoded(_decoder, raw)
    n = len(packed.items)
    over = zip(column(_TIMES, packed.times, n), column(_MINUTE, packed.last, n), strict=True)
    return Impressions(
        [_page(*page) for page in packed.pages],
        dict(zip(packed.items, over, strict=True)),
        [_outcomes(*outcomes) for outcomes in packed.outcomes],
        column(_ID, packed.ids),
    )


def _page(time: int, request: int, items: list[str], positions: list[int], scores: bytes, fates: bytes) -> Page:
    n = len(items)
    if len(positions) != n:
        raise damaged("its columns differ in length")
    return Page(time, request, items, positions, column(_SCORE, scores, n), column(_FATE, fates, n))


def _outcomes(offset: int, positions: list[int], scores: bytes, taken: bytes) -> Outcomes:
    n = len(positions)
    return Outcomes(offset, positions, column(_SCORE, scores, n), list(map(bool, column(_FATE, taken, n))))


def float32(value: float) -> float:
    """The nearest number that float32 has, so that what is in memory is what is stored."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _packed(kind: str, values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}{kind}", *values)
