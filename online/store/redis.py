"""The store in Redis or Valkey, one server or a cluster: every write touches one hash slot."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from redis.asyncio import Redis, RedisCluster

from contracts.errors import Fenced, Misconfigured
from contracts.rollout import Rollout
from contracts.sharding import ITEM_SHARDS, user_shard
from online.store import scripts
from online.store.calls import Calls, Command, answering
from online.store.codec import damaged
from online.store.keys import Keys
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Changed,
    Counter,
    CountWrite,
    Heartbeat,
    Memory,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    UserRecord,
    Watermark,
)

_DAY_MS: Final = 24 * 3600 * 1000
_AT_ONCE: Final = 8192
"""Members of counters that are read at once, if they are there: some milliseconds, in which the process does nothing
else."""
_RECORD: Final = ("state", "history", "seen", "shown")
_META: Final = ("watermark", "rollout", "moved", "turn")


class RedisStore:
    """Implements `online.store.protocol.Store`; `connect` makes one."""

    def __init__(
        self, client: Redis | RedisCluster, namespace: str, *, user_idle_days: int = 365, count_days: int = 365
    ) -> None:
        self._client: Any = client
        self._calls = Calls(client)
        self._keys = Keys(namespace)
        self._user_idle_ms = user_idle_days * _DAY_MS
        self._count_idle_ms = count_days * _DAY_MS

    async def shards(self, shards: Sequence[int]) -> dict[int, ShardMeta]:
        found = await self._calls.pipelined([("HMGET", self._keys.user_shard(shard), *_META) for shard in shards])
        return {shard: _meta(fields) for shard, fields in zip(shards, found, strict=True)}

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        return _shards(users, await self._calls.scripted(scripts.READ_SHARD, self._read_calls(users)))

    def _read_calls(self, users: Mapping[int, Sequence[str]]) -> list[Command]:
        keys = [
            (self._keys.user_shard(shard), *(self._keys.user(shard, user_id) for user_id in user_ids))
            for shard, user_ids in users.items()
        ]
        return [(len(names), *names) for names in keys]

    async def read_for(
        self, partition: int, users: Mapping[int, Sequence[str]]
    ) -> tuple[dict[int, ShardRecords], dict[int, Watermark], Calibrator]:
        marks, calibrator = self._mark_calls(partition), self._calibrator_calls(partition, "running")
        calls = self._read_calls(users)
        if isinstance(self._client, RedisCluster):  # one connection a node: there "before" wants two round trips
            found = await self._calls.scripted(scripts.READ_SHARD, calls)
            found += await self._calls.pipelined([*marks, *calibrator])
        else:
            found = await self._calls.scripted(scripts.READ_SHARD, calls, [*marks, *calibrator])
        shared = found[len(calls) :]
        return _shards(users, found[: len(calls)]), _marks(shared[: len(marks)]), _calibrator(*shared[len(marks) :])

    async def user(self, user_id: str) -> tuple[ShardMeta, UserRecord | None]:
        # the watermark is read first, so that it never claims more than the state has
        shard = user_shard(user_id)
        meta, fields = await self._calls.pipelined(
            [("HMGET", self._keys.user_shard(shard), *_META), ("HMGET", self._keys.user(shard, user_id), *_RECORD)]
        )
        return _meta(meta), _record(fields)

    async def shard_users(self, shard: int) -> list[str]:
        (members,) = await self._calls.pipelined([("SMEMBERS", self._keys.shard_users(shard))])
        return sorted(member.decode() for member in members)

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        await self._fenced(scripts.WRITE_SHARD, [self._shard_call(write) for write in writes], "user shards")

    def _shard_call(self, write: ShardWrite) -> Command:
        keys = [self._keys.user_shard(write.shard), self._keys.shard_users(write.shard)]
        keys += [self._keys.user(write.shard, user_id) for user_id in write.users]
        records = [part for user_id, record in write.users.items() for part in (user_id, *record)]
        return (len(keys), *keys, *_fields(write.expected), *_fields(write.meta), self._user_idle_ms, *records)

    async def count_watermarks(self, partition: int) -> dict[int, Watermark]:
        return _marks(await self._calls.pipelined(self._mark_calls(partition)))

    def _mark_calls(self, partition: int) -> list[Command]:
        return [("HGET", self._keys.item_shard(shard), f"watermark:{partition}") for shard in range(ITEM_SHARDS)]

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        await self._fenced(scripts.ADD_COUNTS, [self._count_call(write) for write in writes], "item shards")

    def _count_call(self, write: CountWrite) -> Command:
        buckets: dict[str, set[int]] = {}
        for counter in write.increments:
            buckets.setdefault(counter.family, set()).add(counter.bucket)
        keys = [self._keys.item_shard(write.shard)]
        keys += [self._keys.buckets(write.shard, family) for family in buckets]
        keys += [self._keys.counter(counter) for counter in write.increments]
        # in one argument: an event adds to some twenty members, and each argument of its own costs as much as the event
        added = msgspec.msgpack.encode((list(map(sorted, buckets.values())), list(write.increments.values())))
        marks = (write.expected.text(), write.new.text())
        return (len(keys), *keys, write.partition, *marks, self._count_idle_ms, added)

    async def calibrator(self, partition: int) -> Calibrator:
        return _calibrator(*await self._calls.pipelined(self._calibrator_calls(partition, "running", "kept")))

    def _calibrator_calls(self, partition: int, *of_drift: str) -> list[Command]:
        # the watermark is read first: what another writes meanwhile is refused by it
        return [
            ("HMGET", self._keys.calibrators, f"watermark:{partition}", f"state:{partition}"),
            ("HMGET", self._keys.drift, *(f"{name}:{partition}" for name in of_drift)),
        ]

    async def calibrators(self) -> list[bytes]:
        (found,) = await self._calls.pipelined([("HGETALL", self._keys.calibrators)])
        states = {int(name[6:]): state for name, state in found.items() if name.startswith(b"state:") and state}
        return [states[partition] for partition in sorted(states)]

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        new, keys = write.new, (self._keys.calibrators, self._keys.drift)
        marks = (write.expected.text(), new.watermark.text())
        drift = (int(write.kept), new.running, *([new.kept] if write.kept else []))
        call = (len(keys), *keys, write.partition, *marks, new.state, *drift)
        if await self._calls.scripted(scripts.WRITE_CALIBRATOR, [call]) == [0]:
            raise Fenced(f"the calibrator of partition {write.partition} was moved by another worker")

    async def drifts(self) -> dict[int, bytes]:
        (found,) = await self._calls.pipelined([("HGETALL", self._keys.drift)])
        kept = {int(name[5:]): raw for name, raw in found.items() if name.startswith(b"kept:") and raw}
        return dict(sorted(kept.items()))

    async def buckets(self, family: str, newest: int) -> list[int]:
        found = await self._calls.pipelined(
            [("SMEMBERS", self._keys.buckets(shard, family)) for shard in range(ITEM_SHARDS)]
        )
        return sorted({int(bucket) for members in found for bucket in members}, reverse=True)[:newest]

    async def top_counts(self, counters: Sequence[Counter], n: int) -> list[list[tuple[str, int]]]:
        return [[(member.decode(), int(count)) for member, count in top] for top in await self._top(counters, n)]

    async def _top(self, counters: Sequence[Counter], n: int) -> list[list[tuple[bytes, float]]]:
        if n < 1:  # -1 would mean the last one
            return [[] for _ in counters]
        return await self._calls.pipelined(
            [("ZREVRANGE", self._keys.counter(counter), 0, n - 1, "WITHSCORES") for counter in counters]
        )

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[Changed | None]:
        changed: list[Changed | None] = []
        at_once = max(1, _AT_ONCE // max(1, n))
        for start in range(0, len(counters), at_once):
            found = await self._top(counters[start : start + at_once], n)
            changed += [
                Changed(0, [member.decode() for member, _ in top], [times for _, times in top]) for top in found
            ]
        return changed

    async def beat(self, heartbeat: Heartbeat) -> None:
        await self._calls.pipelined(
            [("HSET", self._keys.heartbeats, heartbeat.partition, msgspec.json.encode(heartbeat))]
        )

    async def heartbeats(self) -> list[Heartbeat]:
        (found,) = await self._calls.pipelined([("HVALS", self._keys.heartbeats)])
        return sorted((msgspec.json.decode(raw, type=Heartbeat) for raw in found), key=lambda beat: beat.partition)

    async def put_items(self, partition: int, expected: Watermark, new: Watermark, items: Mapping[str, bytes]) -> None:
        arguments = [part for pair in items.items() for part in pair]
        keys = (self._keys.items, self._keys.items_progress)
        call = (2, *keys, partition, expected.text(), new.text(), *arguments)
        if await self._calls.scripted(scripts.PUT_ITEMS, [call]) == [0]:
            raise Fenced(f"the catalogue's changes of partition {partition} were moved by another worker")

    async def items_watermark(self, partition: int) -> Watermark:
        (text,) = await self._calls.pipelined([("HGET", self._keys.items_progress, f"watermark:{partition}")])
        return Watermark.parse((text or b"").decode())

    async def items(self, known: int) -> tuple[int, dict[str, bytes]]:
        (changes,) = await self._calls.pipelined([("HGET", self._keys.items_progress, "changes")])
        if int(changes or 0) == known:
            return known, {}
        (found,) = await self._calls.pipelined([("HGETALL", self._keys.items)])
        return int(changes or 0), {item.decode(): content for item, content in found.items()}

    async def memory(self) -> Memory | None:
        async with answering():
            cluster = isinstance(self._client, RedisCluster)
            found = await self._client.info("memory", **({"target_nodes": RedisCluster.PRIMARIES} if cluster else {}))
        nodes = [found] if "used_memory" in found else list(found.values())
        return max((_memory(node) for node in nodes), key=lambda one: one.used / one.limit)

    async def dump(self) -> dict[str, object]:
        """One server only: it walks the whole key space, for tests and comparisons."""
        dumped: dict[str, object] = {}
        async for key in self._client.scan_iter(match=f"{self._keys.namespace}:*", count=1000):
            kind = (await self._client.type(key)).decode()
            read = {"hash": "HGETALL", "set": "SMEMBERS"}.get(kind)
            command = (read, key) if read else ("ZRANGE", key, 0, -1, "WITHSCORES")
            (dumped[key.decode()],) = await self._calls.pipelined([command])
        return dumped

    async def close(self) -> None:
        await self._client.aclose()

    async def _fenced(self, script: str, calls: Sequence[Command], what: str) -> None:
        done = await self._calls.scripted(script, calls)
        if refused := done.count(0):
            raise Fenced(f"{refused} of {len(calls)} {what} were moved by another worker")


def connect(
    url: str,
    namespace: str,
    *,
    cluster: bool = False,
    timeout_s: float = 5.0,
    user_idle_days: int = 365,
    count_days: int = 365,
) -> RedisStore:
    """A store that opens its connections when it is first used; `timeout_s` bounds each wait for the server."""
    kind: Any = RedisCluster if cluster else Redis
    client = kind.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    return RedisStore(client, namespace, user_idle_days=user_idle_days, count_days=count_days)


async def check_noeviction(url: str) -> None:
    """Raises `Misconfigured` where the server may drop states by itself, `StoreUnavailable` where it doesn't answer."""
    client = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    async with answering():
        try:
            policy = (await client.info("memory"))["maxmemory_policy"]
        finally:
            await client.aclose()
    if policy != "noeviction":
        raise Misconfigured(
            f"Redis evicts keys by itself ({policy}), so users' states would get lost: "
            "run redis-cli CONFIG SET maxmemory-policy noeviction"
        )


