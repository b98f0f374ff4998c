"""What the store has kept of each partition's drift."""

import asyncio

from contracts.settings import Settings
from moodstream.local.operate import with_servers
from online.learn.drift.partitions import Watched, watched
from online.store.redis import connect


def read(settings: Settings) -> Watched:
    """As it is now; raises `Misconfigured` where nothing runs, `StoreUnavailable`, and `StateTooNew`."""
    there = with_servers(settings)

    async def ask() -> dict[int, bytes]:
        store = connect(there.redis or "", there.namespace, cluster=there.redis_cluster)
        try:
            return await store.drifts()
        finally:
            await store.close()

    return watched(asyncio.run(ask()))
