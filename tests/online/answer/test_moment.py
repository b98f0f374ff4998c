"""A request is answered as of one moment, which its impression names: the order can be made again from the log."""

import asyncio

from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, took

BUNDLE = random_bundle(200, 1)


class Ticking(World):
    """Time goes on whenever somebody looks."""

    tick = 700

    def clock(self) -> int:
        self.now += self.tick
        return self.now


def test_an_impression_names_the_moment_of_its_order() -> None:
    async def scene() -> None:
        world = Ticking(BUNDLE)
        await world.begin()
        await world.learn(took("me", "i1"), took("me", "i2"))
        first = await world.ask()
        world.now, world.tick = world.impressions[-1].time, 0
        again = await world.ask()
        assert [(item.item_id, item.score) for item in first.items] == [(one.item_id, one.score) for one in again.items]
        world.now += 60_000
        later = await world.ask()
        assert [item.score for item in later.items] != [item.score for item in first.items]

    asyncio.run(scene())
