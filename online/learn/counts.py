"""What an event adds to the shared counts, and how old counts fade when they are read.

Counts are integers in buckets of event time: they commute, so partitions can add to the same item in any order.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from contracts.kinds import NOT_TAKEN
from contracts.moods import LABELS
from contracts.sharding import item_shard
from online.store.protocol import Counter
from online.store.state import Entry

_HOUR_MS: Final = 3600 * 1000
_DAY_MS: Final = 24 * _HOUR_MS
_YEAR_MS: Final = 360 * _DAY_MS


class Family(msgspec.Struct, frozen=True, cache_hash=True):
    """One kind of counts: how long a bucket is, how many are read, and after how many a count is worth half.

    A stored bucket's number means what its length makes it mean: a family that gets another length gets another name.
    """

    name: str
    bucket_ms: int
    read: int
    half: float


COVISITATION: Final = Family("cy", _YEAR_MS, 8, 4.0)
"""Named by an item, members: the other items that the same users took within WINDOW of it."""
FOLLOWING: Final = Family("ny", _YEAR_MS, 8, 4.0)
"""Named by an item, members: the items that users took next after it."""
TRENDING: Final = Family("t", 7 * _DAY_MS, 8, 1.0)
"""Named EVERYWHERE or by a context, members: the items taken there. The quicker two are of everywhere only."""
TODAY: Final = Family("d", _DAY_MS, 8, 1.0)
NOW: Final = Family("h", _HOUR_MS, 8, 1.0)
TAKEN: Final = Family("ky", _YEAR_MS, 8, 8.0)
"""How often an item was taken in all."""
LIKING: Final = Family("vy", _YEAR_MS, 8, 8.0)
"""Members: the items' weights in tenths, added up; unwanted ones too, so the sum may be below 0."""
FAMILIES: Final = (COVISITATION, FOLLOWING, TRENDING, TODAY, NOW, TAKEN, LIKING)
EVERYWHERE: Final = "*"
TOGETHER: Final = "all"
"""The context of every column but those that change too often to be told apart with all else."""
_APART: Final = frozenset({"mood", "session"})

WINDOW: Final = 10
NTH: Final = 10
"""What a user takes first, second … so many times is counted by that place."""
_SLOTS: Final = 4096
"""Values of one further column that are told apart; a column may be anything, its memory is bounded."""
_OURS: Final = ("all", "nth")
"""Names that a context's own columns can't have: they mean something else here."""


def bucket_of(family: Family, time: int) -> int:
    """The bucket of an event time in UTC ms."""
    return time // family.bucket_ms


def decay(family: Family, bucket: int, newest: int) -> float:
    """What a count in this bucket is worth, in (0, 1], when `newest` is the newest one.

    Hyperbolic: what is old fades but never vanishes for being old.
    """
    return 1.0 / (1.0 + max(0, newest - bucket) / family.half)


def contexts(mood: int, place: str, device: str, columns: Sequence[str] = ()) -> Mapping[str, str]:
    """The trending counters of this context by the name of its column; `all` is every column but the mood together.

    A further column named as one of these is passed over.
    """
    named = {"mood": LABELS[mood], "place": place, "device": device}
    found = {name: f"{name}={value}" for name, value in named.items() if value}
    for column in columns:
        name, _, value = column.partition("=")
        if name not in _OURS:
            found.setdefault(name, f"{name}#{_slot(value)}")
    whole = [said for name, said in found.items() if name not in _APART]
    return {**found, TOGETHER: f"{TOGETHER}#{_slot('|'.join(whole))}"} if len(whole) > 1 else found


def nth(history: Sequence[Entry], at: int) -> str | None:
    """The trending counter of what comes after this history by its place; None for a long one."""
    if at >= 2 * NTH:
        return None
    items = sum(1 for entry in history[:at] if entry.item)
    return f"nth={items}" if items < NTH else None


def wanted(entry: Entry) -> bool:
    """Whether the entry is an item that the user took, not one that they turned down."""
    return entry.kind not in NOT_TAKEN


def effects(history: Sequence[Entry], at: int) -> Iterator[tuple[Counter, str, int]]:
    """What the event at `history[at]` adds: (counter, member, times), from nothing but the history up to it."""
    entry = history[at]
    if not entry.item:
        return
    item, own = entry.item, item_shard(entry.item)
    if liking := round(10 * entry.weight):
        yield counter(own, LIKING.name, bucket_of(LIKING, entry.time), EVERYWHERE), item, liking
    if not wanted(entry):
        return
    for family in (TRENDING, TODAY, NOW, TAKEN):
        yield counter(own, family.name, bucket_of(family, entry.time), EVERYWHERE), item, 1
    trending = bucket_of(TRENDING, entry.time)
    for context in contexts(entry.mood, entry.place, entry.device, entry.columns).values():
        yield counter(own, TRENDING.name, trending, context), item, 1
    if place := nth(history, at):
        yield counter(own, TRENDING.name, trending, place), item, 1
    bucket = bucket_of(COVISITATION, entry.time)
    beside_own = counter(own, COVISITATION.name, bucket, item)
    for number, other in enumerate(_recent(history, at)):
        beside = item_shard(other)
        yield counter(beside, COVISITATION.name, bucket, other), item, 1
        yield beside_own, other, 1
        if number == 0:
            yield counter(beside, FOLLOWING.name, bucket, other), item, 1


counter = lru_cache(maxsize=1 << 16)(Counter)
"""The same one again where it was named before: to make and hash one takes longer than all else that it's for."""


def _recent(history: Sequence[Entry], at: int) -> list[str]:
    """The distinct other items that were taken among the WINDOW events before, the last one first."""
    window, item = reversed(history[max(0, at - WINDOW) : at]), history[at].item
    return list(dict.fromkeys(e.item for e in window if wanted(e) and e.item != item))


def _slot(value: str) -> int:
    return zlib.crc32(value.encode()) % _SLOTS
