"""The store forgets a namespace, in one step: workers that run beside it find all shards at their beginning."""

from typing import Any, Final

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from contracts.errors import StoreUnavailable

_WIPE: Final = """
-- ARGV: the pattern of keys. No cursor: between two steps a worker could count for a shard that is gone already
local keys = redis.call('KEYS', ARGV[1])
for at = 1, #keys, 5000 do redis.call('UNLINK', unpack(keys, at, math.min(at + 4999, #keys))) end
return #keys
"""


async def wipe(url: str, namespace: str, *, cluster: bool = False) -> int:
    """Delete the namespace's keys; returns how many. Raises `StoreUnavailable`.

    On one server it's one step, which holds up others for about a second per million keys. A cluster has no such step:
    no worker may run meanwhile.
    """
    try:
        return await (_of_cluster(url, namespace) if cluster else _of_one(url, namespace))
    except (RedisError, RedisClusterException, OSError) as error:
        raise StoreUnavailable(f"Redis does not forget {namespace}: {error}; try again") from error


async def _of_one(url: str, namespace: str) -> int:
    client: Any = Redis.from_url(url, socket_connect_timeout=5)
    try:
        return int(await client.eval(_WIPE, 0, f"{namespace}:*"))
    finally:
        await client.aclose()


async def _of_cluster(url: str, namespace: str) -> int:
    client: Any = RedisCluster.from_url(url, socket_connect_timeout=5)
    gone = 0
    try:
        async for key in client.scan_iter(match=f"{namespace}:*", count=1000):
            gone += int(await client.unlink(key))
    finally:
        await client.aclose()
    return gone
