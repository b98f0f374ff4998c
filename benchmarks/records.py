"""Users' records as a learner makes them, under as many names as are wanted."""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.event_log import ITEMS, made_up
from benchmarks.filled import DIM, HIDDEN
from benchmarks.in_memory import InMemory, users_of
from contracts.rollout import Rollout
from contracts.sharding import user_shard
from online.store.protocol import ShardMeta, ShardWrite, UserRecord, Watermark
from tests.fakes.bundle import random_bundle

_EVENTS: Final = 12_000
_USERS: Final = 400
"""Thirty events each in the mean, and few with much: as unequal as `event_log` makes them."""


async def learned_records(events: int = _EVENTS, users: int = _USERS) -> list[UserRecord]:
    """Of some hundred users with histories of all lengths."""
    log = list(made_up(events, users))
    learner = await InMemory(random_bundle(ITEMS, hidden=HIDDEN, dim=DIM)).begin()
    await learner.learn(learner.placed(log))
    return [await learner.record(user) for user in users_of(log)]


def named(records: Sequence[UserRecord], count: int) -> dict[str, UserRecord]:
    """So many users, whose records repeat."""
    return {f"user-{number}": records[number % len(records)] for number in range(count)}


class Writing:
    """Writes users' shards step by step, as a learner's batches do."""

    def __init__(self) -> None:
        self._metas: dict[int, ShardMeta] = {}
        self._offset = 0

    def step(self, users: dict[str, UserRecord]) -> list[ShardWrite]:
        """One batch's."""
        self._offset += len(users)
        shards: dict[int, dict[str, UserRecord]] = {}
        for user_id, record in users.items():
            shards.setdefault(user_shard(user_id), {})[user_id] = record
        return list(self._writes(shards))

    def _writes(self, shards: dict[int, dict[str, UserRecord]]) -> Iterator[ShardWrite]:
        for shard, users in shards.items():
            expected = self._metas.get(shard, ShardMeta())
            rollout = Rollout("bundle")
            meta = ShardMeta(Watermark("topic", self._offset), rollout)
            self._metas[shard] = meta
            yield ShardWrite(shard, expected, meta, users)
