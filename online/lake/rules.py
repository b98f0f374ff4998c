"""What a reader of the lake leaves out, as the learner does: duplicates among recent ids, and what was erased."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from online.store import recent

STEPPING: Final = ("interaction", "mood")
"""The types of events that enter a user's history."""


class Row(NamedTuple):
    """What the rules look at of one event."""

    incarnation: str
    partition: int
    offset: int
    arrival: int
    type: str
    event_id: str
    user_id: str
    mood: str
    known_as: str


class RecentIds:
    """Which events of one partition were sent again, by the very ids that the learner goes by."""

    def __init__(self) -> None:
        self._users: defaultdict[str, recent.RecentIds] = defaultdict(recent.RecentIds)

    def is_new(self, row: Row) -> bool:
        """Whether this event, the next of the partition, has an effect; remembers it."""
        ending = row.type == "erase" or (row.type == "alias" and row.known_as != row.user_id)
        if not ending and (row.type not in STEPPING or (row.type == "mood" and not row.mood)):
            return True  # noted, or refused for its unknown mood: it never enters the history
        ids = self._users[row.user_id]
        if row.event_id in ids:
            return False
        if ending:
            ids.end(row.event_id)
        else:
            ids.enter(row.event_id)
        return True


class Erasures:
    """Which events were erased: a user's, and those of the anonymous users who turned out to be that user."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Of all `erase` and `alias` events of the lake."""
        self._latest: dict[str, Row] = {}
        aliases: list[Row] = []
        repeats = RecentIds()
        for row in sorted(rows, key=lambda row: (row.arrival, row.offset)):
            if not repeats.is_new(row):
                continue
            if row.type == "erase":
                self._latest[row.user_id] = row
            elif row.type == "alias":
                aliases.append(row)
        for alias in reversed(aliases):  # the newest first, so that a chain is followed to its start
            erase = self._latest.get(alias.known_as)
            own = self._latest.get(alias.user_id)
            if erase and alias.arrival <= erase.arrival and (own is None or own.arrival < erase.arrival):
                self._latest[alias.user_id] = erase

    @property
    def users(self) -> list[str]:
        """Whose events any erasure covers."""
        return list(self._latest)

    def covers(self, row: Row) -> bool:
        """Whether this event came before its user's erasure; the `erase` itself stays."""
        erase = self._latest.get(row.user_id)
        if erase is None:
            return False
        if row[:2] == erase[:2]:
            return row.offset < erase.offset
        return row.arrival <= erase.arrival
