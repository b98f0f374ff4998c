"""One user's state as the store keeps it: the packed state, the bounded history, and their codecs."""

import struct
from functools import lru_cache
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from contracts.hashing import hash64
from contracts.kinds import MOOD_KIND, ORDER, weight
from contracts.moods import MOODS
from online.store.codec import column, damaged, decoded, encoded

HISTORY: Final = 256
"""Events kept of each user; training crops to the same number, and duplicates are known within it."""
FORETOLD: Final = 8
"""Events of which it's kept how well they were foretold, for drift that came back older than its users."""
FORWARDED: Final = "#"
"""How the id of an event begins that an alias made from another user's history."""
_NO_VECTOR: Final[NDArray[np.float32]] = np.zeros(0, np.float32)


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event of a user's history, with all that a later event's effect on the aggregates is made from."""

    offset: int
    time: int
    """UTC ms, never later than the event's arrival."""
    id_hash: int
    """Of the event id, unsigned 64 bits."""
    item: str
    """Empty for a mood."""
    kind: Annotated[int, Meta(ge=0, le=MOOD_KIND)]
    """Index in `contracts.kinds.ORDER`, or `MOOD_KIND`."""
    value: float | None = None
    mood: Annotated[int, Meta(ge=0, lt=len(MOODS))] = 0
    place: str = ""
    device: str = ""
    columns: tuple[str, ...] = ()
    """Further context, each as `name=value`."""

    @property
    def weight(self) -> float:
        """The liking in [-1, 1] that it shows; 0 for a mood."""
        return weight(ORDER[self.kind], self.value) if self.kind != MOOD_KIND else 0.0


class UserState(msgspec.Struct, frozen=True):
    """What one user's events have come to; a pure function of them and of the bundle."""

    bundle: str = ""
    """The version that computed `hidden`; empty while there was no bundle."""
    incarnation: str = ""
    """The id of the topic that `offset` and the history's offsets count in."""
    offset: int = -1
    time: int = 0
    count: int = 0
    mood: int = 0
    mood_time: int = 0
    hidden: NDArray[np.float32] = _NO_VECTOR
    """(H,)"""
    embedding: NDArray[np.float32] = _NO_VECTOR
    """(d,) as of `time`."""
    forward: str = ""
    """The known user whom this anonymous one turned out to be."""
    erased: bool = False
    """A tombstone: the user asked to be forgotten at `offset`, and no event came since."""
    turn: int = 0
    """Which change of the shard's bundle `hidden` was made for: a bundle that comes back is another turn."""
    gone: tuple[int, ...] = ()
    """Hashes of ids that the history doesn't hold, or not for long, and whose events may still be sent again."""
    foretold: tuple[tuple[int, int], ...] = ()
    """Offsets of the last events that were asked how well they were foretold, and what the answer was."""


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    """Codec 1 ended with `erased`."""

    bundle: str
    incarnation: str
    offset: int
    time: int
    count: int
    mood: int
    mood_time: int
    hidden: bytes
    embedding: bytes
    forward: str
    erased: bool
    turn: int = 0
    gone: bytes = b""
    foretold: tuple[tuple[int, int], ...] = ()


_state_decoder: Final = msgspec.msgpack.Decoder(_Packed)


def pack_state(state: UserState) -> bytes:
    """The state as bytes; float32 vectors and 64-bit hashes little-endian."""
    fields = msgspec.structs.asdict(state)
    packed = {name: fields[name].astype("<f4").tobytes() for name in ("hidden", "embedding")}
    packed["foretold"] = state.foretold[-FORETOLD:]
    packed["gone"] = struct.pack(f"<{len(state.gone)}Q", *state.gone)
    return encoded(_Packed(**{**fields, **packed}))


def unpack_state(raw: bytes) -> UserState:
    """The state in these bytes; raises `StateTooNew` for a newer code's, `StateUnreadable` for damaged ones."""
    fields = msgspec.structs.asdict(decoded(_state_decoder, raw))
    try:
        vectors = {name: np.frombuffer(fields[name], "<f4") for name in ("hidden", "embedding")}
    except ValueError as error:
        raise damaged(error) from error
    return UserState(**{**fields, **vectors, "gone": tuple(column("Q", fields["gone"]))})


@lru_cache(maxsize=1 << 16)
def id_hash(event_id: str) -> int:
    """The hash by which a duplicate is known; a forwarded event's id carries the first one's hash."""
    if event_id.startswith(FORWARDED):
        try:
            return int(event_id[1:], 16) & 0xFFFFFFFFFFFFFFFF
        except ValueError:
            pass
    return hash64(event_id)


def forwarded_id(entry_hash: int) -> str:
    """An event id that stands for an event whose id is known by its hash only."""
    return f"{FORWARDED}{entry_hash:016x}"
