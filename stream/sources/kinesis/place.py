"""A place in a shard, as a checkpoint says it: before any record, after one (or a part of it), or the shard's end."""

from datetime import UTC, datetime
from typing import Any, Final

from contracts.errors import Misconfigured
from contracts.moment import utc_ms

TRIM_HORIZON: Final = "TRIM_HORIZON"
"""Before the oldest record that the stream still has."""
SHARD_END: Final = "SHARD_END"
_AT: Final = "AT_TIMESTAMP/"


def at(time: int) -> str:
    """Before the first record that arrived then or later (UTC ms)."""
    return f"{_AT}{time}"


def after(sequence: str, part: int | None = None) -> str:
    """After a whole record, or after the part of that number of an aggregated one."""
    return sequence if part is None else f"{sequence}/{part}"


def part_of(place: str, sequence: str) -> int:
    """How many parts of this record lie before the place; none, as a rule."""
    record, _, part = place.partition("/")
    return int(part) + 1 if part and record == sequence else 0


def iterator(place: str) -> dict[str, Any]:
    """What `GetShardIterator` wants to know."""
    if place == TRIM_HORIZON:
        return {"ShardIteratorType": TRIM_HORIZON}
    if place.startswith(_AT):
        time = datetime.fromtimestamp(int(place.removeprefix(_AT)) / 1000, UTC)
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": time}
    sequence, _, part = place.partition("/")
    kind = "AT_SEQUENCE_NUMBER" if part else "AFTER_SEQUENCE_NUMBER"
    return {"ShardIteratorType": kind, "StartingSequenceNumber": sequence}


def start(said: str, now: int) -> str:
    """Where a stream is read from that was never read before: `latest`, `trim-horizon` or a time.

    `latest` is what arrives from `now` (UTC ms) on: it's no other moment for a shard that is first read later.
    Raises `Misconfigured`.
    """
    if said == "trim-horizon":
        return TRIM_HORIZON
    if said == "latest":
        return at(now)
    otherwise = f"--from wants latest, trim-horizon or a time such as 2026-11-22T09:30 (UTC); {said!r} is none"
    time = utc_ms(said, otherwise)
    if time > now:
        raise Misconfigured(f"--from {said} is in the future")
    return at(time)
