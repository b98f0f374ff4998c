"""A damaged record is one user's trouble: their events are set aside, everybody else's are learned, moves go on."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.events import Erase
from contracts.sharding import user_shard
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.store.protocol import UserRecord
from tests.online.learn.logs import PARTITIONS, START, USERS, VERSIONS, bundle_change
from tests.online.learn.stumbling import Stumbling
from tests.online.learn.told import Told, like, run

ANNA, BEN, CARA, _ = USERS


def flipped(part: bytes) -> bytes:
    return part[:-1] + bytes([part[-1] ^ 1])


DAMAGES: tuple[Callable[[UserRecord], UserRecord], ...] = (
    lambda record: record._replace(state=flipped(record.state)),
    lambda record: record._replace(history=record.history[:-2]),
    lambda record: record._replace(seen=b""),
    lambda record: record._replace(shown=b"\x02nonsense"),
)


def told_with_damage(damage: Callable[[UserRecord], UserRecord]) -> Told:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), like(BEN, "i2", "b"))
    users = told.store._users[user_shard(BEN)]
    users[BEN] = damage(users[BEN])
    return told


@pytest.mark.parametrize("damage", DAMAGES)
def test_events_of_a_damaged_user_are_set_aside_and_the_others_learned(damage: Any) -> None:
    told = told_with_damage(damage)
    told.learn(like(ANNA, "i3", "c"), like(BEN, "i4", "d"), like(CARA, "i5", "e"))
    assert (told.items(ANNA), told.items(CARA)) == (["i1", "i3"], ["i5"])
    assert [(letter.offset, letter.error) for letter in told.letters()] == [(4, "StateUnreadable")]
    assert "rebuild" in told.letters()[0].reason


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_user_stops_no_move_to_another_bundle(damage: Any) -> None:
    told = told_with_damage(damage)
    before = run(told.store.user(BEN))[1]
    told.learn(bundle_change(1))
    run(told.learner.move_all(0))
    assert told.user(ANNA)[0].bundle == VERSIONS[1]
    assert run(told.store.user(BEN))[1] == before
    assert all(meta.moved for meta in run(told.store.shards([user_shard(BEN)])).values())


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_user_may_still_be_erased_and_starts_anew(damage: Any) -> None:
    told = told_with_damage(damage)
    told.learn(like(BEN, "i4", "d"), Erase(event_id="x", time=START, user_id=BEN), like(BEN, "i5", "e"))
    assert told.items(BEN) == ["i5"]
    assert [letter.offset for letter in told.letters()] == [3]


def test_a_user_whom_the_encoder_falls_over_stops_no_move_either() -> None:
    told = Told(lambda store, box: Learner(store, Stumbling(VERSIONS[1]), Enricher(), box, PARTITIONS, lambda: START))
    told.learn(bundle_change(0), like(ANNA, "i1", "a"), like(BEN, "i2", "b"), like(CARA, "i3", "c"), bundle_change(1))
    run(told.learner.move_all(0))
    assert [told.user(user)[0].bundle for user in (ANNA, BEN, CARA)] == [VERSIONS[1], VERSIONS[0], VERSIONS[1]]
