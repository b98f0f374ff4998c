"""Numbers stay as they are whatever comes, and hold no catalogue that nobody else holds."""

import asyncio
import gc
from weakref import ref

import numpy as np

from online.answer.catalogue import catalogue
from online.answer.numbers import Numbers
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, ids, took


def test_a_catalogue_is_placed_once_and_let_go() -> None:
    numbers, items = Numbers(), catalogue(random_bundle(20), {})
    placed = numbers.placed(items)
    assert numbers.placed(items) is placed
    numbers.of(["met later"])
    assert len(numbers.placed(items).rows) == len(numbers) == 21
    np.testing.assert_array_equal(placed.at(placed.rows[:20]), np.arange(20))
    held = ref(items)
    del items
    gc.collect()
    assert held() is None


def test_items_that_another_thread_numbers_meanwhile_are_not_in_the_scene() -> None:
    async def scene() -> None:
        world = await World(random_bundle(20)).begin()
        await world.learn(took("me", "i1"))
        numbers = world.recommender._numbers
        known = numbers.known

        def meanwhile(asked: object) -> object:
            numbers.of([f"new {number}" for number in range(50)])
            return known(asked)  # type: ignore[arg-type]

        numbers.known = meanwhile  # type: ignore[assignment,method-assign]
        answer = await world.ask(exclude=["new 49", "i2"])
        assert answer.items
        assert not {"new 49", "i2"} & set(ids(answer))

    asyncio.run(scene())
