"""Idle users follow a change of the bundle: their states are made again from their histories, some at a time."""

from typing import Final

from online.learn.fold import Working
from online.learn.partition import Partition
from online.learn.users import Users
from online.store.protocol import ShardWrite

_MOVED_AT_ONCE: Final = 64
"""Users whose states are made again together: a full tile of the encoder."""


async def move_some(owned: Partition, users: Users) -> int | None:
    """Move the users of some shards that have such as aren't moved; returns how many, None when all are."""
    shards: dict[int, list[Working]] = {}
    for shard in [s for s, meta in owned.metas.items() if not meta.moved]:
        shards[shard] = await users.open_to_move(owned, shard)
        if sum(map(len, shards.values())) >= _MOVED_AT_ONCE:
            break
    records = await users.records_of_sound([user for moved in shards.values() for user in moved])
    await owned.write_shards(
        [
            ShardWrite(
                shard, meta, meta.all_moved(), {u.user_id: records[u.user_id] for u in moved if u.user_id in records}
            )
            for shard, moved in shards.items()
            for meta in [owned.metas[shard]]
        ]
    )
    return len(records) if shards else None
