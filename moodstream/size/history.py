"""How many events of a user are kept, and how many bytes that is in Redis."""

from itertools import pairwise
from typing import Final

from moodstream.size.coefficients import Coefficients

MOST: Final = 256
"""Events of a history (DESIGN.md)."""
IDLE_DAYS: Final = 365
"""After so long without events a user is forgotten (MOODSTREAM_USER_IDLE_DAYS)."""
_LENGTHS: Final = (8, 64, 256)


def events_kept(users: float, events_per_s: float, given: float | None) -> float:
    """Of a user, as if all had as many: fewer bytes are needed where few users have most of the events."""
    return min(MOST, given if given is not None else events_per_s * 86_400 * IDLE_DAYS / max(1.0, users))


def user_bytes(kept: float, of: Coefficients) -> float:
    """In Redis, between the lengths that were measured."""
    at = {length: of[f"user_bytes_{length}"].value for length in _LENGTHS}
    kept = min(max(kept, _LENGTHS[0]), MOST)
    below, above = next((low, high) for low, high in pairwise(_LENGTHS) if kept <= high)
    packed = at[below] + (kept - below) / (above - below) * (at[above] - at[below])
    return packed * of["redis_over_packed"].value
