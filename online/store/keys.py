"""The names of Redis keys: the shard is the hash tag, so that what moves together lies in one slot."""

from typing import NamedTuple

from online.store.protocol import Counter


class Keys(NamedTuple):
    """Keys of one namespace."""

    namespace: str

    def user_shard(self, shard: int) -> str:
        return f"{self.namespace}:{{u{shard}}}:shard"

    def shard_users(self, shard: int) -> str:
        return f"{self.namespace}:{{u{shard}}}:users"

    def user(self, shard: int, user_id: str) -> str:
        return f"{self.namespace}:{{u{shard}}}:user:{user_id}"

    def item_shard(self, shard: int) -> str:
        return f"{self.namespace}:{{i{shard}}}:shard"

    def buckets(self, shard: int, family: str) -> str:
        return f"{self.namespace}:{{i{shard}}}:buckets:{family}"

    def counter(self, counter: Counter) -> str:
        return f"{self.namespace}:{{i{counter.shard}}}:count:{counter.family}:{counter.bucket}:{counter.name}"

    @property
    def calibrators(self) -> str:
        return f"{self.namespace}:calibrators"

    @property
    def drift(self) -> str:
        """In the calibrators' slot, whose key has no tag."""
        return f"{self.namespace}:drift:{{{self.calibrators}}}"

    @property
    def heartbeats(self) -> str:
        return f"{self.namespace}:heartbeats"

    @property
    def items(self) -> str:
        return f"{self.namespace}:{{items}}:content"

    @property
    def items_progress(self) -> str:
        return f"{self.namespace}:{{items}}:progress"
