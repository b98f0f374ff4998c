"""Users between the store and the encoder: opened with the bundle that they're on, and packed again."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from contracts.errors import MoodstreamError, StateTooNew, StateUnreadable
from contracts.logs import worded
from contracts.rollout import bundle_for
from contracts.sharding import user_shard
from online.learn.advance import advance
from online.learn.bundles import Bundles
from online.learn.fold import Working
from online.learn.partition import Partition
from online.store.protocol import ShardRecords, UserRecord

log: Final = logging.getLogger("moodstream.learn")


class Damaged(NamedTuple):
    """A user whose record can't be read, with what is wrong, and as a new one: what an `erase` leaves."""

    error: StateUnreadable
    anew: Working


class Opened(NamedTuple):
    """Users as the store has them, and those whose records are damaged."""

    users: dict[str, Working]
    damaged: dict[str, Damaged]


class Users:
    """Opens and packs users; `bundles` has those that they are on."""

    def __init__(self, bundles: Bundles) -> None:
        self._bundles = bundles

    async def open(self, owned: Partition, shards: Mapping[int, Sequence[str]]) -> Opened:
        """These users by shard, new ones too; raises `Fenced`, and `StateTooNew` where newer code has written."""
        opened = Opened({}, {})
        for shard, found in (await owned.read(shards)).items():
            for user_id in shards[shard]:
                _open(opened, owned, user_id, found)
        return opened

    async def open_to_move(self, owned: Partition, shard: int) -> list[Working]:
        """Those of a shard's users whose states are another bundle's; damaged ones stay. Raises as `open` does."""
        opened = Opened({}, {})
        found = (await owned.read({shard: await owned.shard_users(shard)}))[shard]
        for user_id in found.users:
            _open(opened, owned, user_id, found)
        for damaged in opened.damaged.values():
            log.error("a user of shard %d stays on the bundle that they were on: %s", shard, worded(damaged.error))
        return [user for user in opened.users.values() if user.rebuilt]

    async def records(self, users: Sequence[Working]) -> dict[str, UserRecord]:
        """The users' new records, each computed with the bundle that they're on."""
        states = {user.user_id: user.state for user in users}
        for version in sorted({user.bundle for user in users if user.bundle and user.pending}):
            group = [user for user in users if user.bundle == version and user.pending]
            stepped = advance(group, await self._bundles.get(version))
            states.update({user.user_id: state for user, state in zip(group, stepped, strict=True)})
        for user in users:
            user.foretold = states[user.user_id].foretold
        return {u.user_id: UserRecord.pack(states[u.user_id], u.history, u.seen, u.shown) for u in users}

    async def records_of_sound(self, users: Sequence[Working]) -> dict[str, UserRecord]:
        """The same without those that the encoder falls over."""
        try:
            return await self.records(users)
        except Exception as error:
            if isinstance(error, MoodstreamError) and error.retriable:
                raise
            if len(users) == 1:
                log.exception("a user of shard %d stays on the bundle that they were on", user_shard(users[0].user_id))
                return {}
            alone = [await self.records_of_sound([user]) for user in users]
            return {user_id: record for records in alone for user_id, record in records.items()}


def _open(opened: Opened, owned: Partition, user_id: str, found: ShardRecords) -> None:
    def working(record: UserRecord | None) -> Working:
        meta = found.meta
        return Working(user_id, record, bundle_for(user_id, meta.rollout), owned.incarnation, meta.turn)

    try:
        opened.users[user_id] = working(found.users.get(user_id))
    except StateTooNew:
        raise
    except StateUnreadable as error:
        opened.damaged[user_id] = Damaged(error, working(None))
