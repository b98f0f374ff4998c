"""What is to be done for more partitions, and whether it can be."""

import time
from typing import Final

import msgspec

from contracts.errors import Misconfigured
from contracts.settings import Settings
from contracts.sharding import USER_SHARDS
from contracts.topics import EVENTS
from moodstream.local.running import heartbeats
from online.lake.folder import Folder
from online.lake.partitions import Note, noted
from stream import topics

_FRESH_MS: Final = 5_000
_PATIENCE_S: Final = 15.0
"""Who starts just now says so soon."""


class Plan(msgspec.Struct, frozen=True):
    """From how many to how many."""

    topic_id: str
    before: int
    """That are open."""
    there: int
    """That Kafka has: more where a change was cut off, or somebody added some by other means."""
    after: int
    note: Note

    @property
    def moving(self) -> int:
        """User shards that go on in another partition; a user's state stays where it is."""
        return USER_SHARDS - USER_SHARDS * self.before // self.after


def plan(settings: Settings, to: int) -> Plan:
    """Look at what there is; raises `Misconfigured` where it can't be, `Unavailable`."""
    if to < 1 or USER_SHARDS % to:
        raise Misconfigured(f"--to {to}: partitions are a power of two, up to {USER_SHARDS:,}")
    found = topics.made(settings.kafka or "", settings.namespace)[EVENTS]
    note = noted(Folder(settings.lake_url, settings.namespace), found.id, settings.partitions)
    before, begun = note.partitions[-1], note.opening
    if to < before:
        raise Misconfigured(f"--to {to}: there are {before}, and Kafka takes none away")
    if begun and begun.partitions != to:
        raise Misconfigured(f"a change to {begun.partitions} was begun: end it by --to {begun.partitions}")
    if found.partitions < before:
        raise Misconfigured(
            f"topic {EVENTS.name} has {found.partitions} partitions, MOODSTREAM_PARTITIONS says {before}: "
            f"set MOODSTREAM_PARTITIONS={found.partitions}, the number that it was made with"
        )
    if to < found.partitions:
        raise Misconfigured(f"--to {to}: Kafka has {found.partitions} already: go to the next power of two from there")
    return Plan(found.id, before, found.partitions, to, note)


def check_workers(settings: Settings, partitions: int) -> None:
    """Raises `Misconfigured` unless every partition is learned from, by workers that hold at a cut."""
    deadline = time.monotonic() + _PATIENCE_S
    while missing := without_worker(settings, partitions):
        if time.monotonic() > deadline:
            raise Misconfigured(
                f"nobody learns from partition {', '.join(map(str, missing))}, so nothing would come to an end there: "
                "start the workers first (moodstream status shows them)"
            )
        time.sleep(0.5)
    old = [beat.partition for beat in heartbeats(settings) if not beat.partitions and beat.partition < partitions]
    if old:
        raise Misconfigured(
            f"the worker of partition {old[0]} is of an older release, which knows of no such change: upgrade all first"
        )


def without_worker(settings: Settings, partitions: int) -> list[int]:
    """Of the first so many partitions those that nobody learned from in the last seconds."""
    since = time.time() * 1000 - _FRESH_MS
    return sorted(set(range(partitions)) - {beat.partition for beat in heartbeats(settings) if beat.time > since})
