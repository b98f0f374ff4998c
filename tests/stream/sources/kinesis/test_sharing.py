"""Who reads which shards, played through by several adapters that know no more than the table says."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.kinesis.leases import Adapter, Lease, Rows
from stream.sources.kinesis.sharing import Watch, plan

SHARDS: Final = [f"s{at}" for at in range(12)]


def settled(owners: dict[str, str], adapters: dict[str, int], looks: int = 40) -> dict[str, str]:
    """Owners after each adapter (name → how many it takes at most) has looked so often, in turns."""
    for _ in range(looks):
        for me, at_most in adapters.items():
            mine = [shard for shard, owner in owners.items() if owner == me]
            held = {shard: owner for shard, owner in owners.items() if owner not in ("", me)}
            free = [Lease(shard, "", 0, 0, "") for shard, owner in owners.items() if not owner]
            loads = {name: list(owners.values()).count(name) for name in adapters}
            others = {n: Adapter(n, 0, adapters[n] - loads[n]) for n in adapters if n != me}
            todo = plan(mine, free, {lease.shard for lease in free}, held, others, at_most - len(mine))
            owners |= {lease.shard: me for lease in todo.take}
            owners |= dict.fromkeys(mine[: todo.give], "")
    return owners


@given(
    st.lists(st.sampled_from(["", "a", "b", "c", "d"]), min_size=1, max_size=12),
    st.integers(min_value=1, max_value=4),
)
def test_every_shard_is_read_and_nobody_has_two_more_than_another(had: list[str], number: int) -> None:
    adapters = dict.fromkeys("abcd"[:number], 99)
    owners = {shard: owner if owner in adapters else "" for shard, owner in zip(SHARDS, had, strict=False)}
    owners = settled(owners, adapters)
    loads = [list(owners.values()).count(name) for name in adapters]
    assert "" not in owners.values()
    assert max(loads) - min(loads) <= 1


def test_what_one_has_no_room_for_another_takes_beyond_its_share() -> None:
    owners = settled(dict.fromkeys(SHARDS, ""), {"small": 2, "large": 99})
    assert list(owners.values()).count("small") == 2
    assert list(owners.values()).count("large") == 10


def test_with_room_for_too_few_some_are_nobodys_and_the_others_stay_where_they_are() -> None:
    adapters = {"a": 3, "b": 3}
    owners = settled(dict.fromkeys(SHARDS, ""), adapters)
    assert list(owners.values()).count("") == 6
    assert settled(dict(owners), adapters) == owners


@pytest.mark.parametrize("owner", ["a", ""])
def test_a_lease_is_anybodys_only_when_it_stood_still_by_the_watchers_own_clock(owner: str) -> None:
    watch, lease = Watch(10), Lease("s0", owner, 1, 1, "7")
    watch.see(Rows({"s0": lease}, {}), 100)
    assert watch.is_held(lease, 109) is bool(owner)
    renewed = lease._replace(counter=2)
    watch.see(Rows({"s0": renewed}, {}), 109)
    assert watch.is_held(renewed, 119) is bool(owner)
    assert not watch.is_held(renewed, 119.1)


def test_an_adapter_lives_as_long_as_its_counter_moves() -> None:
    watch, one = Watch(10), Adapter("a", 1, 0)
    rows = Rows({}, {"a": one})
    watch.see(rows, 100)
    assert watch.living(rows, 110) == {"a": one}
    assert watch.living(rows, 111) == {}


def test_a_shard_that_ones_own_list_lacks_is_forgotten_only_when_nobody_writes_to_its_row() -> None:
    watch, lease = Watch(10), Lease("s9", "a", 1, 1, "7")
    watch.see(Rows({"s9": lease}, {}), 100)
    renewed = Rows({"s9": lease._replace(counter=2)}, {})
    watch.see(renewed, 690)
    assert watch.gone(renewed, {"s0"}, 701) == []
    assert watch.gone(renewed, {"s9"}, 9999) == []
    assert watch.gone(renewed, {"s0"}, 1291) == list(renewed.leases.values())
