"""The log of one replay as it lies on the disk: read once from its source, so that it can be read again and again."""

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import StateUnreadable
from contracts.topics import EVENTS
from model.whole_file import write_whole
from online.learn.outgoing import Raw

LOG: Final = "log"
_NOTE: Final = "log.json"
_HEAD: Final = struct.Struct("<qI")
"""Arrival (UTC ms), and how many bytes follow."""
_TOLD: Final = 10_000


class Spooled(msgspec.Struct, frozen=True):
    """What a log that was read to its end is."""

    records: int
    scored_from: int
    """The place of the first record that is no longer only learned."""
    first: int
    """Arrival of the first and last record that is, UTC ms; 0 where there is none."""
    last: int
    digest: str
    """Of arrivals and bytes."""


def spool(folder: Path, log: Iterable[Raw], since: int | None, tell: Callable[[int], None]) -> Spooled:
    """Write the log down; `since` (UTC ms) says from where on it is scored. `tell` hears how much was read."""
    hashing, places, times = blake2b(digest_size=16), 0, [0, 0]
    scored_from: int | None = None
    with (folder / LOG).open("wb") as file:
        for raw in log:
            frame = _HEAD.pack(raw.time, len(raw.value)) + raw.value
            file.write(frame)
            hashing.update(frame)
            if scored_from is None and (since is None or raw.time >= since):
                scored_from, times[0] = places, raw.time
            times[1] = raw.time if scored_from is not None else 0
            places += 1
            if places % _TOLD == 0:
                tell(places)
        file.flush()
        os.fsync(file.fileno())
    first, last = times
    found = Spooled(places, places if scored_from is None else scored_from, first, last, hashing.hexdigest())
    write_whole(folder / _NOTE, msgspec.json.encode(found))
    return found


def spooled(folder: Path) -> Spooled | None:
    """What the folder's log is; None where it was never read to its end."""
    try:
        return msgspec.json.decode((folder / _NOTE).read_bytes(), type=Spooled)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def records(folder: Path) -> Iterator[Raw]:
    """The log, in its order; raises `StateUnreadable` where the file is shorter than it was."""
    place = 0
    with (folder / LOG).open("rb", buffering=1 << 20) as file:
        while head := file.read(_HEAD.size):
            time, length = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, -1)
            value = file.read(length) if length >= 0 else b""
            if len(value) != length:
                raise StateUnreadable(f"{folder / LOG} was cut short: moodstream replay --anew reads the log again")
            yield Raw(EVENTS, 0, place, time, value)
            place += 1
