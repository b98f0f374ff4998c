"""Which shards may be read: parents to their end before children."""

from stream.sources.kinesis.shards import Shard, number_of, readable


def shards(*listed: Shard) -> dict[str, Shard]:
    return {shard.id: shard for shard in listed}


def test_a_child_waits_for_both_of_its_parents() -> None:
    family = shards(Shard("s0"), Shard("s1"), Shard("s2", ("s0", "s1")))
    assert readable(family, (), ()) == ["s0", "s1"]
    assert readable(family, {"s0"}, ()) == ["s1"]
    assert readable(family, {"s0", "s1"}, ()) == ["s2"]


def test_a_grandchild_waits_though_its_parent_has_had_nothing() -> None:
    family = shards(Shard("s0"), Shard("s1", ("s0",)), Shard("s2", ("s1",)))
    assert readable(family, {"s0"}, ()) == ["s1"]


def test_a_parent_that_the_stream_lists_no_more_holds_up_nobody_once_its_row_is_swept_away() -> None:
    child = shards(Shard("s2", ("s0", "s1")))
    assert readable(child, (), {"s0"}) == []
    assert readable(child, {"s0"}, {"s0"}) == readable(child, (), ()) == ["s2"]


def test_a_shards_number_is_that_of_its_name() -> None:
    assert number_of("shardId-000000000012") == 12
    assert number_of("something else") == 0
