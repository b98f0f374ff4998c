"""Users written and read a second by our store beside bare commands: `python -m benchmarks.store`.

Ours: batches of 500 users by the script that compares the shard's watermark and moves it with them, through the
product's client. The reference: HSET and HMGET of the very same bytes, encoded beforehand and sent all at once as
`redis-benchmark` does, so that it's as fast as the server alone can be. Both on one server with an append-only file.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.records import Writing, learned_records, named
from benchmarks.references.raw_redis import RawRedis, encoded
from benchmarks.result import REPEATS, Measured
from benchmarks.shown import show
from contracts.sharding import user_shard
from moodstream.console import bar
from online.store.protocol import Store, UserRecord
from online.store.redis import connect
from tests.online.store.servers import Server, own_server

USERS: Final = 5_000
_AT_ONCE: Final = 500
_PRODUCTS: Final = ("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
_FIELDS: Final = (b"state", b"history", b"seen", b"shown")

Users = dict[str, UserRecord]


def run(repeats: int = REPEATS, count: int = USERS) -> list[Measured]:
    """On a server of its own."""
    with TemporaryDirectory() as folder, own_server(Path(folder), *_PRODUCTS) as server:
        return asyncio.run(measure(server, repeats, count))


async def measure(server: Server, repeats: int, count: int) -> list[Measured]:
    """Ours and the bare commands in turn."""
    users = named(await learned_records(), count)
    batches = [dict(list(users.items())[at : at + _AT_ONCE]) for at in range(0, count, _AT_ONCE)]
    store, raw, writing = connect(server.url, "bench"), RawRedis(server.url), Writing()
    rounds: list[dict[str, float]] = []
    try:
        await _ours(store, batches[:1], writing)  # scripts are loaded, buffers have grown
        _bare(raw, batches[:1])
        with bar("the store", repeats, "repeats") as told:
            for number in range(repeats):
                rounds.append({**await _ours(store, batches, writing), **_bare(raw, batches)})
                told(number + 1, ", ".join(f"{name} {per_s:,.0f}/s" for name, per_s in rounds[-1].items()))
    finally:
        raw.close()
        await store.close()
    size = sum(sum(map(len, record)) for record in users.values()) / count
    return [_measured(what, rounds, size) for what in ("write", "read")]


async def _ours(store: Store, batches: Sequence[Users], writing: Writing) -> dict[str, float]:
    began = time.perf_counter()
    for users in batches:
        await store.write_shards(writing.step(users))
    wrote = time.perf_counter()
    for users in batches:
        await store.read(_by_shard(users))
    read, count = time.perf_counter(), sum(map(len, batches))
    return {"write": count / (wrote - began), "read": count / (read - wrote)}


def _bare(raw: RawRedis, batches: Sequence[Users]) -> dict[str, float]:
    writes = [encoded([_hset(user, record) for user, record in users.items()]) for users in batches]
    reads = [encoded([(b"HMGET", _key(user), *_FIELDS) for user in users]) for users in batches]
    found, count = {}, sum(map(len, batches))
    for name, commands in (("bare write", writes), ("bare read", reads)):
        began = time.perf_counter()
        for some in commands:
            raw.send(some)
        found[name] = count / (time.perf_counter() - began)
    return found


def _by_shard(users: Users) -> dict[int, list[str]]:
    shards: dict[int, list[str]] = {}
    for user_id in users:
        shards.setdefault(user_shard(user_id), []).append(user_id)
    return shards


def _key(user_id: str) -> bytes:
    return f"bare:{user_id}".encode()


def _hset(user_id: str, record: UserRecord) -> tuple[bytes, ...]:
    fields = [part for pair in zip(_FIELDS, record, strict=True) if pair[1] for part in pair]
    return (b"HSET", _key(user_id), *fields)


def _measured(what: str, rounds: Sequence[dict[str, float]], size: float) -> Measured:
    beside = "bare HSET" if what == "write" else "bare HMGET"
    return Measured(
        name=f"store {what}s over bare commands",
        what=f"users {'written' if what == 'write' else 'read'} a second in batches of {_AT_ONCE}, beside {beside}",
        unit="users/s",
        ours=[one[what] for one in rounds],
        beside=beside,
        reference=[one[f"bare {what}"] for one in rounds],
        notes={"bytes a user": round(size)},
    )


if __name__ == "__main__":
    show(run())
