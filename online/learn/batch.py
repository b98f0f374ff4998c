"""The work of one batch between its reading and its writing: the users' new histories and what the counts gain."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from contracts.events import Erase, UserEvent
from contracts.sharding import user_shard
from online.learn.counts import effects
from online.learn.enrich import Enriched
from online.learn.fold import Working
from online.learn.impressions import decided
from online.learn.outgoing import Raw
from online.learn.partition import Partition
from online.learn.users import Opened
from online.store.impressions import Outcomes
from online.store.protocol import Counter, CountWrite, ShardWrite, UserRecord
from online.store.state import FORWARDED, Entry


class TakenIn(NamedTuple):
    """An event with its entry in the user's history, the entry before it, and how many entries are before it."""

    row: Enriched
    entry: Entry
    before: Entry | None
    at: int


Increments = defaultdict[Counter, defaultdict[str, int]]


class Batch:
    """Folds events in order; writes nothing by itself."""

    def __init__(self, owned: Partition, opened: Opened) -> None:
        self._owned = owned
        self.users, self._damaged = opened
        self.touched: dict[str, None] = {}
        """Users that an event changed, in order of appearance."""
        self._shards: set[int] = set()
        self.refused: list[tuple[Raw, Exception]] = []
        self.taken: list[TakenIn] = []
        """Events that what is watched for drift lacks, in the log's order; pages are told by their rows."""
        self.outcomes: list[Outcomes] = []
        """What the calibrator lacks, in the log's order."""
        self._increments: Increments = defaultdict(lambda: defaultdict(int))
        self._counted = {shard: owned.stretch.within(mark) for shard, mark in owned.counts.items()}
        self._counted_by_any = max(self._counted.values())

    def fold(self, event: UserEvent, row: Enriched) -> str:
        """Fold in one event and say what became of it; raises `InvalidEvent`, `StateUnreadable` for a damaged user.

        One that the user's shard has already adds only to the item shards and the calibrator that lack it.
        """
        if event.user_id in self._damaged:
            if not isinstance(event, Erase):
                raise self._damaged[event.user_id].error
            self.users[event.user_id] = self._damaged.pop(event.user_id).anew
        user = self.users[event.user_id]
        shard = user_shard(event.user_id)
        if row.offset <= self._owned.offset(shard):
            for at in [at for at, entry in enumerate(user.history) if entry.offset == row.offset]:
                self._count(user, at, row)
                self._watch(user, at, row)
            self._decide(user, row.offset)
            return "redelivered"
        self._shards.add(shard)
        sent = len(user.outgoing)
        outcome = user.apply(event, row)
        if row.offset <= self._owned.sent:  # in an earlier life
            del user.outgoing[sent:]
        if outcome in ("applied", "forwarded", "noted"):
            self.touched[event.user_id] = None
        if outcome == "applied" and user.history and user.history[-1].offset == row.offset:
            self._count(user, len(user.history) - 1, row)
            self._watch(user, len(user.history) - 1, row)
        self._decide(user, row.offset)
        return outcome

    def _decide(self, user: Working, offset: int) -> None:
        if offset > self._owned.calibrated:
            self.outcomes += decided(user.shown, offset)

    def _watch(self, user: Working, at: int, row: Enriched) -> None:
        if row.offset <= self._owned.calibrated or row.event_id.startswith(FORWARDED):
            return
        self.taken.append(TakenIn(row, user.history[at], user.history[at - 1] if at else None, at))

    def _count(self, user: Working, at: int, row: Enriched) -> None:
        if row.event_id.startswith(FORWARDED):  # counted when the anonymous user did it
            return
        lacking = effects(user.history, at)
        if row.offset <= self._counted_by_any:
            lacking = (effect for effect in lacking if row.offset > self._counted[effect[0].shard])
        for counter, member, times in lacking:
            self._increments[counter][member] += times

    def count_writes(self, upto: int) -> list[CountWrite]:
        """What the item shards gain, each with its own watermark's step."""
        owned = self._owned
        by_shard: defaultdict[int, dict[Counter, Mapping[str, int]]] = defaultdict(dict)
        for counter, members in self._increments.items():
            by_shard[counter.shard][counter] = members
        return [
            CountWrite(shard, owned.number, owned.counts[shard], owned.at(upto), increments)
            for shard, increments in sorted(by_shard.items())
        ]

    def shard_writes(self, upto: int, records: Mapping[str, UserRecord]) -> list[ShardWrite]:
        """The touched users' records by shard, each with its own watermark's step."""
        users: dict[int, dict[str, UserRecord]] = {shard: {} for shard in self._shards}
        for user_id in self.touched:
            users[user_shard(user_id)][user_id] = records[user_id]
        metas = self._owned.metas
        new = self._owned.at(upto)
        return [ShardWrite(s, metas[s], metas[s].at(new), users[s]) for s in sorted(users)]
