"""Old and new code side by side: either reads what the other wrote, or refuses in a way that loses nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from contracts import events
from contracts.errors import StateTooNew
from contracts.events import BundleChange
from contracts.rollout import Rollout
from contracts.sharding import user_shard
from online.store.codec import CODEC_VERSION
from online.store.memory import MemoryStore
from online.store.protocol import ShardRecords, ShardWrite, UserRecord
from tests.online.learn.logs import TOPIC_ID, USERS, Box, bundle_change, learner_of, records
from tests.online.learn.told import Told, like, run
from tests.online.store.test_state import written_by_version_1

ANNA, BEN, *_ = USERS
NEWER = bytes([CODEC_VERSION + 1])
FIRST: list[events.Record | bytes] = [bundle_change(0), like(ANNA, "i1", "a"), like(BEN, "i2", "b")]
THEN: list[events.Record | bytes] = [like(ANNA, "i3", "c"), like(BEN, "i4", "d")]


class Newer(MemoryStore):
    """As the next version's code sees the store: its states say so."""

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        found = await super().read(users)
        return {shard: meta._replace(users=_each(meta.users, _as_ours)) for shard, meta in found.items()}

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        await super().write_shards([write._replace(users=_each(write.users, _as_newer)) for write in writes])


def _each(users: Mapping[str, UserRecord], change: Any) -> dict[str, UserRecord]:
    return {user_id: UserRecord(*map(change, record)) for user_id, record in users.items()}


def _as_newer(part: bytes) -> bytes:
    return NEWER + part[1:] if part else part


def _as_ours(part: bytes) -> bytes:
    assert part[:1] in (NEWER, b"")
    return bytes([CODEC_VERSION]) + part[1:] if part else part


class Same(MemoryStore):
    """This version's view of the same store."""

    def __init__(self, other: MemoryStore) -> None:
        self.__dict__ = other.__dict__


async def learned(store: MemoryStore, log: list[Any], start: int, box: Box) -> None:
    learner = learner_of(store, box)
    await learner.assign(0, TOPIC_ID)
    await learner.learn(0, records(log, start))
    await learner.sweep(0)
    await learner.move_all(0)


def test_an_older_worker_waits_before_states_of_newer_code_and_loses_nothing() -> None:
    """A partition that a rebalance gives back to a worker that isn't upgraded yet."""

    async def work() -> None:
        store, box = Newer(), Box()
        await learned(store, FIRST, 0, box)
        before, sent = await store.dump(), list(box)
        for log in (THEN, [bundle_change(1)]):
            with pytest.raises(StateTooNew) as refused:
                await learned(Same(store), log, len(FIRST), box)
            assert refused.value.retriable
        assert (await store.dump())["users"] == before["users"]
        assert (await store.dump())["counts"] == before["counts"]
        assert box == sent
        await learned(store, THEN, len(FIRST) + 1, box)
        clean = Newer()
        await learned(clean, [*FIRST, bundle_change(1), *THEN], 0, Box())
        assert (await store.dump()) == (await clean.dump())

    asyncio.run(work())


def test_a_newer_worker_reads_what_an_older_one_wrote_and_knows_its_events() -> None:
    told = Told().learn(bundle_change(0))
    record = written_by_version_1()
    told.store._users[user_shard(ANNA)][ANNA] = record
    told.learn(like(ANNA, "i1", "new"))
    state, history = told.user(ANNA)
    assert (state.count, [entry.item for entry in history]) == (71, ["i68", "", "i1"])
    after = run(told.store.user(ANNA))[1]
    assert {part[0] for part in after if part} == {CODEC_VERSION}


def test_further_fields_of_a_newer_producer_are_passed_over() -> None:
    raw = events.encode(like(ANNA, "i1", "a"))[:-1] + b',"colour":"red","context":{"weather":"rain"}}'
    assert Told().learn(raw).items(ANNA) == ["i1"]


def test_an_event_of_a_newer_schema_waits_among_the_dead_letters_and_counts_once_after_the_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = events.encode(like(ANNA, "i1", "a"))[:-1] + b',"schema_version":2}'
    told = Told().learn(like(ANNA, "i0", "first"), newer, like(ANNA, "i2", "b"))
    (letter,) = told.letters()
    assert (letter.error, letter.schema_version, letter.raw) == ("UnknownSchemaVersion", 2, newer)
    assert told.items(ANNA) == ["i0", "i2"]

    monkeypatch.setattr(events, "decode", _as_the_next_version_reads)
    told.learn(letter.raw, letter.raw)
    assert told.items(ANNA) == ["i0", "i2", "i1"]
    assert told.learner.tally["duplicate"] == 1


_decode = events.decode


def _as_the_next_version_reads(raw: bytes) -> events.Record:
    return _decode(raw.replace(b',"schema_version":2', b""))


def test_a_bundle_that_only_newer_code_reads_is_set_aside_and_works_when_it_is_published_again() -> None:
    strange = BundleChange(event_id="s", time=1, rollout=Rollout("of a newer schema"))
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), strange, like(ANNA, "i2", "b"), bundle_change(1))
    assert [letter.offset for letter in told.letters()] == [2]
    assert told.items(ANNA) == ["i1", "i2"]
    run(told.learner.move_all(0))
    assert told.user(ANNA)[0].bundle == bundle_change(1).rollout.bundle
