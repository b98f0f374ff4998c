"""What a store promises, tried on every store."""

import asyncio
from collections.abc import Mapping

import pytest

from contracts.errors import Fenced
from contracts.rollout import Rollout
from contracts.sharding import ITEM_SHARDS, user_shard
from online.store.protocol import (
    Calibrator,
    CalibratorWrite,
    Counter,
    CountWrite,
    Heartbeat,
    ShardMeta,
    ShardRecords,
    ShardWrite,
    Store,
    UserRecord,
    Watermark,
)

pytestmark = pytest.mark.anyio
USERS = tuple(f"user-{number}" for number in range(40))
ANN, SHARD = USERS[0], user_shard(USERS[0])
OTHER = next(user for user in USERS if user_shard(user) != SHARD)
OTHER_SHARD = user_shard(OTHER)
OLD, NEW = Rollout("b1"), Rollout("b2", "b3", 0.25)


def at(
    offset: int, incarnation: str = "life1", rollout: Rollout = OLD, *, moved: bool = True, turn: int = 0
) -> ShardMeta:
    return ShardMeta(Watermark(incarnation, offset), rollout, moved, turn)


def record(text: str) -> UserRecord:
    """A record whose parts are bytes of every kind, the last one empty."""
    return UserRecord(text.encode(), bytes(range(256)) + text.encode(), b"")


def write(expected: ShardMeta, meta: ShardMeta, users: Mapping[str, str], shard: int = SHARD) -> ShardWrite:
    return ShardWrite(shard, expected, meta, {user: record(text) for user, text in users.items()})


async def ann(store: Store) -> UserRecord | None:
    return (await store.user(ANN))[1]


async def test_a_shard_on_another_turn_is_another_shard(store: Store) -> None:
    await store.write_shards([write(ShardMeta(), at(3, turn=1), {ANN: "one"})])
    for other in (0, 2):
        with pytest.raises(Fenced):
            await store.write_shards([write(at(3, turn=other), at(4), {ANN: "no"})])
    await store.write_shards([write(at(3, turn=1), at(4, turn=2), {})])
    assert (await store.shards([SHARD]))[SHARD].turn == 2


async def test_an_empty_store_knows_nothing(store: Store) -> None:
    assert await store.shards([0, SHARD]) == {0: ShardMeta(), SHARD: ShardMeta()}
    assert await store.read({SHARD: [ANN], 0: []}) == {
        SHARD: ShardRecords(ShardMeta(), {}),
        0: ShardRecords(ShardMeta(), {}),
    }
    assert await store.user(ANN) == (ShardMeta(), None)
    assert await store.shard_users(SHARD) == []
    assert await store.count_watermarks(0) == dict.fromkeys(range(ITEM_SHARDS), Watermark())
    assert await store.buckets("pairs", 5) == []
    assert await store.top_counts([Counter(0, "pairs", 1, "a")], 5) == [[]]
    assert await store.calibrator(0) == Calibrator()
    assert await store.calibrators() == []
    assert await store.drifts() == {}
    assert await store.heartbeats() == []
    assert await store.items_watermark(0) == Watermark()
    assert await store.items(0) == (0, {})
    assert await store.items(-1) == (0, {})
    assert await store.dump() in ({}, await store.dump())


async def test_nothing_asked_is_nothing_answered(store: Store) -> None:
    assert await store.shards([]) == {}
    assert await store.read({}) == {}
    assert await store.top_counts([], 3) == []
    await store.write_shards([])
    await store.add_counts([])


async def test_users_and_their_shard_s_standing_are_written_and_read_together(store: Store) -> None:
    await store.write_shards([write(ShardMeta(), at(5, rollout=NEW), {ANN: "a"})])
    assert await store.shards([SHARD]) == {SHARD: at(5, rollout=NEW)}
    assert await store.read({SHARD: [ANN, "nobody"]}) == {SHARD: ShardRecords(at(5, rollout=NEW), {ANN: record("a")})}
    assert await store.user(ANN) == (at(5, rollout=NEW), record("a"))
    assert await store.user("nobody") == (ShardMeta(), None) or user_shard("nobody") == SHARD


