"""One short text for all that a store holds, so that two replays can be compared without looking at either.

Where in a log an event lay is left out, and with it watermarks: so Kafka, the lake and a file that hold the same
events come to the same.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from contracts.sharding import USER_SHARDS
from online.store.protocol import Store, UserRecord

_REDIS_COUNTER: Final = re.compile(r"[^:]+:\{i(\d+)\}:count:([^:]+):(-?\d+):(.*)", re.DOTALL)


async def digest_of(store: Store) -> str:
    """Of users, counts, calibrators and changed items; raises `StateUnreadable` for a damaged user."""
    hashing = blake2b(digest_size=16)
    for shard in range(USER_SHARDS):
        users = await store.shard_users(shard)
        if users:
            records = (await store.read({shard: users}))[shard].users
            for user in sorted(records):
                hashing.update(_bytes([user, *_content(records[user])]))
    dump = await store.dump()
    hashing.update(_bytes(dict(_counts(dump))))
    hashing.update(_bytes(await store.calibrators()))
    hashing.update(_bytes((await store.items(-1))[1]))
    return hashing.hexdigest()


def _content(record: UserRecord) -> tuple[object, ...]:
    """What is kept of one user, without offsets and what depends on them: which events drift asks about."""
    state, history, seen = record.unpack()
    shown = record.impressions()
    kept = msgspec.structs.asdict(msgspec.structs.replace(state, offset=0, incarnation="", foretold=()))
    vectors = {name: kept[name].tobytes() for name in ("hidden", "embedding")}
    entries = [msgspec.structs.replace(entry, offset=0) for entry in history]
    outcomes = [msgspec.structs.replace(one, offset=0) for one in shown.outcomes]
    return {**kept, **vectors}, entries, seen.to_bytes(), msgspec.structs.replace(shown, outcomes=outcomes)


def _counts(dump: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    """Each counter by shard, family, bucket and name, as either store dumps it."""
    counts = dump.get("counts")
    if isinstance(counts, dict):  # memory's
        yield from counts.items()
        return
    for key, members in dump.items():
        if named := _REDIS_COUNTER.fullmatch(key):
            yield "/".join(named.groups()), {member.decode(): int(times) for member, times in members}


def _bytes(part: object) -> bytes:
    return msgspec.msgpack.encode(part, order="deterministic")
