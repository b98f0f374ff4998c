"""Where a user and an item live: fixed shards, which partition owns a shard, and which Redis slot holds it."""

from functools import lru_cache
from typing import Final

USER_SHARDS: Final = 1024
"""V of DESIGN.md: fixed for ever; a partition count must divide it."""
ITEM_SHARDS: Final = 16

_MASK32 = 0xFFFFFFFF
_M = 0x5BD1E995


def murmur2(key: bytes) -> int:
    """Kafka's murmur2 (`org.apache.kafka.common.utils.Utils.murmur2`) as an unsigned 32-bit number."""
    h = (0x9747B28C ^ len(key)) & _MASK32
    whole = len(key) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(key[i : i + 4], "little") * _M & _MASK32
        k = (k ^ (k >> 24)) * _M & _MASK32
        h = (h * _M & _MASK32) ^ k
    if tail := key[whole:]:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK32
    h = (h ^ (h >> 13)) * _M & _MASK32
    return h ^ (h >> 15)


@lru_cache(maxsize=1 << 17)
def user_shard(user_id: str) -> int:
    """The shard of a user, in [0, USER_SHARDS)."""
    return (murmur2(user_id.encode()) & 0x7FFFFFFF) % USER_SHARDS


@lru_cache(maxsize=1 << 17)
def item_shard(item_id: str) -> int:
    """The shard of an item's counts, in [0, ITEM_SHARDS)."""
    return (murmur2(item_id.encode()) & 0x7FFFFFFF) % ITEM_SHARDS


def partition_of(user_id: str, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives this key, which is the owner of the user's shard."""
    return user_shard(user_id) % partitions


def shards_of(partition: int, partitions: int) -> range:
    """The user shards that one partition owns; `partitions` divides USER_SHARDS."""
    return range(partition, USER_SHARDS, partitions)