async def test_a_record_comes_back_as_it_was_packed(store: Store) -> None:
    strange = UserRecord(b"\x00\xff\r\n", b"", bytes(200_000))
    await store.write_shards([ShardWrite(SHARD, ShardMeta(), at(0), {ANN: strange})])
    assert (await store.read({SHARD: [ANN]}))[SHARD].users == {ANN: strange}
    assert await ann(store) == strange


async def test_what_a_user_was_shown_goes_when_it_is_emptied(store: Store) -> None:
    shown = UserRecord(b"a", b"b", b"c", b"shown")
    await store.write_shards([ShardWrite(SHARD, ShardMeta(), at(0), {ANN: shown})])
    assert await ann(store) == (await store.read({SHARD: [ANN]}))[SHARD].users[ANN] == shown
    emptied = shown._replace(shown=b"")
    await store.write_shards([ShardWrite(SHARD, at(0), at(1), {ANN: emptied})])
    assert await ann(store) == (await store.read({SHARD: [ANN]}))[SHARD].users[ANN] == emptied


async def test_user_ids_of_any_letters_are_kept_apart(store: Store) -> None:
    ids = ["ü", "a:b", "{u1}", "a b", "😀", "x" * 128]
    for user in ids:
        shard = user_shard(user)
        meta = (await store.shards([shard]))[shard]
        await store.write_shards([write(meta, at(meta.watermark.offset + 1), {user: user}, shard)])
    for user in ids:
        assert (await store.user(user))[1] == record(user)
        assert user in await store.shard_users(user_shard(user))


async def test_the_users_of_a_shard_are_listed_in_order(store: Store) -> None:
    await store.write_shards([write(ShardMeta(), at(1), dict.fromkeys(["b", "a", "ä", "c"], "x"))])
    await store.write_shards([write(at(1), at(2), {"aa": "y", "a": "z"})])
    assert await store.shard_users(SHARD) == ["a", "aa", "b", "c", "ä"]
    assert await store.shard_users(OTHER_SHARD) == []


@pytest.mark.parametrize(
    "expected",
    [
        ShardMeta(),
        at(4),
        at(6),
        at(5, "life2"),
        at(5, rollout=NEW),
        at(5, moved=False),
    ],
)
async def test_a_write_that_read_another_standing_changes_nothing(store: Store, expected: ShardMeta) -> None:
    await store.write_shards([write(ShardMeta(), at(5), {ANN: "right"})])
    before = await store.dump()
    with pytest.raises(Fenced) as refused:
        await store.write_shards([write(expected, at(9), {ANN: "wrong", "new": "wrong"})])
    assert refused.value.retriable
    assert await store.dump() == before
    assert await store.read({SHARD: [ANN, "new"]}) == {SHARD: ShardRecords(at(5), {ANN: record("right")})}


async def test_the_other_shards_of_a_refused_call_are_written(store: Store) -> None:
    await store.write_shards([write(ShardMeta(), at(5), {ANN: "right"})])
    wrong, right = write(at(4), at(9), {ANN: "wrong"}), write(ShardMeta(), at(9), {OTHER: "right"}, OTHER_SHARD)
    for calls in ([wrong, right], [wrong, write(at(9), at(10), {OTHER: "later"}, OTHER_SHARD)]):
        with pytest.raises(Fenced, match="1 of 2"):
            await store.write_shards(calls)
    assert await store.user(ANN) == (at(5), record("right"))
    assert await store.user(OTHER) == (at(10), record("later"))


async def test_a_worker_that_wakes_up_late_can_t_write(store: Store) -> None:
    await store.write_shards([write(ShardMeta(), at(5), {ANN: "5"})])
    read_by_both = (await store.read({SHARD: [ANN]}))[SHARD].meta
    await store.write_shards([write(read_by_both, at(7), {ANN: "7 by the new owner"})])
    with pytest.raises(Fenced):
        await store.write_shards([write(read_by_both, at(6), {ANN: "6 by the zombie"})])
    with pytest.raises(Fenced):
        await store.write_shards([write(read_by_both, at(7), {ANN: "7 by the zombie"})])
    assert await store.user(ANN) == (at(7), record("7 by the new owner"))


