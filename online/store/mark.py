"""Whose a namespace is: a replay that fills one marks it first, so that nobody takes its states for live ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from contracts.errors import StoreUnavailable
from contracts.sharding import USER_SHARDS
from online.store.protocol import ShardMeta
from online.store.redis import connect

_FIELD: Final = "replay"


async def mark_of(url: str, namespace: str, *, cluster: bool = False) -> str:
    """The mark, empty where there is none; raises `StoreUnavailable`."""
    async with _client(url, cluster=cluster) as client:
        found = await client.hget(_key(namespace), _FIELD)
        return found.decode() if found else ""


async def mark(url: str, namespace: str, whose: str, *, cluster: bool = False) -> None:
    """Set the mark; raises `StoreUnavailable`."""
    async with _client(url, cluster=cluster) as client:
        await client.hset(_key(namespace), _FIELD, whose)


async def is_used(url: str, namespace: str, *, cluster: bool = False) -> bool:
    """Whether it has any states, or workers that filled it; raises `StoreUnavailable`."""
    store = connect(url, namespace, cluster=cluster)
    try:
        metas = await store.shards(range(USER_SHARDS))
        return any(meta != ShardMeta() for meta in metas.values()) or bool(await store.heartbeats())
    finally:
        await store.close()


@asynccontextmanager
async def _client(url: str, *, cluster: bool) -> AsyncIterator[Any]:
    client: Any = (RedisCluster if cluster else Redis).from_url(url, socket_connect_timeout=5)
    try:
        yield client
    except (RedisError, RedisClusterException, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}; try again") from error
    finally:
        await client.aclose()


def _key(namespace: str) -> str:
    return f"{namespace}:mark"