def _memory(said: Mapping[str, Any]) -> Memory:
    return Memory(said["used_memory"], said["maxmemory"] or said["total_system_memory"])


def _shards(users: Mapping[int, Sequence[str]], found: Sequence[Any]) -> dict[int, ShardRecords]:
    return {
        shard: ShardRecords(_meta(meta), _known(user_ids, records))
        for (shard, user_ids), (meta, *records) in zip(users.items(), found, strict=True)
    }


def _marks(found: Sequence[bytes | None]) -> dict[int, Watermark]:
    return {shard: Watermark.parse((text or b"").decode()) for shard, text in enumerate(found)}


def _calibrator(of_outcomes: Sequence[bytes | None], of_drift: Sequence[bytes | None]) -> Calibrator:
    mark, state = of_outcomes
    return Calibrator(Watermark.parse((mark or b"").decode()), *(part or b"" for part in (state, *of_drift)))


def _known(user_ids: Sequence[str], records: Sequence[Sequence[Any]]) -> dict[str, UserRecord]:
    pairs = zip(user_ids, map(_record, records), strict=True)
    return {user_id: record for user_id, record in pairs if record}


def _record(fields: Sequence[Any]) -> UserRecord | None:
    state, history, seen, shown = fields
    return None if None in (state, history, seen) else UserRecord(state, history, seen, shown or b"")


def _fields(meta: ShardMeta) -> tuple[str, bytes, int, int]:
    return meta.watermark.text(), msgspec.json.encode(meta.rollout), int(meta.moved), meta.turn


def _meta(fields: Sequence[bytes | None]) -> ShardMeta:
    watermark, rollout, moved, turn = fields
    if watermark is None or rollout is None:
        return ShardMeta()
    try:
        on = msgspec.json.decode(rollout, type=Rollout)
        return ShardMeta(Watermark.parse(watermark.decode()), on, moved == b"1", int(turn or 0))
    except ValueError as error:  # msgspec's errors are ValueErrors too
        raise damaged(error) from error