async def test_of_many_at_once_one_wins(store: Store) -> None:
    tries = [store.write_shards([write(ShardMeta(), at(n), {ANN: str(n)})]) for n in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [isinstance(result, Fenced) for result in results].count(False) == 1
    meta, found = await store.user(ANN)
    assert found == record(str(meta.watermark.offset))


async def test_a_shard_without_users_moves_too(store: Store) -> None:
    await store.write_shards([write(ShardMeta(), at(5), {}), write(ShardMeta(), at(5), {}, OTHER_SHARD)])
    await store.write_shards([write(at(5), at(5, rollout=NEW, moved=False), {})])
    assert await store.shards([SHARD, OTHER_SHARD]) == {SHARD: at(5, rollout=NEW, moved=False), OTHER_SHARD: at(5)}


async def test_many_shards_and_users_in_one_call(store: Store) -> None:
    writes = [write(ShardMeta(), at(n), {f"{n}-{user}": "x" for user in range(5)}, n) for n in range(0, 1024, 4)]
    await store.write_shards(writes)
    assert await store.shards(range(0, 1024, 4)) == {n: at(n) for n in range(0, 1024, 4)}
    found = await store.read({n: [f"{n}-3", f"{n}-9"] for n in range(0, 1024, 4)})
    assert found == {n: ShardRecords(at(n), {f"{n}-3": record("x")}) for n in range(0, 1024, 4)}


def counted(
    expected: int, new: int, increments: Mapping[Counter, Mapping[str, int]], partition: int = 0, shard: int = 3
) -> CountWrite:
    marks = [Watermark("life1", offset) if offset >= 0 else Watermark() for offset in (expected, new)]
    return CountWrite(shard, partition, marks[0], marks[1], increments)


def pairs(bucket: int, name: str = "a", shard: int = 3) -> Counter:
    return Counter(shard, "pairs", bucket, name)


async def test_counts_add_up(store: Store) -> None:
    await store.add_counts([counted(-1, 4, {pairs(7): {"x": 2, "y": 1}, pairs(8): {"x": 1}})])
    await store.add_counts([counted(4, 9, {pairs(7): {"y": 5, "z": 1}})])
    assert await store.top_counts([pairs(7), pairs(8), pairs(9)], 9) == [[("y", 6), ("x", 2), ("z", 1)], [("x", 1)], []]
    assert (await store.count_watermarks(0))[3] == Watermark("life1", 9)


async def test_each_source_partition_has_a_watermark_of_its_own_and_the_order_does_not_matter(store: Store) -> None:
    one = [counted(-1, 3, {pairs(7): {"x": 1}}, 0), counted(3, 5, {pairs(7): {"y": 4}}, 0)]
    two = [counted(-1, 9, {pairs(7): {"x": 2}}, 1)]
    for call in (one[0], two[0], one[1]):
        await store.add_counts([call])
    assert await store.top_counts([pairs(7)], 5) == [[("y", 4), ("x", 3)]]
    assert (await store.count_watermarks(0))[3] == Watermark("life1", 5)
    assert (await store.count_watermarks(1))[3] == Watermark("life1", 9)
    assert (await store.count_watermarks(2))[3] == (await store.count_watermarks(0))[4] == Watermark()


@pytest.mark.parametrize("expected", [-1, 3, 5])
async def test_counts_that_read_another_watermark_change_nothing(store: Store, expected: int) -> None:
    await store.add_counts([counted(-1, 4, {pairs(7): {"x": 2}})])
    before = await store.dump()
    with pytest.raises(Fenced):
        await store.add_counts([counted(expected, 9, {pairs(7): {"x": 1}, pairs(8): {"y": 1}})])
    assert await store.dump() == before
    assert await store.top_counts([pairs(7), pairs(8)], 9) == [[("x", 2)], []]
    assert await store.buckets("pairs", 9) == [7]


async def test_the_other_item_shards_of_a_refused_call_are_counted(store: Store) -> None:
    elsewhere = pairs(7, shard=5)
    with pytest.raises(Fenced, match="1 of 2"):
        await store.add_counts([counted(2, 4, {pairs(7): {"x": 1}}), counted(-1, 4, {elsewhere: {"x": 1}}, shard=5)])
    assert await store.top_counts([pairs(7), elsewhere], 9) == [[], [("x", 1)]]


async def test_a_count_s_watermark_moves_without_counts(store: Store) -> None:
    await store.add_counts([counted(-1, 4, {}, shard=shard) for shard in range(ITEM_SHARDS)])
    assert await store.count_watermarks(0) == dict.fromkeys(range(ITEM_SHARDS), Watermark("life1", 4))


async def test_the_top_is_by_count_then_by_the_larger_id(store: Store) -> None:
    counts = {"a": 3, "b": 3, "B": 3, "ä": 3, "😀": 3, "\ufb01": 3, "10": 3, "9": 3, "top": 4, "low": 1}
    await store.add_counts([counted(-1, 1, {pairs(7): counts})])
    order = [
        "top",
        *sorted((name for name, n in counts.items() if n == 3), key=lambda name: name.encode(), reverse=True),
        "low",
    ]
    assert await store.top_counts([pairs(7)], 99) == [[(name, counts[name]) for name in order]]
    for n in (0, 1, 3):
        assert await store.top_counts([pairs(7)], n) == [[(name, counts[name]) for name in order[:n]]]


async def test_changed_counts_are_those_of_the_top_in_any_order(store: Store) -> None:
    await store.add_counts(
        [counted(-1, 1, {pairs(7): {"a": 3, "b": 3, "ä": 3, "top": 4, "low": 1}, pairs(8): {"x": 1}})]
    )
    counters = [pairs(7), pairs(8), pairs(9)]
    for n in (0, 1, 2, 3, 9):
        found = await store.changed_counts(counters, n, [-1, -1, -1])
        assert all(one is not None for one in found)
        said = [sorted(zip(one.members, one.times, strict=True)) for one in found if one]
        assert said == [sorted(top) for top in await store.top_counts(counters, n)]


async def test_what_was_added_to_is_never_said_to_be_as_it_was(store: Store) -> None:
    await store.add_counts([counted(-1, 1, {pairs(7): {"x": 1}, pairs(8): {"x": 1}})])
    first = await store.changed_counts([pairs(7), pairs(8)], 9, [-1, -1])
    versions = [one.version for one in first if one]
    await store.add_counts([counted(1, 2, {pairs(7): {"x": 1}})])
    changed, same = await store.changed_counts([pairs(7), pairs(8)], 9, versions)
    assert changed is not None
    assert (*changed.members, *changed.times) == ("x", 2)
    assert same is None or (*same.members, *same.times) == ("x", 1)


async def test_large_counts_stay_exact(store: Store) -> None:
    await store.add_counts([counted(-1, 1, {pairs(7): {"x": 2**52}})])
    await store.add_counts([counted(1, 2, {pairs(7): {"x": 1}})])
    assert await store.top_counts([pairs(7)], 1) == [[("x", 2**52 + 1)]]


async def test_the_newest_buckets_come_first_whatever_shard_they_are_in(store: Store) -> None:
    await store.add_counts([counted(-1, 1, {pairs(7): {"x": 1}, pairs(10): {"x": 1}})])
    await store.add_counts([counted(-1, 1, {pairs(8, shard=5): {"x": 1}, pairs(7, shard=5): {"x": 1}}, shard=5)])
    await store.add_counts([counted(-1, 1, {Counter(6, "trend", 99, "a"): {"x": 1}}, shard=6)])
    assert await store.buckets("pairs", 9) == [10, 8, 7]
    assert await store.buckets("pairs", 2) == [10, 8]
    assert await store.buckets("trend", 2) == [99]


def taught(state: bytes, offset: int, running: bytes = b"", kept: bytes = b"") -> Calibrator:
    return Calibrator(Watermark("life1", offset), state, running, kept)


async def test_each_partition_has_a_calibrator_and_all_are_read_at_once(store: Store) -> None:
    await store.write_calibrator(CalibratorWrite(10, Watermark(), taught(b"ten", 3)))
    await store.write_calibrator(CalibratorWrite(2, Watermark(), taught(b"two", 5)))
    await store.write_calibrator(CalibratorWrite(3, Watermark(), taught(b"", 7)))
    await store.write_calibrator(CalibratorWrite(2, Watermark("life1", 5), taught(b"two again", 6)))
    assert await store.calibrator(2) == taught(b"two again", 6)
    assert await store.calibrator(3) == taught(b"", 7)
    assert await store.calibrators() == [b"two again", b"ten"]


@pytest.mark.parametrize("expected", [Watermark(), Watermark("life1", 4), Watermark("life2", 5)])
async def test_a_calibrator_that_read_another_watermark_changes_nothing(store: Store, expected: Watermark) -> None:
    await store.write_calibrator(CalibratorWrite(0, Watermark(), taught(b"right", 5)))
    with pytest.raises(Fenced) as refused:
        await store.write_calibrator(CalibratorWrite(0, expected, taught(b"wrong", 9)))
    assert refused.value.retriable
    assert await store.calibrator(0) == taught(b"right", 5)


async def test_what_is_kept_of_drift_stays_where_a_write_says_that_it_is_there(store: Store) -> None:
    await store.write_calibrator(CalibratorWrite(2, Watermark(), taught(b"two", 5, bytes(range(256)), b"kept")))
    await store.write_calibrator(CalibratorWrite(2, Watermark("life1", 5), taught(b"", 6, b"on", b"kept"), kept=False))
    assert await store.calibrator(2) == taught(b"", 6, b"on", b"kept")
    await store.write_calibrator(CalibratorWrite(10, Watermark(), taught(b"ten", 1, b"a", b"b" * 50_000)))
    await store.write_calibrator(CalibratorWrite(3, Watermark(), taught(b"three", 1)))
    with pytest.raises(Fenced):
        await store.write_calibrator(CalibratorWrite(2, Watermark("life1", 5), taught(b"no", 7, b"no", b"no")))
    assert await store.drifts() == {2: b"kept", 10: b"b" * 50_000}
    assert await store.calibrators() == [b"three", b"ten"]


async def test_what_a_batch_reads_comes_together(store: Store) -> None:
    count = Counter(3, "t", 7, "*")
    await store.write_shards([write(ShardMeta(), at(3), {ANN: "one"})])
    await store.add_counts([CountWrite(3, 2, Watermark(), Watermark("life1", 5), {count: {"i": 1}})])
    await store.write_calibrator(CalibratorWrite(2, Watermark(), taught(b"two", 5, b"on", b"kept")))
    for partition in (2, 1):
        asked = {SHARD: [ANN, "nobody"], OTHER_SHARD: [OTHER]}
        found, marks, calibrator = await store.read_for(partition, asked)
        assert found == await store.read(asked)
        assert marks == await store.count_watermarks(partition)
        assert calibrator == (await store.calibrator(partition))._replace(kept=b"")
    assert found[SHARD].users == {ANN: record("one")}


async def test_the_last_heartbeat_of_each_partition_is_kept(store: Store) -> None:
    beats = [Heartbeat(10, 1, 2, 3), Heartbeat(2, 4, 5, 6), Heartbeat(10, 7, 8, 9)]
    for beat in beats:
        await store.beat(beat)
    assert await store.heartbeats() == [beats[1], beats[2]]


async def test_items_are_changed_only_by_who_knows_where_the_store_stands(store: Store) -> None:
    five = Watermark("life1", 5)
    with pytest.raises(Fenced):  # this store lost what stood here
        await store.put_items(0, Watermark("life1", 2), Watermark("life1", 4), {"i": b"four", "k": b"late"})
    await store.put_items(0, Watermark(), five, {"i": b"five", "j": b"\x00"})
    with pytest.raises(Fenced):
        await store.put_items(0, Watermark(), five, {"i": b"five again"})
    assert await store.items(0) == (2, {"i": b"five", "j": b"\x00"})
    await store.put_items(1, Watermark(), Watermark("life1", 3), {"k": b"other partition"})
    await store.put_items(0, five, Watermark("life1", 6), {"i": b"six"})
    assert await store.items(2) == (4, {"i": b"six", "j": b"\x00", "k": b"other partition"})
    assert await store.items(4) == (4, {})
    assert await store.items_watermark(0) == Watermark("life1", 6)
    assert await store.items_watermark(1) == Watermark("life1", 3)


async def test_a_topic_of_items_that_was_made_again_begins_anew(store: Store) -> None:
    await store.put_items(0, Watermark(), Watermark("life1", 5), {"i": b"old"})
    await store.put_items(0, Watermark("life1", 5), Watermark("life2", 0), {"i": b"new"})
    assert await store.items(0) == (2, {"i": b"new"})
    assert await store.items_watermark(0) == Watermark("life2", 0)


async def test_an_items_watermark_moves_without_items(store: Store) -> None:
    await store.put_items(0, Watermark(), Watermark("life1", 5), {})
    assert await store.items_watermark(0) == Watermark("life1", 5)
    assert await store.items(0) == (0, {})
