"""What is taken everywhere is laid out once for all answers, and anew when it was read anew."""

import asyncio

import numpy as np

from online.answer.counted import NOTHING, Sparse
from online.answer.usual import FAMILIES, Everywhere, Order
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, took


def test_it_is_made_once_for_each_number_of_items() -> None:
    everywhere = Everywhere()
    usual = everywhere.usual(5, 5)
    assert everywhere.usual(5, 5) is usual
    assert everywhere.usual(6, 6) is not usual
    assert not everywhere.usual(6, 6).taken.any()


def test_what_trends_stands_in_order_and_equal_items_by_number() -> None:
    week = Sparse(np.array([3, 1, 4, 0], np.int32), np.array([2, 5, 2, 0], np.float32))
    usual = Everywhere([NOTHING, NOTHING, week, week, NOTHING]).usual(5, 5)
    assert usual.trending.first(5).tolist() == usual.rising.first(5).tolist() == [1, 3, 4]


def test_an_order_begins_the_same_however_far_anybody_looked_before() -> None:
    counts = np.random.default_rng(0).integers(0, 9, 300).astype(np.float32)
    whole = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist()
    order = Order(counts)
    for n in (0, 3, 7, 5, 100, 1000):
        found = order.first(n).tolist()
        assert min(n, len(whole)) <= len(found) <= len(whole)
        assert found == whole[: len(found)]
    assert len(order) == len(whole)


def test_answers_share_it_until_something_is_taken() -> None:
    async def shared() -> None:
        world = await World(random_bundle(20)).begin()
        await world.learn(took("me", "i1"))
        tallier = world.recommender._tallier
        await world.ask()
        first = tallier._everywhere
        assert len(first.counts) == len(FAMILIES)
        await world.ask("another")
        assert tallier._everywhere is first
        await world.learn(took("me", "i2"))
        world.now += 60_000
        await world.ask()
        assert tallier._everywhere is not first

    asyncio.run(shared())
