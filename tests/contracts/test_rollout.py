"""Canaries: stream and serving agree on each user's bundle, and a growing share takes nobody back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rollout import Rollout, bundle_for
from contracts.sharding import USER_SHARDS, user_shard

ONE_PER_SHARD = list({user_shard(f"user-{n}"): f"user-{n}" for n in range(20_000)}.values())


def on_canary(share: float) -> set[str]:
    rollout = Rollout("old", "new", share)
    return {user for user in ONE_PER_SHARD if bundle_for(user, rollout) == "new"}


def test_the_test_has_a_user_in_every_shard() -> None:
    assert len(ONE_PER_SHARD) == USER_SHARDS


@given(st.text(min_size=1), st.floats(0, 1))
def test_without_a_canary_all_are_on_one(user: str, share: float) -> None:
    assert bundle_for(user, Rollout("only")) == bundle_for(user, Rollout("only", None, share)) == "only"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9, 0.99, 1.0])
def test_the_share_is_about_right(share: float) -> None:
    assert len(on_canary(share)) / USER_SHARDS == pytest.approx(share, abs=0.003)


def test_none_and_all_are_exact() -> None:
    assert on_canary(0.0) == set()
    assert on_canary(1.0) == set(ONE_PER_SHARD)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_the_smaller_s_users(one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert on_canary(smaller) <= on_canary(larger)


def test_every_partition_has_its_part_of_a_canary() -> None:
    for partitions in (4, 16):
        counts = [sum(user_shard(user) % partitions == p for user in on_canary(0.25)) for p in range(partitions)]
        assert min(counts) > 0


@given(st.text(min_size=1), st.floats(0, 1))
def test_users_of_one_shard_go_together(user: str, share: float) -> None:
    companion = next(one for one in ONE_PER_SHARD if user_shard(one) == user_shard(user))
    rollout = Rollout("old", "new", share)
    assert bundle_for(user, rollout) == bundle_for(companion, rollout)
