"""What an event adds to the shared counts, co-visitation and trending, and how old counts fade when they are read.

Counts are integers in buckets of event time: they commute, so partitions can add to the same item in any order.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.moods import LABELS
from contracts.sharding import item_shard
from online.store.protocol import Counter
from online.store.state import Entry

COVISITATION: Final = "c"
"""Counter(item_shard(item), "c", bucket, item): which other items the same users took, within WINDOW of it."""
TRENDING: Final = "t"
"""Counter(item_shard(member), "t", bucket, "*" or a context): how often each item was taken there."""
EVERYWHERE: Final = "*"

BUCKET_DAYS: Final = {COVISITATION: 60, TRENDING: 7}
READ_BUCKETS: Final = {COVISITATION: 8, TRENDING: 8}
HALF: Final = {COVISITATION: 2.0, TRENDING: 1.0}
"""Buckets until a count is worth half; hyperbolic, so that what is old fades but never vanishes for being old."""
WINDOW: Final = 10
_DAY_MS: Final = 24 * 3600 * 1000


def bucket_of(family: str, time: int) -> int:
    """The bucket of an event time in UTC ms."""
    return time // (BUCKET_DAYS[family] * _DAY_MS)


def decay(family: str, bucket: int, newest: int) -> float:
    """What a count in this bucket is worth, in (0, 1], when `newest` is the newest one."""
    return 1.0 / (1.0 + max(0, newest - bucket) / HALF[family])


def contexts(mood: int, place: str, device: str) -> list[str]:
    """The trending counters that an event (or a request) in this context belongs to."""
    named = (("mood", LABELS[mood]), ("place", place), ("device", device))
    return [EVERYWHERE, *(f"{name}={value}" for name, value in named if value)]


def effects(history: Sequence[Entry], at: int) -> Iterator[tuple[Counter, str]]:
    """What the event at `history[at]` adds one to: (counter, member), from nothing but the history up to it."""
    entry = history[at]
    if not entry.item or entry.weight <= 0:
        return
    trending = bucket_of(TRENDING, entry.time)
    for context in contexts(entry.mood, entry.place, entry.device):
        yield Counter(item_shard(entry.item), TRENDING, trending, context), entry.item
    bucket = bucket_of(COVISITATION, entry.time)
    for other in _recent(history, at):
        yield Counter(item_shard(other), COVISITATION, bucket, other), entry.item
        yield Counter(item_shard(entry.item), COVISITATION, bucket, entry.item), other


def _recent(history: Sequence[Entry], at: int) -> list[str]:
    """The distinct other items that were liked among the WINDOW events before."""
    window = history[max(0, at - WINDOW) : at]
    return list(dict.fromkeys(e.item for e in window if e.item and e.weight > 0 and e.item != history[at].item))
