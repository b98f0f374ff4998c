"""Users between the store and the encoder: opened with the bundle that they're on, and packed again."""

from collections.abc import Mapping, Sequence

from contracts.rollout import bundle_for
from online.learn.advance import advance
from online.learn.bundles import Bundles
from online.learn.fold import Working
from online.learn.partition import Partition
from online.store.protocol import ShardRecords, UserRecord


class Users:
    """Opens and packs users; `bundles` has those that they are on."""

    def __init__(self, bundles: Bundles) -> None:
        self._bundles = bundles

    async def open(self, owned: Partition, shards: Mapping[int, Sequence[str]]) -> dict[str, Working]:
        """These users by shard, new ones too; raises `Fenced`."""
        found = await owned.read(shards)
        return {
            user_id: _working(owned, user_id, found[shard])
            for shard, user_ids in shards.items()
            for user_id in user_ids
        }

    async def open_to_move(self, owned: Partition, shard: int) -> list[Working]:
        """Those of a shard's users whose states are another bundle's; raises `Fenced`."""
        found = (await owned.read({shard: await owned.shard_users(shard)}))[shard]
        users = [_working(owned, user_id, found) for user_id in found.users]
        return [user for user in users if user.rebuilt]

    async def records(self, users: Sequence[Working]) -> dict[str, UserRecord]:
        """The users' new records, each computed with the bundle that they're on."""
        states = {user.user_id: user.state for user in users}
        for version in sorted({user.bundle for user in users if user.bundle and user.pending}):
            group = [user for user in users if user.bundle == version and user.pending]
            stepped = advance(group, await self._bundles.get(version))
            states.update({user.user_id: state for user, state in zip(group, stepped, strict=True)})
        return {u.user_id: UserRecord.pack(states[u.user_id], u.history, u.seen, u.shown) for u in users}


def _working(owned: Partition, user_id: str, found: ShardRecords) -> Working:
    return Working(user_id, found.users.get(user_id), bundle_for(user_id, found.meta.rollout), owned.incarnation)
