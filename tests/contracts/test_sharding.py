"""Shards: the same partitions as Kafka's default partitioner gives, and one owner for each shard."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_murmur2

from contracts.sharding import ITEM_SHARDS, USER_SHARDS, item_shard, murmur2, partition_of, shards_of, user_shard

DIVISORS = [n for n in range(1, USER_SHARDS + 1) if USER_SHARDS % n == 0]


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_what_kafka_s_own_test_expects(key: bytes, signed: int) -> None:
    """`org.apache.kafka.common.utils.UtilsTest.testMurmur2`, whose numbers are signed."""
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.binary(max_size=70))
def test_murmur2_equals_kafka_python_s(key: bytes) -> None:
    assert murmur2(key) == kafka_murmur2(key)


@given(st.text(min_size=1, max_size=128))
def test_every_partition_count_puts_a_user_where_kafka_puts_the_key(user_id: str) -> None:
    key = user_id.encode()
    for partitions in DIVISORS:
        partition = partition_of(user_id, partitions)
        assert partition == (kafka_murmur2(key) & 0x7FFFFFFF) % partitions
        assert user_shard(user_id) in shards_of(partition, partitions)


@pytest.mark.parametrize("partitions", DIVISORS)
def test_each_shard_has_one_owner(partitions: int) -> None:
    owned = [shard for partition in range(partitions) for shard in shards_of(partition, partitions)]
    assert sorted(owned) == list(range(USER_SHARDS))


def test_users_and_items_spread_evenly() -> None:
    users = Counter(user_shard(f"user-{n}") for n in range(50 * USER_SHARDS))
    assert len(users) == USER_SHARDS
    assert max(users.values()) < 100
    items = Counter(item_shard(f"item-{n}") for n in range(1000 * ITEM_SHARDS))
    assert 900 < min(items.values()) < max(items.values()) < 1100
